# The same matching over tracks from files, of any tracker: work_dirs/tracks/<video>.txt.
_base_ = 'ikun_tiny_synsmot.py'
custom_imports = dict(imports=['projects.referring_mot.referring_mot'])
model = dict(
    estimator=dict(
        detector=None,
        tracker=dict(
            _delete_=True, type='TrajectoryFile', path='work_dirs/tracks/{name}.txt')))
