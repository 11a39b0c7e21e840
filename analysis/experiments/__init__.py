"""Published experiments on the model: rows and their score, their data, and the calibration on them."""
