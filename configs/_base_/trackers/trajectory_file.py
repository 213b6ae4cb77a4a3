# Tracks of any tracker, or a truth, as a MOTChallenge file for each video.
trajectory_file = dict(type='TrajectoryFile', path='data/tracks/{name}.txt')
