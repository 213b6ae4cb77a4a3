_base_ = [
    './single-shot_tiny_synsmot.py',
    '../../../configs/_base_/trackers/sort.py'
]
custom_imports = dict(imports=['projects.single_shot_smot.single_shot_metric'])
# For comparison: tracking by detection on the same detector; thresholds chosen on val.
model = dict(
    _delete_=True,
    type='SMOT',
    detector={**_base_.ssd_tiny, 'checkpoint': 'single-shot_tiny_synsmot'},
    tracker={**_base_.sort, 'score_threshold': 0.5, 'min_hits': 1, 'max_age': 3})
load_from = None  # the detector is trained
