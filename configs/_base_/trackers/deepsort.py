# Wojke et al., SORT with a Deep Association Metric, ICIP 2017. Needs model.reid.
deepsort = dict(
    type='DeepSORT',
    min_confidence=0.3,
    max_cosine_distance=0.2,
    nn_budget=100,  # L_k
    max_iou_distance=0.7,
    max_age=30,  # A_max
    n_init=3)
