# What the released code does differently from the paper, as far as it can be switched on here.
# Not: the mean of the first five frames and the trajectories inside its video fusion; its
# many-to-one matching of tracks to the truth in training (here one-to-one, mean IoU of .5), and
# only pairs that interact and tracks of 5 boxes and more; square test images of 1560 pixels; a
# deformable detection head. Ours alone: a self-attention for each side of an interaction.
_base_ = 'smoter_dla34_bensmot.py'
model = dict(
    detector=dict(score_threshold=0.55),  # the paper: tau_p = 0.3
    semantics=dict(
        roi=dict(grid=7, samples=2, hidden=1024),
        video_fusion=dict(tokens='channel'),
        video_caption=dict(decoder=None),
        share_decoder=True,
        interaction=dict(vocabulary='raw359')),
    training=dict(  # along the tracker's tracks, over neighbouring frames
        detach_features=True, teacher_forcing_ratio=0.0, box_noise=0.0))
train_dataloader = dict(
    dataset=dict(vocabulary='raw359', run_length=None))
optim_wrapper = dict(optimizer=dict(lr=5e-5))
test_dataloader = dict(dataset=dict(vocabulary='raw359'))
