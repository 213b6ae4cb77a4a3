# Table 5 of the paper: the least score of a detection that ByteTrack trusts.
base = 'ablations/association-bytetrack'
options = dict(checkpoint='smoter_tiny_synsmot', data_root='data/SynSMOT')
_track_, _birth_ = 'model.tracker.track_threshold', 'model.tracker.birth_threshold'
axes = dict(
    tau_p={
        '0.1': {_track_: 0.1, _birth_: 0.2},
        '0.2': {_track_: 0.2, _birth_: 0.3},
        '0.3': {_track_: 0.3, _birth_: 0.4},
        '0.4': {_track_: 0.4, _birth_: 0.5},
        '0.5': {_track_: 0.5, _birth_: 0.6},
    })
select_on = 'val'
metrics = {
    'HOTA': 'track/HOTA', 'MOTA': 'track/MOTA', 'IDF1': 'track/IDF1',
    'CIDEr': 'strict/instance_CIDEr', 'video CIDEr': 'strict/video_CIDEr',
    'F1': 'strict/interaction_F1'}
caption = 'ByteTrack with another tau_p; a track starts 0.1 above it. SynSMOT test.'
