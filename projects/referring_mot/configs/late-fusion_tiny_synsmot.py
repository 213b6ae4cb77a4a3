# Late fusion: MOTR's embeddings and the sentence meet in MLS-Track's correlation alone.
# An object is judged against all sentences of its clip in a step. Embeddings and words
# learn of each other here, as the papers' did elsewhere.
_base_ = ['./transrmot_tiny_synsmot.py', './_base_/mls_track_tiny.py']
custom_imports = dict(imports=['projects.referring_mot.referring_mot'])
_head_ = dict(_base_.mls_track_tiny.refer_head, _delete_=True)
model = dict(
    estimator=dict(
        text_hook=dict(fusion=None, all_expressions=True, refer_head=_head_)))
train_dataloader = dict(dataset=dict(prompts_per_clip=1, num_frames=4))
