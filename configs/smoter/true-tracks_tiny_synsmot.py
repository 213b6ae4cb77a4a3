# For tests: the same semantics along the GT tracks, so that it alone is judged.
_base_ = 'smoter_tiny_synsmot.py'
model = dict(
    tracker=dict(
        _delete_=True, type='TrajectoryFile', path='{path}/gt/gt.txt'),
    post_processing=[])
