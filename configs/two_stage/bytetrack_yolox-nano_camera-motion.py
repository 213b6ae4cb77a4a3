_base_ = ['bytetrack_yolox-nano.py']
model = dict(tracker=dict(camera_motion=dict(type='SparseOpticalFlow')))
