# The weights of smoter_tiny_synsmot and of the trackers behind its detector, from nothing:
#   python tools/sweep.py smoter/recipes/tiny_synsmot
axes = dict(
    seed=[0],
    tracker={
        'SORT': 'smoter/sort_tiny_synsmot',
        'OC-SORT': 'smoter/ocsort_tiny_synsmot',
        'DeepSORT': 'smoter/deepsort_tiny_synsmot',
        'ByteTrack': 'smoter/bytetrack_tiny_synsmot',
    })
options = dict(data_root='$sweep/SynSMOT-large')
_two_ = dict(run='train', axes=['seed'], processes=2, threads=1, resume=True)
_cache_ = {'model.training.feature_cache': '$sweep/features'}
stages = [
    dict(name='data', axes=[], run='dataset_converters/make_synsmot.py',
         args=['--size', 'large', '--out', '$sweep/SynSMOT-large']),
    dict(name='start', config='smoter/smoter_tiny_synsmot_start', after=['data'], **_two_,
         options={'train_dataloader.batch_size': 5}),
    dict(name='words', config='smoter/smoter_tiny_synsmot_words', start='start', **_two_,
         options={'train_dataloader.batch_size': 4, **_cache_}),
    dict(name='end', config='smoter/smoter_tiny_synsmot_end', start='words', **_two_,
         options={'train_dataloader.batch_size': 2}),
    dict(name='test', config='smoter/smoter_tiny_synsmot', start='end', axes=['seed']),
    dict(name='tracks', options={  # of a thousand training clips
        'weights': '$words/epoch_15.pth', 'model.semantics': None,
        'test_dataloader.dataset.split': 'train',
        'test_dataloader.dataset.sequences': ['*/000*']}, after=['words']),
    dict(name='two_stage_train', run='train', start='words', options={
        'model.training.tracker.path': '$tracks/results/{name}.txt', **_cache_}),
    dict(name='two_stage', start='two_stage_train'),
]
report = ['test', 'two_stage']
metrics = {
    'HOTA': 'track/HOTA', 'MOTA': 'track/MOTA', 'IDF1': 'track/IDF1',
    'CIDEr': 'strict/instance_CIDEr', 'video CIDEr': 'strict/video_CIDEr',
    'F1': 'strict/interaction_F1'}
