# Appearance-free link of Du et al., StrongSORT, TMM 2023, section 3.3.
aflink = dict(
    type='AFLink',
    max_gap=30,  # frames
    max_distance=75.0,  # pixels
    min_probability=0.8)  # 0.95 in the paper, for weights of its own
