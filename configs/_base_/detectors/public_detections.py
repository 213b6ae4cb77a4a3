# The det/det.txt that lies in a MOTChallenge sequence folder.
public_detections = dict(type='DetectionFile')
