"""A kinematic walker, and what each sensor, pose detector or camera makes of it."""
