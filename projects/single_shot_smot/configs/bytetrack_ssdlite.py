_base_ = [
    './single-shot_ssdlite.py',
    '../../../configs/_base_/trackers/bytetrack.py'
]
custom_imports = dict(imports=['projects.single_shot_smot.single_shot_metric'])
# For comparison: tracking by detection on the same detector; thresholds chosen on TUD.
model = dict(
    _delete_=True,
    type='SMOT',
    detector=_base_.ssdlite_pedestrian,
    tracker={**_base_.bytetrack, 'track_threshold': 0.5, 'birth_threshold': 0.5})
