"""Studies of a model: experiments and their score, calibration, figures."""
