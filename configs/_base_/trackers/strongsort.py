# Du et al., StrongSORT: Make DeepSORT Great Again, TMM 2023. Needs model.reid.
strongsort = dict(
    type='StrongSORT',
    min_confidence=0.6,
    max_cosine_distance=0.45,
    appearance_weight=0.98,  # lambda
    alpha=0.9,
    noise_power=1,  # R~ = (1 - c) R
    max_iou_distance=0.7,
    max_age=30,
    n_init=3,
    camera_motion=dict(type='ECC'))
