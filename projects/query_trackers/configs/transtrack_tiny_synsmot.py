# TransTrack on the data and schedule of the tiny MOTR. The detection decoder has position
# embeddings, which the released one has not, since the shared detector has them; and maps
# of two frames are not joined, since the encoder that they go through is frozen.
_base_ = ['./_base_/tiny_synsmot.py', './_base_/transtrack.py']
custom_imports = dict(imports=['projects.query_trackers.query_tracker'])
model = dict(
    type='SMOT',
    estimator=dict(
        _base_.transtrack,
        detector=_base_.deformable_detr,
        freeze_encoder=True,
        combine_previous=False,
        query_init=dict(type='LearnedQueries2D')))
train_dataloader = dict(batch_size=8, dataset=dict(num_frames=2, run_length=5))
train_cfg = dict(max_epochs=80)
