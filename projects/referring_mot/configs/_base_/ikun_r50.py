# iKUN at the paper's size. Its backbone is CLIP's RN50; a plain ResNet-50 stands here, which
# has the same grid and width, and the text encoder of a CLIP that transformers has.
# Frames t - 4 and t, for t; released: f and f + 4, for f to f + 7.
_window_ = dict(window=2, stride=4)
_channels_ = dict(channels=2048, text_channels=768)
ikun_r50 = dict(
    visual_encoder=dict(
        type='BackboneEncoder',
        backbone=dict(
            type='ResNet',
            depth=50,
            out_indices=(3, ),
            norm_eval=True,
            init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet50')),
        channels=2048),
    text_encoder=dict(
        type='TransformersTextEncoder',
        name='openai/clip-vit-large-patch14',
        kind='clip'),
    unification=dict(
        type='KnowledgeUnification', mode='cascade', num_heads=4, **_channels_),
    pooling=dict(type='CosinePooling', joint_channels=1024, **_channels_),
    calibration=dict(type='SimilarityCalibration', frequency='boxes'),  # as released
    local_size=(224, 224),  # to 7 x 7
    global_size=(672, 672),  # to 21 x 21
    **_window_)
