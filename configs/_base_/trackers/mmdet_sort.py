# mmdet's SORT, for comparison, with the values of its own config for MOT17.
mmdet_sort = dict(
    type='MMDetTracker',
    tracker=dict(
        type='SORTTracker',
        _scope_='mmdet',
        motion=dict(type='KalmanFilter', center_only=False),
        obj_score_thr=0.5,
        match_iou_thr=0.5,
        reid=None))
