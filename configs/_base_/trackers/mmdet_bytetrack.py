# mmdet's ByteTrack, for comparison, with the values of its own config for MOT17.
# Needs the package lap.
mmdet_bytetrack = dict(
    type='MMDetTracker',
    tracker=dict(
        type='ByteTracker',
        _scope_='mmdet',
        motion=dict(type='KalmanFilter'),
        obj_score_thrs=dict(high=0.6, low=0.1),  # tau_high, tau_low
        init_track_thr=0.7,  # epsilon
        weight_iou_with_det_scores=True,
        match_iou_thrs=dict(high=0.1, low=0.5, tentative=0.3),
        num_frames_retain=30))
