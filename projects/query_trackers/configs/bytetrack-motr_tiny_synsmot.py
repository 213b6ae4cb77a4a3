# ByteTrack on the detections of MOTR's own weights: new queries alone, no track queries.
_base_ = ['./motr_tiny_synsmot.py', '../../../configs/_base_/trackers/bytetrack.py']
custom_imports = dict(imports=['projects.query_trackers.query_tracker'])
_8_fps_ = dict(  # people move far between two frames
    track_threshold=0.4, birth_threshold=0.5, match_threshold=0.9, frame_rate=8.0)
model = dict(
    estimator=dict(
        detector=dict(checkpoint='motr_tiny_synsmot'),  # its learned queries too
        lifecycle=dict(
            _delete_=True, type='ExternalTracker', tracker=dict(_base_.bytetrack, **_8_fps_))))
