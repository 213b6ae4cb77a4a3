# Tables 3, 4 and 5 of MLS-Track on SynSMOT, from MOTR's weights; beta_ref (Table 5 b) is of
# the same weights, and chosen on val. Table 5's RoBERTa and CLIP are the mean of the learnt
# words and MiniLM here, whose two files lie in the folder that the sweep is started in.
#   python tools/sweep.py projects/referring_mot/configs/recipes/referring_tables.py
_mls_track_ = 'projects/referring_mot/configs/mls-track_tiny_synsmot'
_hook_ = 'model.estimator.text_hook.'
_linear_ = dict(_delete_=True, type='LinearReferHead', channels=64, num_layers=2)
_concat_ = dict(type='ConcatReferHead', channels=64, text_channels=128, num_layers=2)
_attention_ = dict(_concat_, type='CrossAttentionReferHead', num_heads=4)
_scb_ = {
    'concat & MLP': dict(_concat_, _delete_=True),
    'cross-attention': dict(_attention_, _delete_=True)}
_groups_ = dict(type='TrackGroupDenoising', num_groups=3, noise=0.3)
_minilm_ = dict(
    type='ONNXTextEncoder', model='minilm_l6_int8.onnx', vocab='minilm_vocab.txt')
base = _mls_track_
options = {'data_root': 'data/SynSMOT', 'test_dataloader.dataset.split': 'test'}
axes = dict(
    model={
        'TransRMOT': {'config': 'projects/referring_mot/configs/transrmot_tiny_synsmot'},
        'TransRMOT + track groups': {
            'config': 'projects/referring_mot/configs/transrmot_tiny_synsmot',
            'model.estimator.denoising': _groups_},
        'SGM': {_hook_ + 'refer_head': _linear_},
        'SGM, new queries alone': {
            _hook_ + 'refer_head': _linear_, _hook_ + 'guidance.mode': 'new_only'},
        'SGM, cross-attention alone': {
            _hook_ + 'refer_head': _linear_, _hook_ + 'guidance.mode': 'cross_only'},
        'SGM + SCB (MLS-Track)': {},
        'SCB, concat & MLP': {_hook_ + 'refer_head': _scb_['concat & MLP']},
        'SCB, cross-attention': {_hook_ + 'refer_head': _scb_['cross-attention']},
        'SCB, MiniLM': {
            _hook_ + 'sentence_encoder': _minilm_,
            _hook_ + 'refer_head.text_channels': 384},
        'without track groups': {'model.estimator.denoising': None},
    },
    beta_ref={
        str(beta): {_hook_ + 'refer_threshold': beta}
        for beta in (0.3, 0.4, 0.5, 0.6)},
    seed=[0, 1])
stages = [
    dict(name='train', run='train', axes=['model', 'seed'], threads=1, resume=True),
    dict(name='test', start='train'),
]
rows, columns = ['model'], ['beta_ref']
select_on = 'val'
select_by = 'mean HOTA'
metrics = {
    'mean HOTA': 'refer/mean_HOTA', 'HOTA': 'refer/HOTA', 'DetA': 'refer/DetA',
    'AssA': 'refer/AssA', 'unanswered': 'refer/num_unanswered',
    'temporal': 'refer/temporal/mean_HOTA'}
caption = 'TransRMOT and MLS-Track on SynSMOT, protocol fixed.'
