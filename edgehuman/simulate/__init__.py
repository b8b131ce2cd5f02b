"""A kinematic walker, and the sensors, pose detector and cameras that observe it."""
