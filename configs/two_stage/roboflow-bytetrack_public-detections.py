_base_ = ['sort_public-detections.py', '../_base_/trackers/roboflow_bytetrack.py']
model = dict(tracker=dict(_delete_=True, **_base_.roboflow_bytetrack))
