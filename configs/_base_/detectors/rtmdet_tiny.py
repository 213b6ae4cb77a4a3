# RTMDet-tiny of mmdet. Weights: --weights rtmdet_tiny.pth (mmdet's model zoo).
rtmdet_tiny = dict(
    type='MMDetDetector',
    config='mmdet::rtmdet/rtmdet_tiny_8xb32-300e_coco.py',
    checkpoint=None,
    score_threshold=0.1,
    labels=(0, ))  # person
