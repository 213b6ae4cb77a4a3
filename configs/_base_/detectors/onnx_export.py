# Any detector exported to ONNX: --weights FILE.onnx. Names and shapes of its outputs tell
# how they are read; where they do not, the error says what to write here.
onnx_export = dict(
    type='ONNXDetector',
    model=None,
    classes=('person', ),
    score_threshold=0.1)  # ByteTrack's second round lives on weak detections
