# D-FINE-S by name; a folder with its files offline: --weights FOLDER.
dfine_s = dict(
    type='TransformersDetector',
    model='ustc-community/dfine-small-coco',
    classes=('person', ),
    score_threshold=0.1)  # ByteTrack's second round lives on weak detections
