_base_ = ['sort_public-detections.py', '../_base_/trackers/mmdet_ocsort.py']
model = dict(tracker=dict(_delete_=True, **_base_.mmdet_ocsort))
