# The same on tracks that ReID keeps on one person.
_base_ = ['strongsort_yolox-nano.py', '../_base_/semantics/kinematic.py']
model = dict(semantics=_base_.kinematic)
