_base_ = ['../../../configs/two_stage/sort_public-detections.py']
custom_imports = dict(imports=['projects.example_project.greedy_tracker'])
model = dict(tracker=dict(_delete_=True, type='GreedyTracker', iou_threshold=0.3))
