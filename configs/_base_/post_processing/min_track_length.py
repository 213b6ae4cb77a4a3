# Who is seen for less than a second at 8 images a second is nobody.
min_track_length = dict(type='MinTrackLength', min_frames=8)
