# The name of version 0.1; goes with the next release.
_base_ = ['./min_track_length.py']
long_enough = _base_.min_track_length
