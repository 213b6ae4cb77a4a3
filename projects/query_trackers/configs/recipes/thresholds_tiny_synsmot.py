# The least score of a track, chosen on val, of the four trackers, of MOTR and MOTRv2 with
# TrackFormer's suppression, and of trackers of boxes on MOTR's detections, which associate
# from an IoU of .1 on: people move far between two frames. And the configs as they are, or
# with one other number of the lifecycle. After recipes/tiny_synsmot:
#   python tools/sweep.py projects/query_trackers/configs/recipes/thresholds_tiny_synsmot.py
_configs_, _start_ = 'projects/query_trackers/configs/', '$sweep/../tiny_synsmot'
_scores_ = (0.3, 0.4, 0.5, 0.6, 0.7)
_states_ = {s: dict(birth_threshold=s, keep_threshold=round(s - 0.1, 1)) for s in _scores_}
_plain_ = {s: dict(states, track_nms=None) for s, states in _states_.items()}
_suppressed_ = {
    f'{s}, suppression': dict(states, track_nms=0.9) for s, states in _states_.items()}
_box_ = dict(_delete_=True, type='ExternalTracker')
_sort_ = dict(iou_threshold=0.1, min_hits=1)
_lifecycles_ = dict(
    MOTR={**_plain_, **_suppressed_}, MOTRv2={**_plain_, **_suppressed_},
    TrackFormer=_states_,
    TransTrack={s: dict(score_threshold=s) for s in _scores_},
    ByteTrack={s: dict(_box_, tracker=dict(
        type='ByteTrack', track_threshold=s, birth_threshold=round(s + 0.1, 1),
        match_threshold=0.9, frame_rate=8.0)) for s in _scores_},
    **{'OC-SORT': {s: dict(_box_, tracker=dict(type='OCSORT', det_threshold=s, **_sort_))
                   for s in _scores_}},
    SORT={s: dict(_box_, tracker=dict(type='SORT', score_threshold=s, **_sort_))
          for s in _scores_})
_models_ = {'ByteTrack': 'MOTR', 'OC-SORT': 'MOTR', 'SORT': 'MOTR'}
_models_ = {name: _models_.get(name, name) for name in _lifecycles_}
_first_miss_ = dict(miss_tolerance=1)
_lifecycles_['TransTrack']['config, max_cost 1.5'] = dict(max_cost=1.5)
_lifecycles_['TrackFormer']['config'] = dict(birth_threshold=0.4, keep_threshold=0.4)
_lifecycles_['TrackFormer']['config, three misses'] = dict(miss_tolerance=3)
_lifecycles_['MOTR']['config, ends at a miss'] = _first_miss_
_lifecycles_['MOTRv2']['config, ends at a miss'] = _first_miss_
_epochs_ = dict(MOTR=40, MOTRv2=40, TrackFormer=80, TransTrack=80)
axes = dict(tracker={
    f'{name} {score}': {
        'config': f'{_configs_}{_models_[name].lower()}_tiny_synsmot',
        'checkpoint': f'{_start_}/train/seed=0+tracker={_models_[name]}/run/'
                      f'epoch_{_epochs_[_models_[name]]}.pth',
        'model.estimator.lifecycle': lifecycle}
    for name, lifecycles in _lifecycles_.items() for score, lifecycle in lifecycles.items()})
options = {
    'data_root': f'{_start_}/SynSMOT', 'model.estimator.cache': f'{_start_}/cache',
    'test_dataloader.dataset.split': 'val'}
metrics = {
    'HOTA': 'track/HOTA', 'AssA': 'track/AssA', 'DetA': 'track/DetA', 'IDs': 'track/IDs',
    'FN': 'track/FN', 'FP': 'track/FP'}
caption = 'Thresholds on the validation videos of SynSMOT.'
