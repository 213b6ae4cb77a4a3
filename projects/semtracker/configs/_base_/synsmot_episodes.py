# Each person of SynSMOT as a target. `text` in training: the sentence is learnt from, the
# box is the true one anyway. At test a box names the target where it is first clear.
synsmot_episodes = dict(
    train=dict(
        batch_size=4,
        num_workers=1,
        persistent_workers=True,
        # Rare verbs more often; two targets of a video for its episodes. Twice the frames
        # that the interaction head looks back on.
        sampler=dict(type='VerbBalancedSampler', targets_per_video=2),
        dataset=dict(
            type='SynSMOTEpisodes',
            data_root='data/SynSMOT',
            split='train',
            query='text',
            num_frames=24,
            # The feature cache of the frozen detector knows most images by their file.
            pipeline=[dict(type='PackClip', require_images=False, decode=False)])),
    test=dict(
        batch_size=16,  # targets of one video in a batch share one run over it
        num_workers=0,
        sampler=dict(type='DefaultSampler', shuffle=False),
        dataset=dict(
            type='SynSMOTEpisodes',
            data_root='data/SynSMOT',
            split='test',
            query='box',
            test_mode=True)))
