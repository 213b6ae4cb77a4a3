# ByteTrack of the package trackers, for comparison, with its own default values.
roboflow_bytetrack = dict(
    type='RoboflowTracker',
    tracker=dict(
        type='ByteTrackTracker',
        lost_track_buffer=30,
        frame_rate=30.0,
        track_activation_threshold=0.7,  # epsilon
        minimum_consecutive_frames=2,
        minimum_iou_threshold=0.1,
        high_conf_det_threshold=0.6))  # tau_high
