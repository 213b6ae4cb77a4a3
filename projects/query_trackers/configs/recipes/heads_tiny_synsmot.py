# The same heads on each of the four trackers, which stay as recipes/tiny_synsmot trained
# them; on MOTR with RoI pooling for the query embeddings; and on MOTR and MOTRv2 whose
# decoder learns with the heads, behind the frozen encoder:
#   python tools/sweep.py projects/query_trackers/configs/recipes/heads_tiny_synsmot.py
_configs_, _start_ = 'projects/query_trackers/configs/', '$sweep/../tiny_synsmot'
_epochs_ = dict(MOTR=40, MOTRv2=40, TrackFormer=80, TransTrack=80)
_start_of_ = {
    name: dict(checkpoint=f'{_start_}/train/seed=0+tracker={name}/run/epoch_{epochs}.pth')
    for name, epochs in _epochs_.items()}
_config_of_ = {name: f'{_configs_}{name.lower()}-smoter_tiny_synsmot' for name in _epochs_}
_frozen_ = {'model.training.freeze': True}
axes = dict(
    tracker={
        **{name: dict(config=_config_of_[name], **_start_of_[name], **_frozen_)
           for name in _epochs_},
        'MOTR, RoI pooling': dict(
            config=f'{_configs_}motr-smoter-roi_tiny_synsmot', **_start_of_['MOTR'], **_frozen_),
        **{f'{name}, decoder learns': dict(config=_config_of_[name], **_start_of_[name])
           for name in ('MOTR', 'MOTRv2')},
    })
options = {
    'data_root': f'{_start_}/SynSMOT', 'model.estimator.cache': f'{_start_}/cache', 'seed': 0}
stages = [
    dict(name='train', run='train', threads=1, resume=True),
    dict(name='test', start='train'),
]
metrics = {
    'HOTA': 'track/HOTA', 'AssA': 'track/AssA', 'DetA': 'track/DetA', 'MOTA': 'track/MOTA',
    'IDF1': 'track/IDF1', 'IDs': 'track/IDs',
    'METEOR': 'strict/instance_METEOR', 'CIDEr': 'strict/instance_CIDEr',
    'video METEOR': 'strict/video_METEOR', 'video CIDEr': 'strict/video_CIDEr',
    'P': 'strict/interaction_P', 'R': 'strict/interaction_R', 'F1': 'strict/interaction_F1'}
caption = "SMOTer's heads on query trackers, on SynSMOT."
