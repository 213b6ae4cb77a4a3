# Dropout of .1 wherever a layer has one: TransTrack's and TrackFormer's, MOTR has none.
_base_ = './deformable_detr_r50.py'
_attention_, _ffn_ = dict(dropout=0.1), dict(ffn_drop=0.1)
deformable_detr = dict(
    config=dict(
        model=dict(
            encoder=dict(layer_cfg=dict(self_attn_cfg=_attention_, ffn_cfg=_ffn_)),
            decoder=dict(
                layer_cfg=dict(
                    self_attn_cfg=_attention_, cross_attn_cfg=_attention_, ffn_cfg=_ffn_)))))
