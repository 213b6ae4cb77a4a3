# Table 4 of the paper: how frames (VFM) and boxes (TFM) are fused. Short schedule.
_vfm_ = 'model.semantics.video_fusion.cell'
_tfm_ = 'model.semantics.trajectory_fusion'
_mlp_ = dict(type='MLPCell', channels=128, hidden=256)
_tracks_ = dict(
    _delete_=True, type='RecurrentTrajectoryFusion', summary=True,
    encoding=dict(type='TokenEncoding', channels=128))
base = 'ablations/short-schedule'
options = dict(data_root='data/SynSMOT')
axes = dict(
    fusion={
        'VFM attention, TFM concatenation': {},
        'VFM MLP': {_vfm_: dict(_mlp_, _delete_=True)},
        'VFM concatenation': {_vfm_: dict(_delete_=True, type='ConcatCell', channels=128)},
        'VFM addition': {_vfm_: dict(_delete_=True, type='AdditionCell')},
        'TFM attention': {_tfm_: dict(_tracks_, cell=dict(
            type='AttentionCell', channels=128, num_heads=4, ffn_channels=256))},
        'TFM MLP': {_tfm_: dict(_tracks_, cell=_mlp_)},
        'TFM addition': {_tfm_: dict(_tracks_, cell=dict(type='AdditionCell'))},
    },
    seed=[0, 1])
_start_ = {'weights': 'smoter_tiny_synsmot', 'model.training.feature_cache': '$sweep/features'}
stages = [dict(name='heads', run='train', options=_start_), dict(name='test', start='heads')]
baseline = dict(fusion='VFM attention, TFM concatenation')
metrics = {
    'METEOR': 'strict/instance_METEOR', 'CIDEr': 'strict/instance_CIDEr',
    'video METEOR': 'strict/video_METEOR', 'video CIDEr': 'strict/video_CIDEr',
    'F1': 'strict/interaction_F1'}
caption = 'Fusion of frames and of boxes; heads of 375 iterations, SynSMOT small.'
