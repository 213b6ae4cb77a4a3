_base_ = ['sort_public-detections.py', '../_base_/trackers/mmdet_sort.py']
model = dict(tracker=dict(_delete_=True, **_base_.mmdet_sort))
