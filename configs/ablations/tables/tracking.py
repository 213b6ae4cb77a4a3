# Tables 2 and 3 and Fig. 4 of the paper: one model, other associations.
base = 'smoter/smoter_tiny_synsmot'
options = dict(checkpoint='smoter_tiny_synsmot', data_root='data/SynSMOT')
axes = dict(
    tracker={
        'SORT': 'ablations/association-sort',
        'OC-SORT': 'ablations/association-ocsort',
        'DeepSORT': 'ablations/association-deepsort',
        'StrongSORT': 'ablations/association-strongsort',
        'ByteTrack': 'ablations/association-bytetrack',
        'AppearanceByteTrack': 'smoter/smoter_tiny_synsmot',
        'ground truth': 'smoter/true-tracks_tiny_synsmot',
    })
metrics = {
    'HOTA': 'track/HOTA', 'AssA': 'track/AssA', 'DetA': 'track/DetA',
    'MOTA': 'track/MOTA', 'IDF1': 'track/IDF1', 'IDs': 'track/IDs',
    'METEOR': 'strict/instance_METEOR', 'CIDEr': 'strict/instance_CIDEr',
    'video METEOR': 'strict/video_METEOR', 'video CIDEr': 'strict/video_CIDEr',
    'P': 'strict/interaction_P', 'R': 'strict/interaction_R',
    'F1': 'strict/interaction_F1'}
caption = 'Associations behind one detector and in front of the same heads, SynSMOT test.'
