# MOTRv2 on the data and schedule of the tiny MOTR; the shared detector makes its proposals.
_base_ = ['./motr_tiny_synsmot.py', './_base_/motrv2.py']
model = dict(
    estimator=dict(
        _base_.motrv2,
        _delete_=True,
        detector=_base_.deformable_detr,
        updater=dict(type='QIMv2', channels=64, num_heads=4, ffn_channels=256),
        query_init=dict(type='ProposalQueries', channels=64, num_queries=10),
        denoising=dict(type='BoxDenoising', channels=64),
        proposal_detector=dict(
            type='CachedDetector',
            detector=dict(_base_.deformable_detr, score_threshold=0.05),
            root='work_dirs/query_trackers/proposals')))
