_base_ = ['./single-shot_ssdlite.py', './_base_/ultraface_rfb320.py']
custom_imports = dict(imports=[
    'projects.single_shot_smot.single_shot_tracker',
    'projects.single_shot_smot.single_shot_metric'
])
model = dict(
    estimator=dict(
        detector=dict(_delete_=True, **_base_.ultraface_rfb320), det_threshold=0.9))
