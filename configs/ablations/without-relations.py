# No tokens of interaction partners in caption prefixes, as in the paper.
_base_ = '../smoter/smoter_tiny_synsmot.py'
model = dict(semantics=dict(interaction_tokens=None))
