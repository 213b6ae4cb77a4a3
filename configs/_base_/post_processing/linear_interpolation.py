# First half of Gaussian-smoothed interpolation (StrongSORT, section 3.4).
linear_interpolation = dict(type='LinearInterpolation', max_gap=20)
