# Ours: how many beams captions are decoded with, and every how many frames are described.
base = 'smoter/smoter_tiny_synsmot'
options = dict(checkpoint='smoter_tiny_synsmot', data_root='data/SynSMOT')
_beams_ = 'model.semantics.instance_caption.decoder.num_beams'
_stride_ = 'model.semantics.frame_stride'
axes = dict(
    setting={
        '3 beams, every 2nd frame': {},
        '1 beam': {_beams_: 1},
        '5 beams': {_beams_: 5},
        'every frame': {_stride_: 1},
        'every 4th frame': {_stride_: 4},
    })
select_on = 'val'
select_by = 'CIDEr'
metrics = {
    'CIDEr': 'strict/instance_CIDEr', 'METEOR': 'strict/instance_METEOR',
    'video CIDEr': 'strict/video_CIDEr', 'F1': 'strict/interaction_F1'}
caption = 'Decoding of the same weights, SynSMOT test.'
