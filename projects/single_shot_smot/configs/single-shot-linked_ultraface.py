_base_ = ['./single-shot_ultraface.py']
custom_imports = dict(imports=[
    'projects.single_shot_smot.single_shot_tracker',
    'projects.single_shot_smot.single_shot_metric'
])
# A face embedding of 112 x 112 RGB pixels, channels last: --reid-weights mobileface.onnx.
model = dict(
    estimator=dict(
        reid=dict(
            type='ONNXReID', model=None, mean=(0., ) * 3, std=(1 / 255, ) * 3),
        linker=dict(
            type='TrackletLinker',
            max_distance=0.97,
            update_interval=10,
            max_inactive=300)))  # frames
