# Bewley et al., Simple Online and Realtime Tracking, ICIP 2016.
sort = dict(
    type='SORT',
    max_age=1,  # T_lost
    min_hits=3,
    iou_threshold=0.3,  # IoU_min
    score_threshold=0.0)  # whoever made public detections has chosen them
