# What the released code does differently from the paper, and what its weights need:
# docs/released_smoter.md says how to get and convert them, and what still differs.
_base_ = [
    'smoter_dla34_bensmot.py', '../_base_/detectors/centernet2_released.py',
    '../_base_/semantics/smoter_released.py'
]
model = dict(
    detector=dict(_delete_=True, **_base_.centernet2_released),
    post_processing=[dict(type='MinTrackLength', min_frames=5)],
    semantics=dict(_delete_=True, **_base_.smoter_released),
    early=False,  # whole videos, as the release holds them
    training=dict(  # along the tracker's tracks, over neighbouring frames
        detach_features=True, teacher_forcing_ratio=0.0, box_noise=0.0))
train_dataloader = dict(
    dataset=dict(vocabulary='raw359', run_length=None))
optim_wrapper = dict(optimizer=dict(lr=5e-5))
test_dataloader = dict(dataset=dict(vocabulary='raw359'))
test_evaluator = dict(release_frame_numbers='position')
