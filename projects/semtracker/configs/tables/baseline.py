# The target to beat: ByteTrack, and the track that the click or the box names; val.
base = 'projects/semtracker/configs/chosen-bytetrack_tiny_synsmot'
options = {
    'data_root': 'data/SynSMOT', 'weights': 'smoter_tiny_synsmot',
    'test_dataloader.dataset.split': 'val'}
axes = dict(
    query={
        'click': {
            'test_dataloader.dataset.query': 'point', 'model.estimator.missed_click': 'wait'},
        'box': {'test_dataloader.dataset.query': 'box'},
    })
stages = [dict(name='test', threads=1)]
metrics = {
    'success': 'semtrack/success', 'precision': 'semtrack/precision',
    'normalised precision': 'semtrack/normalised_precision'}
caption = 'ByteTrack and the track nearest to the click, SynSMOT small, val.'
