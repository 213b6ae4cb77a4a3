# MOTRv2 with the shared detector's proposals; only the decoder and what is new learn.
_base_ = ['./_base_/tiny_synsmot.py', './_base_/motrv2.py']
custom_imports = dict(imports=['projects.query_trackers.query_tracker'])
model = dict(
    type='SMOT',
    estimator=dict(
        _base_.motrv2,
        detector=_base_.deformable_detr,
        freeze_encoder=True,
        updater=dict(type='QIMv2', channels=64, num_heads=4, ffn_channels=256),
        query_init=dict(type='ProposalQueries', channels=64, num_queries=10),
        denoising=dict(type='BoxDenoising', channels=64),
        # Chosen on val.
        lifecycle=dict(_base_.motrv2.lifecycle, keep_threshold=0.4, track_nms=0.9),
        proposal_detector=dict(_base_.deformable_detr, score_threshold=0.05)))
