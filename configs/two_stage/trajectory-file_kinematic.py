# The same along SynSMOT's GT tracks.
_base_ = [
    '../_base_/default_runtime.py', '../_base_/datasets/synsmot.py',
    '../_base_/trackers/trajectory_file.py', '../_base_/semantics/kinematic.py'
]
_synsmot_ = dict(
    partner_names='appearance',
    person_labels=(-1, 0, 1),  # 1 is MOTChallenge's pedestrian
    vocabulary=(
        'approach.v.01', 'leave.v.01', 'follow.v.01', 'chase.v.01', 'flee.v.01',
        'accompany.v.02'))
model = dict(
    type='SMOT',
    detector=None,
    tracker={**_base_.trajectory_file, 'path': '{path}/gt/gt.txt'},
    semantics={**_base_.kinematic, **_synsmot_})
test_dataloader = _base_.synsmot.test
test_evaluator = dict(type='SMOTMetric')
test_cfg = dict()
