_base_ = ['../../../configs/smoter/smoter_tiny_synsmot.py']
custom_imports = dict(imports=['projects.example_project.max_pool_fusion'])
model = dict(
    semantics=dict(
        trajectory_fusion=dict(
            _delete_=True,
            type='MaxPoolTrajectoryFusion',
            summary=True,
            encoding=dict(type='TokenEncoding', channels=128))))
