# mmdet's OC-SORT, for comparison, with the values of its own config for MOT17.
# Needs the package lap.
mmdet_ocsort = dict(
    type='MMDetTracker',
    tracker=dict(
        type='OCSORTTracker',
        _scope_='mmdet',
        motion=dict(type='KalmanFilter'),
        obj_score_thr=0.3,
        init_track_thr=0.7,
        weight_iou_with_det_scores=True,
        match_iou_thr=0.3,
        num_tentatives=3,
        vel_consist_weight=0.2,  # lambda
        vel_delta_t=3,  # Delta t
        num_frames_retain=30))
