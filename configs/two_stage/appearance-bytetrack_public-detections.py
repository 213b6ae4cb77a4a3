_base_ = ['sort_public-detections.py', '../_base_/reid/osnet_x0_25.py', '../_base_/trackers/appearance_bytetrack.py']
model = dict(
    reid=_base_.osnet_x0_25,
    tracker=dict(_delete_=True, **_base_.appearance_bytetrack))
