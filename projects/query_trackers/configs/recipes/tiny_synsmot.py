# The weights of the four tiny trackers from nothing, and their scores on val and test:
#   python tools/sweep.py projects/query_trackers/configs/recipes/tiny_synsmot.py
_configs_ = 'projects/query_trackers/configs/'
axes = dict(
    seed=[0],
    tracker={
        'MOTR': _configs_ + 'motr_tiny_synsmot',
        'TrackFormer': _configs_ + 'trackformer_tiny_synsmot',
        'TransTrack': _configs_ + 'transtrack_tiny_synsmot',
        'MOTRv2': _configs_ + 'motrv2_tiny_synsmot',
    })
options = dict(data_root='$sweep/SynSMOT')
_training_ = dict(run='train', threads=1, resume=True)
stages = [
    dict(name='data', axes=[], run='dataset_converters/make_synsmot.py',
         args=['--size', 'small', '--out', '$sweep/SynSMOT']),
    dict(name='detector', config=_configs_ + 'deformable-detr_tiny_synsmot',
         axes=['seed'], after=['data'], **_training_),
    dict(name='train', start='detector', **_training_),
    dict(name='val', start='train', options={'test_dataloader.dataset.split': 'val'}),
    dict(name='test', start='train'),
]
report = ['val', 'test']
metrics = {
    'HOTA': 'track/HOTA', 'AssA': 'track/AssA', 'DetA': 'track/DetA',
    'IDF1': 'track/IDF1', 'IDs': 'track/IDs'}
caption = 'Query trackers on SynSMOT, from one detector.'
