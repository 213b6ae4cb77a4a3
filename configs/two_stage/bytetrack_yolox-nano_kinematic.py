# Tracks, and what their motion and colours show, of any video; nothing to train.
_base_ = ['bytetrack_yolox-nano.py', '../_base_/semantics/kinematic.py']
model = dict(semantics=_base_.kinematic)
