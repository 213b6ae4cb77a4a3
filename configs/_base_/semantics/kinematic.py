# Nothing learnt: lengths are heights of the person's own box (1 is about 1.7 m), times
# seconds, so that neither the size of the image nor the frame rate matters.
kinematic = dict(
    type='KinematicSemantics',
    vocabulary='clean335',
    person_labels=(-1, 0),  # COCO's person; -1 where a file of tracks does not say
    partner_names='id',
    sample_rate=8.0,  # of a walk's 2 steps a second, a run's 3
    camera_motion=dict(type='SparseOpticalFlow', height=120, max_corners=60),
    motion=dict(
        # A step takes half a second, and the box sways with it.
        smoothing=0.4, depth_smoothing=0.8, depth_noise=0.04,
        # People choose 1.4 m/s (0.8 heights/s; Browning et al., J Appl Physiol 2006), the
        # frail 0.4 to 0.6 m/s; who stands sways and gestures at less than 0.3.
        move_speed=0.35, still_speed=0.18,
        slow_speed=0.4,  # half of the preferred speed
        # They change to a run at 2 m/s (1.2 heights/s; Hreljac, Med Sci Sports Exerc 1993),
        # small children at Froude number 0.5: 1.55 heights/s at 1.1 m.
        fast_speed=1.6,
        run_limit=3.5,  # 6 m/s: a sprint; what is faster is a vehicle
        min_travel=0.6,  # a step and a half (a stride is 0.8 heights)
        max_sway=0.4,  # a step
        # Shorter stops are pauses within two steps, smaller turns the sway of boxes; a way
        # is told from a step and a half on.
        min_still=1.5, min_duration=0.7,
        turn_tolerance=0.7, min_path=1.2, lateral_travel=0.6,
        min_growth=0.12,  # of the height: what is seen as a change of distance
        gait_ratio=1.6,  # walkers 1.7 and more, riders 1.3 and less, of those looked at
        # Shoulders are 0.26 heights wide (Drillis and Contini, 1966), elbows and steps
        # come on top; who sits or squats is wider than half the height of the box.
        upright_aspect=0.48,
        # 8.5 m/s: nobody is as fast, the box is on somebody else.
        jump_speed=5.0, jump_travel=0.6, max_gap=0.4),
    clothing=dict(
        min_height=36.0,  # pixels: a torso is 8 wide
        max_width=0.5, max_occlusion=0.1, min_samples=3, max_samples=16,
        # Shares of the pixels that a colour term fits, and that have no other term.
        min_share=0.6, min_sure=0.15, max_other=0.6, max_rival=0.6, min_agreement=0.75,
        max_spread=14.0,  # L*: what is striped is not gray
        min_lightness=18.0,  # median L* of the frame: below, it is night
        min_chroma=8.0),  # of the frame: JPEG leaves 4 to 6 of gray video
    pairs=dict(
        smoothing=0.4, still_speed=0.25, move_speed=0.3,
        # Personal distance ends at 1.2 m, the close phase of social distance at 2.1 m
        # (Hall, The Hidden Dimension, 1966); a box is as good as a third of a height.
        close_distance=0.85, near_distance=1.2, far_distance=1.2,
        reach=2.2,  # just beyond file_gap and file_offset: what is further away is nothing
        chase_speed=1.6,  # as fast_speed, and the legs of both are seen to run
        max_angle=30.0, max_difference=0.4,  # one way: degrees, share of the speed
        side_gap=0.35,  # 0.6 m: abreast, or one behind the other
        file_gap=2.0, file_offset=0.7,  # 3.4 m: two and a half strides
        min_stand=3.0, max_break=1.0,
        min_same_way=1.5,  # three steps
        min_together=1.0))
