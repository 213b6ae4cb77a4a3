# Who is seen for half a second at 8 pictures a second is nobody.
long_enough = dict(type='LongEnough', min_frames=5)
