# Section 4.4 of the paper: the gradient of captions and interactions into the detector, in
# the third stage of smoter/recipes/tiny_synsmot, whose second stage it starts from.
base = 'smoter/smoter_tiny_synsmot'
options = dict(data_root='work_dirs/tiny_synsmot/SynSMOT-large')
axes = dict(
    gradient={
        'end to end': {},
        'a tenth': {'model.training.semantic_grad_scale': 0.1},
        'detached': {'model.training.detach_features': True},
    },
    seed=[0, 1, 2])
stages = [
    dict(name='end', run='train', config='smoter/smoter_tiny_synsmot_end', processes=2,
         threads=1, options={
             'checkpoint': 'work_dirs/tiny_synsmot/words/seed=0/run/epoch_15.pth',
             'train_dataloader.batch_size': 2}),
    dict(name='test', start='end'),
]
baseline = dict(gradient='end to end')
metrics = {
    'HOTA': 'track/HOTA', 'MOTA': 'track/MOTA', 'IDF1': 'track/IDF1',
    'CIDEr': 'strict/instance_CIDEr', 'video CIDEr': 'strict/video_CIDEr',
    'F1': 'strict/interaction_F1'}
caption = 'The third stage with all, a tenth and none of the gradient, SynSMOT test.'
