# RT-DETRv2 with a ResNet-18 by name; a folder with its files offline: --weights FOLDER.
rtdetr_r18 = dict(
    type='TransformersDetector',
    model='PekingU/rtdetr_v2_r18vd',
    classes=('person', ),
    score_threshold=0.1)  # ByteTrack's second round lives on weak detections
