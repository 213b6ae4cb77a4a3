# The thresholds of the weights that come along, searched for on val; best.py is written:
#   python tools/sweep.py projects/semtracker/configs/tables/thresholds.py --search optuna
base = 'projects/semtracker/configs/semtracker_tiny_synsmot'
options = dict(data_root='data/SynSMOT', checkpoint='semtracker_tiny_synsmot')
stages = [dict(name='test', threads=1)]
search = dict(
    space={
        'model.estimator.presence_threshold': [0.1, 0.9],
        'model.estimator.found_threshold': [0.1, 0.9],
        'model.estimator.window_weight': [0.0, 0.6],
        'model.semantics.threshold': [0.1, 0.7],
    },
    trials=20, metric='semtrack/f1_micro', split='val')
metrics = {'success': 'semtrack/success', 'ST-mAP': 'semtrack/st_map', 'F1': 'semtrack/f1_micro'}
caption = 'Thresholds of SemTracker, chosen on val.'
