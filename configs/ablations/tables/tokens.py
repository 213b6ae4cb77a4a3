# Ours: what each part beyond the paper is worth. Short schedule.
base = 'ablations/short-schedule'
options = dict(data_root='data/SynSMOT')
axes = dict(
    tokens={
        'all': {},
        'without CropTokens': {'model.semantics.roi.crop': None},
        'without BigramHead': {'model.semantics.bigram_head': None},
        'without InteractionTokens': {'model.semantics.interaction_tokens': None},
        'without CrossTrackAttention': {'model.semantics.cross_track_attention': None},
    },
    seed=[0, 1])
_start_ = {'weights': 'smoter_tiny_synsmot', 'model.training.feature_cache': '$sweep/features'}
stages = [dict(name='heads', run='train', options=_start_), dict(name='test', start='heads')]
baseline = dict(tokens='all')
metrics = {
    'METEOR': 'strict/instance_METEOR', 'CIDEr': 'strict/instance_CIDEr',
    'video METEOR': 'strict/video_METEOR', 'video CIDEr': 'strict/video_CIDEr',
    'F1': 'strict/interaction_F1'}
caption = 'Parts beyond the paper left out; heads of 375 iterations, SynSMOT small.'
