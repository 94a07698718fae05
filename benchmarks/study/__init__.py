"""Studies of ratings: kills, load, calibration, masks."""
