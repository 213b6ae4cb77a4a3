# TrackFormer of SynSMOT's size, behind an encoder that learns nothing.
_base_ = './trackformer.py'
trackformer_tiny = dict(_base_.trackformer, freeze_encoder=True)
