"""COCO's 80 classes of objects, which most detectors are trained on."""

from __future__ import annotations

_NAMES = """
    person, bicycle, car, motorcycle, airplane, bus, train, truck, boat, traffic light,
    fire hydrant, stop sign, parking meter, bench, bird, cat, dog, horse, sheep, cow,
    elephant, bear, zebra, giraffe, backpack, umbrella, handbag, tie, suitcase, frisbee,
    skis, snowboard, sports ball, kite, baseball bat, baseball glove, skateboard,
    surfboard, tennis racket, bottle, wine glass, cup, fork, knife, spoon, bowl, banana,
    apple, sandwich, orange, broccoli, carrot, hot dog, pizza, donut, cake, chair, couch,
    potted plant, bed, dining table, toilet, tv, laptop, mouse, remote, keyboard,
    cell phone, microwave, oven, toaster, sink, refrigerator, book, clock, vase, scissors,
    teddy bear, hair drier, toothbrush
"""
COCO_CLASSES = tuple(name.strip() for name in ' '.join(_NAMES.split()).split(','))
# Numbers of the annotations from 1 to 90 that the 2017 release left out.
UNUSED_IDS = frozenset({12, 26, 29, 30, 45, 66, 68, 69, 71, 83})


def coco_names(num_classes: int) -> dict[int, str]:
    """Names by a network's class numbers, where their count tells the order.

    Args:
        num_classes: 80: from 0 in this order; 91: the numbers of COCO's annotations, a
            person being 1 (DETR, RF-DETR); 92: the same and "no object". Of others
            nothing is known.

    >>> coco_names(80)[0], coco_names(91)[1], coco_names(91)[90], coco_names(3)
    ('person', 'person', 'toothbrush', {})
    """
    if num_classes == len(COCO_CLASSES):
        return dict(enumerate(COCO_CLASSES))
    if num_classes in (91, 92):
        ids = [i for i in range(1, 91) if i not in UNUSED_IDS]
        return dict(zip(ids, COCO_CLASSES, strict=True))
    return {}
