# VFM of Table 4.
_base_ = '../smoter/smoter_tiny_synsmot.py'
model = dict(
    semantics=dict(
        video_fusion=dict(
            cell=dict(_delete_=True, type='AdditionCell'))))
