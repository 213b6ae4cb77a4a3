# The paper's three rows and its ablations on SynSMOT small, a third of the steps of
# semtracker_tiny_synsmot; the baseline is end to end.
_configs_ = 'projects/semtracker/configs'
options = dict(data_root='data/SynSMOT')
axes = dict(
    system={
        'ByteTrack + independent classification':
            f'{_configs_}/bytetrack-independent_tiny_synsmot',
        'end to end': f'{_configs_}/semtracker_tiny_synsmot',
        'end to end, meta-learning': f'{_configs_}/semtracker-maml_tiny_synsmot',
        'without scene context': f'{_configs_}/semtracker-no-context_tiny_synsmot',
        'tracking only': f'{_configs_}/semtracker-track-only_tiny_synsmot',
    },
    seed=[0])
stages = [
    dict(name='train', run='train', resume=True, threads=1, options={
        'weights': 'smoter_tiny_synsmot',
        'train_cfg.max_iters': 4000,
        'param_scheduler.1.end': 4000,
        'model.training.feature_cache': '$sweep/features'}),
    dict(name='test', start='train', threads=1),
]
baseline = dict(system='end to end')
metrics = {
    'success': 'semtrack/success', 'ST-mAP': 'semtrack/st_map',
    'F1': 'semtrack/f1_micro', 'F1 head': 'semtrack/f1_head',
    'F1 middle': 'semtrack/f1_middle', 'F1 tail': 'semtrack/f1_tail',
    'F1, roles swapped': 'semtrack/f1_micro_roles_swapped',
    'trajectory accuracy': 'semtrack/trajectory_accuracy',
    'MTIR': 'semtrack/MTIR', 'HOTA': 'track/HOTA'}
caption = 'Semantic tracking of a target that a box names, SynSMOT small, test.'
