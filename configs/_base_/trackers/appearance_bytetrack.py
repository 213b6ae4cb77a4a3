# ByteTrack that also asks what somebody looks like (ours). Needs model.reid or an embedder.
appearance_bytetrack = dict(
    type='AppearanceByteTrack',
    max_cosine_distance=0.4,
    appearance_weight=0.6,
    reach=1.8,
    alpha=0.9,
    track_threshold=0.6,  # tau_high
    low_threshold=0.1,  # tau_low
    birth_threshold=0.7,  # epsilon
    match_threshold=0.8,
    second_match_threshold=0.5,
    track_buffer=30,
    frame_rate=30.0)
