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
# From here on: other classes, which neither count nor excuse a prediction.
FIRST_OTHER = 100
