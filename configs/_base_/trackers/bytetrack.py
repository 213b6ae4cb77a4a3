# Zhang et al., ByteTrack, ECCV 2022.
bytetrack = dict(
    type='ByteTrack',
    track_threshold=0.6,  # tau_high
    low_threshold=0.1,  # tau_low
    birth_threshold=0.7,  # epsilon
    match_threshold=0.8,
    second_match_threshold=0.5,
    track_buffer=30,
    frame_rate=30.0)
