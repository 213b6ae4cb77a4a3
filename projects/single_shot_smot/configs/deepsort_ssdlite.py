_base_ = [
    './single-shot_ssdlite.py',
    '../../../configs/_base_/reid/osnet_x0_25.py',
    '../../../configs/_base_/trackers/deepsort.py'
]
custom_imports = dict(imports=['projects.single_shot_smot.single_shot_metric'])
# For comparison: tracking by detection on the same detector; thresholds chosen on TUD.
model = dict(
    _delete_=True,
    type='SMOT',
    detector=_base_.ssdlite_pedestrian,
    reid=_base_.osnet_x0_25,
    tracker={**_base_.deepsort, 'max_cosine_distance': 0.3})
