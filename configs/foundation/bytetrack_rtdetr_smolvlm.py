# Any video, nothing trained: detector and captions of transformers by name or folder.
_base_ = [
    '../_base_/default_runtime.py', '../_base_/detectors/rtdetr_r18.py',
    '../_base_/trackers/bytetrack.py', '../_base_/semantics/smolvlm.py'
]
model = dict(
    type='SMOT',
    detector=_base_.rtdetr_r18,
    tracker=_base_.bytetrack,
    semantics=_base_.smolvlm,
    early=False,  # questions of the whole video at once: full batches, the longest pairs
    batch_size=4)
