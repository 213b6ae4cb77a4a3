# What lets TransTrack and TrackFormer keep identities, and MOTR find people: other trainings
# behind the detector of recipes/tiny_synsmot, which is run before, on val. *Neighbours* are
# pairs of frames that follow on one another; else a pair is drawn from five frames:
#   python tools/sweep.py projects/query_trackers/configs/recipes/association_tiny_synsmot.py
_configs_, _start_ = 'projects/query_trackers/configs/', '$sweep/../tiny_synsmot'
_slots_ = 'model.estimator.'
_neighbours_ = {'train_dataloader.dataset.run_length': 2}
_changes_ = dict(
    TransTrack={'TALA': {_slots_ + 'assigner.type': 'TALA'}, 'neighbours': _neighbours_},
    TrackFormer={
        'neighbours': _neighbours_,
        'all tracks go on': {_slots_ + 'updater.drop_tracks': False}},
    MOTR={'drop ratio .3': {_slots_ + 'updater.drop_ratio': 0.3}})
axes = dict(tracker={
    f'{name}, {label}': {'config': f'{_configs_}{name.lower()}_tiny_synsmot', **change}
    for name, changes in _changes_.items() for label, change in changes.items()})
options = {'data_root': f'{_start_}/SynSMOT', _slots_ + 'cache': f'{_start_}/cache', 'seed': 0}
stages = [
    dict(name='train', run='train', threads=1, resume=True,
         options=dict(checkpoint=f'{_start_}/detector/run/epoch_60.pth')),
    dict(name='val', start='train', options={'test_dataloader.dataset.split': 'val'}),
]
metrics = {
    'HOTA': 'track/HOTA', 'AssA': 'track/AssA', 'DetA': 'track/DetA', 'IDs': 'track/IDs',
    'FN': 'track/FN', 'FP': 'track/FP'}
caption = 'Other trainings of TransTrack, TrackFormer and MOTR, on SynSMOT val.'
