# The sizes and thresholds of the tiny MOTR, whose weights the referring trackers start from.
motr_tiny = dict(
    updater=dict(channels=64, num_heads=4, ffn_channels=256),
    lifecycle=dict(
        birth_threshold=0.5, keep_threshold=0.4, report_threshold=None))
