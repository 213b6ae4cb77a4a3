# The model of SynSMOT on real sequences with LaMOT's files, over tracks from files.
_base_ = 'ikun-tracks_tiny_synsmot.py'
custom_imports = dict(imports=['projects.referring_mot.referring_mot'])
test_dataloader = dict(
    dataset=dict(
        dataset=dict(
            _delete_=True,
            type='LaMOTDataset',
            data_root='data/MOT',
            expressions='data/expressions')))
