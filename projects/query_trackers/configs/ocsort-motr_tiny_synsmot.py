# OC-SORT on the detections of MOTR's own weights: new queries alone, no track queries.
_base_ = ['./motr_tiny_synsmot.py', '../../../configs/_base_/trackers/ocsort.py']
custom_imports = dict(imports=['projects.query_trackers.query_tracker'])
_8_fps_ = dict(  # people move far between two frames
    det_threshold=0.4, iou_threshold=0.1, min_hits=1)
model = dict(
    estimator=dict(
        detector=dict(checkpoint='motr_tiny_synsmot'),  # its learned queries too
        lifecycle=dict(
            _delete_=True, type='ExternalTracker', tracker=dict(_base_.ocsort, **_8_fps_))))
