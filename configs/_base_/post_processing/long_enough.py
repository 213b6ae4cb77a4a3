# Who is seen for less than a second at 8 pictures a second is nobody.
long_enough = dict(type='LongEnough', min_frames=8)
