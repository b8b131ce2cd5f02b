"""Sizes of a body's pieces at nine positions along each: half width, extent to front and back.

Metres for a person of 1.70 m and average build; plausible by eye, not measured.
"""

from __future__ import annotations

import numpy as np

from edgehuman.records import Float64
from edgehuman.simulate.image.clothes.look import Build
from edgehuman.simulate.image.figure.rig import KNOTS

AVERAGE_M = 1.70

_T = np.linspace(0.0, 1.0, KNOTS)

# Hip to knee.
THIGH = np.array(
    [
        [0.086, 0.088, 0.085, 0.079, 0.073, 0.067, 0.061, 0.056, 0.054],
        [0.078, 0.080, 0.078, 0.073, 0.068, 0.063, 0.060, 0.057, 0.055],
        [0.086, 0.085, 0.080, 0.074, 0.068, 0.062, 0.057, 0.053, 0.052],
    ]
)
# Knee to ankle.
SHANK = np.array(
    [
        [0.054, 0.056, 0.058, 0.056, 0.051, 0.045, 0.040, 0.037, 0.036],
        [0.054, 0.052, 0.050, 0.047, 0.044, 0.041, 0.038, 0.036, 0.036],
        [0.050, 0.060, 0.066, 0.064, 0.056, 0.047, 0.040, 0.037, 0.036],
    ]
)
UPPER_ARM = np.array(
    [
        [0.047, 0.050, 0.049, 0.047, 0.045, 0.043, 0.042, 0.041, 0.040],
        [0.052, 0.054, 0.052, 0.049, 0.047, 0.045, 0.043, 0.041, 0.040],
        [0.052, 0.054, 0.052, 0.049, 0.047, 0.045, 0.043, 0.041, 0.040],
    ]
)
FOREARM = np.array(
    [
        [0.040, 0.042, 0.041, 0.038, 0.035, 0.032, 0.029, 0.026, 0.025],
        [0.041, 0.044, 0.043, 0.040, 0.037, 0.034, 0.031, 0.029, 0.028],
        [0.041, 0.044, 0.043, 0.040, 0.037, 0.034, 0.031, 0.029, 0.028],
    ]
)
# Wrist to finger tips; the side is through the palm, the front towards the thumb.
HAND = np.array(
    [
        [0.022, 0.024, 0.026, 0.026, 0.023, 0.020, 0.018, 0.015, 0.010],
        [0.028, 0.040, 0.050, 0.048, 0.042, 0.038, 0.036, 0.030, 0.016],
        [0.026, 0.034, 0.040, 0.042, 0.041, 0.039, 0.036, 0.030, 0.016],
    ]
)
# Below the hips to the root of the neck.
TORSO = np.array(
    [
        [0.172, 0.170, 0.160, 0.149, 0.152, 0.162, 0.172, 0.172, 0.066],
        [0.118, 0.114, 0.108, 0.102, 0.104, 0.110, 0.110, 0.088, 0.048],
        [0.132, 0.126, 0.106, 0.092, 0.095, 0.105, 0.110, 0.098, 0.058],
    ]
)
# Crotch to waist.
SEAT = np.array(
    [
        [0.118, 0.150, 0.161, 0.165, 0.164, 0.159, 0.153, 0.148, 0.145],
        [0.080, 0.104, 0.112, 0.115, 0.113, 0.110, 0.106, 0.103, 0.101],
        [0.098, 0.122, 0.131, 0.132, 0.126, 0.116, 0.105, 0.096, 0.092],
    ]
)
NECK = np.full((3, 9), 0.056)
# Heel to toe; the front is up, the back down to the ground.
FOOT = np.array(
    [
        [0.034, 0.036, 0.037, 0.038, 0.041, 0.045, 0.047, 0.044, 0.036],
        [0.050, 0.056, 0.058, 0.054, 0.046, 0.038, 0.030, 0.024, 0.018],
        [0.030, 0.030, 0.030, 0.030, 0.030, 0.030, 0.030, 0.028, 0.022],
    ]
)
_BELLY = np.array([0.4, 0.8, 1.0, 0.9, 0.6, 0.2, 0.0, 0.0, 0.0])
_BUST = np.array([0.0, 0.0, 0.0, 0.0, 0.25, 1.0, 0.9, 0.2, 0.0])
_HIPS = np.array([1.0, 1.0, 0.7, 0.3, 0.0, 0.0, 0.0, 0.0, 0.0])
_SHOULDERS = np.array([0.0, 0.0, 0.0, 0.1, 0.4, 0.8, 1.0, 1.0, 0.3])


def torso_size(build: Build, scale: float) -> Float64:
    """The torso of a build, (3, 9) metres."""
    size = TORSO * (scale * build.girth)
    size[0] *= 1.0 + (build.hips - 1.0) * _HIPS + (build.shoulders - 1.0) * _SHOULDERS
    size[1] += scale * (0.075 * build.belly * _BELLY + 0.045 * build.bust * _BUST)
    return size


def seat_size(build: Build, scale: float) -> Float64:
    """The hips of a build, (3, 9) metres."""
    size = SEAT * (scale * build.girth)
    size[0] *= build.hips
    size[2] *= build.hips
    return size


def stretch(size_3K: Float64, first: float, last: float) -> Float64:
    """Sizes of a section of a piece, with both ends as fractions of its length."""
    at_K = np.minimum((first + (last - first) * _T) * (KNOTS - 1), KNOTS - 1.0)
    below_K = np.minimum(at_K.astype(np.intp), KNOTS - 2)
    low, high = size_3K.take(below_K, axis=1), size_3K.take(below_K + 1, axis=1)
    between: Float64 = low + (high - low) * (at_K - below_K)
    return between
