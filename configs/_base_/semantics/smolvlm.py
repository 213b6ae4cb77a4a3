# SmolVLM by name; a folder with its files offline:
# --cfg-options model.semantics.model.name=FOLDER
smolvlm = dict(
    type='VisionLanguageSemantics',
    model=dict(
        type='VisionLanguageModel',
        name='HuggingFaceTB/SmolVLM-500M-Instruct',
        max_new_tokens=60,
        batch_size=4),
    vocabulary='clean335',
    max_pairs=20,
    min_near_frames=3,
    frame_stride=5,
    memory=dict(max_pictures=4, max_frames=6, max_pair_pictures=3))
