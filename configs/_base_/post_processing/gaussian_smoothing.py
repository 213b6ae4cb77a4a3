# Second half of Gaussian-smoothed interpolation (StrongSORT, section 3.4).
gaussian_smoothing = dict(type='GaussianSmoothing', tau=10.0, noise=1.0)
