# What the released code does differently from the paper, as far as it can be switched on here.
# Not: the mean of the first five frames and the trajectories inside its video fusion.
_base_ = 'smoter_dla34_bensmot.py'
model = dict(
    detector=dict(score_threshold=0.55),  # the paper: tau_p = 0.3
    semantics=dict(
        roi=dict(grid=7, samples=2, hidden=1024),
        video_fusion=dict(tokens='channel'),
        video_caption=dict(decoder=None),
        share_decoder=True,
        interaction=dict(vocabulary='raw359')),
    training=dict(detach_features=True))
train_dataloader = dict(
    dataset=dict(vocabulary='raw359'))
optim_wrapper = dict(optimizer=dict(lr=5e-5))
test_dataloader = dict(dataset=dict(vocabulary='raw359'))
