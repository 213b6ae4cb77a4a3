# TFM of Table 4.
_base_ = '../smoter/smoter_tiny_synsmot.py'
model = dict(
    semantics=dict(
        trajectory_fusion=dict(
            _delete_=True,
            type='RecurrentTrajectoryFusion',
            cell=dict(type='AdditionCell'),
            summary=True,
            encoding=dict(type='TokenEncoding', channels=128))))
