# The same heads on each of the four trackers, which stay as recipes/tiny_synsmot trained
# them ('alone'), or whose decoder learns with the heads, behind the frozen encoder:
#   python tools/sweep.py projects/query_trackers/configs/recipes/heads_tiny_synsmot.py
_configs_, _start_ = 'projects/query_trackers/configs/', '$sweep/../tiny_synsmot'
_epochs_ = dict(MOTR=40, MOTRv2=40, TrackFormer=80, TransTrack=80)
axes = dict(
    tracker={
        name: dict(
            config=f'{_configs_}{name.lower()}-smoter_tiny_synsmot',
            checkpoint=f'{_start_}/train/seed=0+tracker={name}/run/epoch_{epochs}.pth')
        for name, epochs in _epochs_.items()},
    heads={
        'alone': {'model.training.freeze': True},
        'with the decoder': {'model.training.freeze': False},
    })
options = {
    'data_root': f'{_start_}/SynSMOT', 'model.estimator.cache': f'{_start_}/cache', 'seed': 0}
stages = [
    dict(name='train', run='train', threads=1, resume=True),
    dict(name='test', start='train'),
]
metrics = {
    'HOTA': 'track/HOTA', 'CIDEr': 'strict/instance_CIDEr',
    'video CIDEr': 'strict/video_CIDEr', 'F1': 'strict/interaction_F1'}
caption = "SMOTer's heads on query trackers, on SynSMOT."
