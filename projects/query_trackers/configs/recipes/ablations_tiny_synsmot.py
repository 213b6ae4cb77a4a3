# MOTR (and MOTRv2) with one thing changed each, behind the detector of recipes/tiny_synsmot, which is
# run before. Clips of n frames are drawn from 2n; a batch has 15 or 16 frames, and all learn
# for 4,000 batches:
#   python tools/sweep.py projects/query_trackers/configs/recipes/ablations_tiny_synsmot.py
base = 'projects/query_trackers/configs/motr_tiny_synsmot'
_start_ = '$sweep/../tiny_synsmot'
_slots_, _loader_ = 'model.estimator.', 'train_dataloader.'
_sort_ = dict(type='SORT', score_threshold=0.3, iou_threshold=0.1, min_hits=1)
axes = dict(
    seed=[0, 1],
    change={
        'MOTR': {_slots_ + 'track_attention': True},  # as it is
        'without propagation, SORT': {
            _slots_ + 'updater': dict(_delete_=True, type='NoUpdater'),
            _slots_ + 'lifecycle': dict(_delete_=True, type='ExternalTracker', tracker=_sort_)},
        'copy for QIM': {
            _slots_ + 'updater': dict(_delete_=True, type='CopyUpdater', false_positive_ratio=0.3)},
        'without track attention': {_slots_ + 'track_attention': False},
        'set matching for TALA': {_slots_ + 'assigner.type': 'SetAssigner'},
        **{f'clips of {frames}': {
            _loader_ + 'dataset.num_frames': frames,
            _loader_ + 'dataset.run_length': 2 * frames,
            _loader_ + 'batch_size': clips,
            'train_cfg.max_epochs': 10 * clips} for frames, clips in ((2, 8), (3, 5), (5, 3))},
        'MOTRv2, learned boxes for proposals': {
            'config': 'projects/query_trackers/configs/motrv2_tiny_synsmot',
            _slots_ + 'query_init': dict(
                _delete_=True, type='LearnedQueries4D', channels=64, num_queries=50),
            _slots_ + 'proposal_detector': None},
    })
options = {'data_root': f'{_start_}/SynSMOT', _slots_ + 'cache': f'{_start_}/cache'}
stages = [
    dict(name='train', run='train', threads=1, resume=True,
         options=dict(checkpoint=f'{_start_}/detector/run/epoch_60.pth')),
    dict(name='test', start='train'),
]
metrics = {
    'HOTA': 'track/HOTA', 'AssA': 'track/AssA', 'DetA': 'track/DetA',
    'IDF1': 'track/IDF1', 'IDs': 'track/IDs'}
baseline = dict(change='MOTR')
caption = 'What each part of MOTR gives, on SynSMOT.'
