# A floor on SynSMOT: the tracks of smoter_tiny_synsmot, told by motion and colours alone.
# --weights mmsmot/weights/smoter_tiny_synsmot.safetensors
_base_ = ['../smoter/smoter_tiny_synsmot.py', '../_base_/semantics/kinematic.py']
_synsmot_ = dict(  # its captions name nobody by number; ours of its 23 verbs
    partner_names='appearance',
    vocabulary=(
        'approach.v.01', 'leave.v.01', 'follow.v.01', 'chase.v.01', 'flee.v.01',
        'accompany.v.02'))
model = dict(
    semantics=dict(_delete_=True, **{**_base_.kinematic, **_synsmot_}))
