# Aharon et al., BoT-SORT, 2022. Needs model.reid, unless with_reid is False.
bot_sort = dict(
    type='BoTSORT',
    track_threshold=0.6,
    low_threshold=0.1,
    birth_threshold=0.7,
    match_threshold=0.8,
    track_buffer=30,
    frame_rate=30.0,
    with_reid=True,
    proximity_threshold=0.5,  # theta_iou
    appearance_threshold=0.25,  # theta_emb, of half the cosine distance
    alpha=0.9,
    camera_motion=dict(type='SparseOpticalFlow'))
