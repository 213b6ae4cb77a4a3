# What lets TransTrack and TrackFormer keep identities better, and MOTR find more people, on
# val, behind the detector of recipes/tiny_synsmot, which is run before. *Neighbours* are pairs of frames that follow on
# one another; else a pair is drawn from five frames:
#   python tools/sweep.py projects/query_trackers/configs/recipes/association_tiny_synsmot.py
_configs_, _start_ = 'projects/query_trackers/configs/', '$sweep/../tiny_synsmot'
_slots_ = 'model.estimator.'
_neighbours_ = {'train_dataloader.dataset.run_length': 2}
_tala_ = {_slots_ + 'assigner.type': 'TALA'}
_changes_ = dict(
    TransTrack={
        'as it is': {},
        'TALA': _tala_, 'neighbours': _neighbours_,
        'a wider gate': {_slots_ + 'lifecycle.max_cost': 1.5},
        'TALA, a wider gate': {**_tala_, _slots_ + 'lifecycle.max_cost': 1.5}},
    TrackFormer={
        'as it is': {},
        'neighbours': _neighbours_,
        'all tracks go on': {_slots_ + 'updater.drop_tracks': False},
        'three misses': {_slots_ + 'lifecycle.miss_tolerance': 3}},
    MOTR={
        'as it is': {},
        'p_drop .3': {_slots_ + 'updater.drop_ratio': 0.3}})
axes = dict(tracker={
    f'{name}, {label}': {'config': f'{_configs_}{name.lower()}_tiny_synsmot', **change}
    for name, changes in _changes_.items() for label, change in changes.items()})
options = {'data_root': f'{_start_}/SynSMOT', _slots_ + 'cache': f'{_start_}/cache', 'seed': 0}
stages = [
    dict(name='train', run='train', threads=1, resume=True,
         options=dict(checkpoint=f'{_start_}/detector/run/epoch_60.pth')),
    dict(name='val', start='train', options={'test_dataloader.dataset.split': 'val'}),
]
metrics = {'HOTA': 'track/HOTA', 'AssA': 'track/AssA', 'IDs': 'track/IDs', 'FN': 'track/FN'}
caption = 'Changes of TransTrack, TrackFormer and MOTR, on the validation videos of SynSMOT.'
