# TransTrack of SynSMOT's size, behind an encoder that learns nothing. The detection decoder
# has position embeddings, which the released one has not, since the shared detector has
# them; and maps of two frames are not joined, since the encoder that they go through is
# frozen.
_base_ = './transtrack.py'
transtrack_tiny = dict(
    _base_.transtrack,
    freeze_encoder=True,
    combine_previous=False,
    query_init=dict(type='LearnedQueries2D'))
