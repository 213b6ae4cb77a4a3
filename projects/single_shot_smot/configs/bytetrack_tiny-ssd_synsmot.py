_base_ = [
    './single-shot_tiny_synsmot.py',
    '../../../configs/_base_/trackers/bytetrack.py'
]
custom_imports = dict(imports=['projects.single_shot_smot.single_shot_metric'])
# For comparison: tracking by detection on the same detector; thresholds chosen on val.
model = dict(
    _delete_=True,
    type='SMOT',
    detector={**_base_.ssd_tiny, 'checkpoint': 'single-shot_tiny_synsmot'},
    tracker={**_base_.bytetrack, 'track_threshold': 0.5, 'birth_threshold': 0.5})
load_from = None  # the detector is trained
