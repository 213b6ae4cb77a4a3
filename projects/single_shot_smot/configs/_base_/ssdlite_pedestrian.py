# SSDLite-MobileNetV2 for persons, exported to ONNX before decoding. Its weights come
# from the command line: --weights ssdlite_pedestrian_raw.onnx; its anchors by
# --cfg-options model.estimator.detector.decoder.anchors.path=ssdlite_anchors.npy
ssdlite_pedestrian = dict(
    type='ONNXDetector',
    model=None,
    decoder=dict(
        type='SSDDecoder', order='yx', anchors=dict(type='AnchorFile', path=None)),
    score_threshold=0.1,  # for trackers of detections; the estimator has its own
    mean=(127.5, ) * 3,
    std=(127.5, ) * 3,
    to_rgb=True)
