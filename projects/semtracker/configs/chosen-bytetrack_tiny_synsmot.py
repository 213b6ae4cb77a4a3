_base_ = [
    './semtracker_tiny_synsmot.py',
    '../../../configs/_base_/trackers/bytetrack.py'
]
custom_imports = dict(imports=[
    'projects.semtracker.datasets.synsmot_episodes',
    'projects.semtracker.datasets.verb_balanced_sampler',
    'projects.semtracker.evaluation.semantic_tracking_metric',
    'projects.semtracker.models.chosen_track'
])
_8_fps_ = dict(  # as smoter_tiny_synsmot: people move far between two frames
    track_threshold=0.4, low_threshold=0.1, birth_threshold=0.5, match_threshold=0.9,
    second_match_threshold=0.7, tentative_match_threshold=0.9, fuse_score=False,
    report_detections=True, frame_rate=8.0)
model = dict(
    semantics=None,
    estimator=dict(
        _delete_=True,
        type='ChosenTrack',
        detector=dict(_base_.centernet_tiny, embedder=None),
        tracker={**_base_.bytetrack, **_8_fps_}))
