# TransTrack on the data and schedule of the tiny MOTR. The detection decoder has position
# embeddings, which the released one has not, since the shared detector has them.
_base_ = ['./motr_tiny_synsmot.py', './_base_/transtrack.py']
model = dict(
    estimator=dict(
        _base_.transtrack,
        _delete_=True,
        detector=_base_.deformable_detr,
        query_init=dict(type='LearnedQueries2D')))
train_dataloader = dict(batch_size=4, dataset=dict(num_frames=2, run_length=5))
