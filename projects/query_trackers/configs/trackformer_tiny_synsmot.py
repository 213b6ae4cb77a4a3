# TrackFormer on the data and schedule of the tiny MOTR.
_base_ = ['./motr_tiny_synsmot.py', './_base_/trackformer.py']
model = dict(
    estimator=dict(
        _base_.trackformer, _delete_=True, detector=_base_.deformable_detr))
train_dataloader = dict(batch_size=4, dataset=dict(num_frames=2, run_length=5))
