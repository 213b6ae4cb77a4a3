# UltraFace RFB-320 for faces, exported to ONNX. Weights: --weights ultraface_rfb320_raw.onnx
ultraface_rfb320 = dict(
    type='ONNXDetector',
    model=None,
    decoder=dict(
        type='SSDDecoder',
        anchors=dict(
            type='GridAnchors',
            strides=(8, 16, 32, 64),
            sizes=((10, 16, 24), (32, 48), (64, 96), (128, 192, 256)))),
    mean=(127., ) * 3,
    std=(128., ) * 3,
    to_rgb=True,
    keep_ratio=False)
