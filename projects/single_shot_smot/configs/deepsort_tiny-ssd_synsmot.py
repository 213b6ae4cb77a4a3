_base_ = [
    './single-shot_tiny_synsmot.py', './_base_/stripe_colours.py',
    '../../../configs/_base_/trackers/deepsort.py'
]
custom_imports = dict(imports=[
    'projects.single_shot_smot.stripe_colours',
    'projects.single_shot_smot.single_shot_metric'
])
# For comparison: tracking by detection on the same detector; thresholds chosen on val.
model = dict(
    _delete_=True,
    type='SMOT',
    detector={**_base_.ssd_tiny, 'checkpoint': 'single-shot_tiny_synsmot'},
    reid=_base_.stripe_colours,
    tracker={**_base_.deepsort, 'min_confidence': 0.5, 'n_init': 1})
load_from = None  # the detector is trained
