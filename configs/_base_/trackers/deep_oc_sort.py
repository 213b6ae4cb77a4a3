# Maggiolino et al., Deep OC-SORT, ICIP 2023. Needs model.reid.
deep_oc_sort = dict(
    type='DeepOCSORT',
    det_threshold=0.6,  # sigma
    max_age=30,
    min_hits=3,
    iou_threshold=0.3,
    delta_t=3,  # Delta t
    inertia=0.2,  # lambda
    appearance_weight=0.75,  # a_w
    max_weight_boost=0.5,  # epsilon
    alpha=0.95,  # alpha_f
    camera_motion=dict(type='SparseOpticalFlow'))
