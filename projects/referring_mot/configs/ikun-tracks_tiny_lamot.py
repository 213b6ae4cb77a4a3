# The model of SynSMOT on real sequences with LaMOT's files, over tracks from files.
_base_ = 'ikun-tracks_tiny_synsmot.py'
test_dataloader = dict(
    dataset=dict(
        dataset=dict(
            _delete_=True,
            type='LaMOTDataset',
            data_root='data/MOT',
            expressions='data/expressions')))
