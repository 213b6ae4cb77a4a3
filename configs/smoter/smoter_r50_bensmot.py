# The same with ResNet-50 and FPN, whose maps have 256 channels.
_base_ = ['smoter_dla34_bensmot.py', '../_base_/detectors/centernet2_r50.py']
model = dict(
    detector=dict(_delete_=True, **_base_.centernet2_r50),
    semantics=dict(
        roi=dict(in_channels=256), video_fusion=dict(in_channels=256)))
