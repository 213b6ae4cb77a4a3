# YOLOX-nano, COCO's 80 classes, exported to ONNX without grid decoding.
# Its weights come from the command line: --weights yolox_nano.onnx
yolox_nano = dict(
    type='ONNXDetector',
    model=None,
    decoder=dict(type='YOLOXDecoder', strides=(8, 16, 32)),
    score_threshold=0.1,  # ByteTrack's second round lives on weak detections
    nms_threshold=0.45,
    labels=(0, ))  # person
