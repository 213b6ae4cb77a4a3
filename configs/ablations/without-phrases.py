# Captions are not told which phrases somebody's looks bring to mind, and these are not
# learnt, as in the paper.
_base_ = '../smoter/smoter_tiny_synsmot.py'
model = dict(semantics=dict(bigram_head=None))
