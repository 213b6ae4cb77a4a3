# No auxiliary bigram prediction, and no token of it in caption prefixes, as in the paper.
_base_ = '../smoter/smoter_tiny_synsmot.py'
model = dict(semantics=dict(bigram_head=None))
