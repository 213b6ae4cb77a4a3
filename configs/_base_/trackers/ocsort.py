# Cao et al., Observation-Centric SORT, CVPR 2023.
ocsort = dict(
    type='OCSORT',
    det_threshold=0.6,
    max_age=30,
    min_hits=3,
    iou_threshold=0.3,
    delta_t=3,  # Delta t
    inertia=0.2,  # lambda
    use_byte=False)
