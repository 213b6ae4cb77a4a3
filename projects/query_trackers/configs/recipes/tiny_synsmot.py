# From nothing to the table: data, one detector, the four trackers of two seeds, their
# scores, and those of trackers of boxes on the same weights' detections:
#   python tools/sweep.py projects/query_trackers/configs/recipes/tiny_synsmot.py
_configs_ = 'projects/query_trackers/configs/'
_papers_ = dict(MOTR='motr', TrackFormer='trackformer', TransTrack='transtrack', MOTRv2='motrv2')
axes = dict(
    seed=[0, 1],
    tracker={k: f'{_configs_}{v}_tiny_synsmot' for k, v in _papers_.items()})
options = dict(data_root='$sweep/SynSMOT')
_cache_ = {'model.estimator.cache': '$sweep/cache'}  # 3 GB: all splits, in 16 bits
_train_ = dict(run='train', threads=1, resume=True)
_tracker_ = 'model.estimator.lifecycle'
_byte_ = dict(type='ByteTrack', track_threshold=0.4, birth_threshold=0.5, match_threshold=0.9,
              frame_rate=8.0)  # people move far between two frames
_boxes_ = {
    'bytetrack': _byte_,
    'ocsort': dict(type='OCSORT', det_threshold=0.4, iou_threshold=0.1, min_hits=1),
    'sort': dict(type='SORT', score_threshold=0.3, iou_threshold=0.1, min_hits=1)}
_detector_ = dict(config=f'{_configs_}deformable-detr_tiny_synsmot', axes=[])
stages = [
    dict(name='data', axes=[], run='dataset_converters/make_synsmot.py',
         args=['--size', 'small', '--out', '$sweep/SynSMOT']),
    dict(name='detector', after=['data'], options=dict(seed=0), **_detector_, **_train_),
    dict(name='detector_test', start='detector', **_detector_),
    dict(name='train', start='detector', options=_cache_, **_train_),
    dict(name='val', start='train', options={'test_dataloader.dataset.split': 'val', **_cache_}),
    dict(name='test', start='train', options=_cache_),
    *[dict(name=name, start='train', options={
        _tracker_: dict(_delete_=True, type='ExternalTracker', tracker=tracker), **_cache_})
      for name, tracker in _boxes_.items()],
]
report = ['val', 'test', *_boxes_]
metrics = {
    'HOTA': 'track/HOTA', 'AssA': 'track/AssA', 'DetA': 'track/DetA',
    'IDF1': 'track/IDF1', 'IDs': 'track/IDs'}
caption = 'Query trackers on SynSMOT, from one detector.'
