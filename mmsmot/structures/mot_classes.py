"""MOTChallenge's classes, and the numbers of those it does not have."""

# Class k is the k-th (https://motchallenge.net).
MOT_CLASSES = (
    'pedestrian',
    'person on vehicle',
    'car',
    'bicycle',
    'motorbike',
    'non motorized vehicle',
    'static person',
    'distractor',
    'occluder',
    'occluder on the ground',
    'occluder full',
    'reflection',
    'crowd',
)
PEDESTRIAN = 1
# From here on: classes that a labels.txt gives names outside of MOTChallenge's; they
# neither count nor excuse a prediction. No class column of a gt.txt goes so high (the
# largest public vocabularies have some 20,000 classes).
FIRST_OTHER = 10**6
