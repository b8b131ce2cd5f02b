"""Parameters of one picture of a person: the pose, the camera and the crop."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgehuman.simulate.body.stance import STANCES
from edgehuman.simulate.image.scene.backdrop import Spot
from edgehuman.simulate.image.scene.camera import Camera, Exposure

OCCLUDERS = ("none", "post", "box", "bush", "passer-by")


@dataclass(frozen=True, slots=True)
class Shot:
    """Everything about one picture except the person.

    Attributes:
        camera: the camera.
        azimuth_deg: of the camera: 0 in front of the person, 90 on their left, 180 behind.
        distance_m: from the camera.
        activity: one of `stance.STANCES`; phase: within it, 0..1.
        scale: height of the body as a fraction of the picture's.
        shift: right and down, as fractions of the picture, of the body's middle.
        aspect: horizontal stretch of the crop relative to vertical; 1 keeps proportions.
        spot: position in the camera's surroundings.
        occluder: one of `OCCLUDERS`, and its side: -1 left to 1 right.
        exposure: per-picture camera effects.
        seed: of everything else: folds of the clothes, appearance of the occluder.
    """

    camera: Camera
    azimuth_deg: float
    distance_m: float
    activity: str
    phase: float
    scale: float
    shift: tuple[float, float]
    aspect: float
    spot: Spot
    occluder: str
    occluder_side: float
    exposure: Exposure
    seed: int


def sample_shot(camera: Camera, rng: np.random.Generator) -> Shot:
    """Sample a picture as a camera and a person detector would take it."""
    cut_off = rng.random() < 0.10
    scale = rng.uniform(1.05, 1.6) if cut_off else rng.uniform(0.84, 0.98)
    # A detector cuts off the legs more often than the head.
    down = 0.5 * scale - rng.uniform(0.44, 0.48) if cut_off else rng.normal(0.0, 0.015)
    return Shot(
        camera=camera,
        azimuth_deg=_sample_azimuth(rng),
        distance_m=float(rng.uniform(*camera.distance_m)),
        activity=STANCES[int(np.searchsorted(_ACTIVE[:-1], rng.random()))],
        phase=float(rng.random()),
        scale=float(scale),
        shift=(float(rng.normal(0.0, 0.02)), float(down)),
        # Boxes around people are slimmer than the picture and are widened to fit it.
        aspect=float(np.exp(rng.normal(0.15, 0.07))),
        spot=Spot(
            wall_m=float(rng.uniform(1.2, 6.0)),
            wall_rad=float(rng.normal(0.0, 0.25)),
            along_m=float(rng.uniform(1.5, 11.0)),
            floor_rad=float(rng.normal(0.0, 0.2)),
            floor_m=(float(rng.uniform(0.0, 10.0)), float(rng.uniform(0.0, 10.0))),
        ),
        occluder=str(OCCLUDERS[int(np.searchsorted(_OCCLUDED[:-1], rng.random()))]),
        occluder_side=float(rng.uniform(0.45, 1.0)) * (1 if rng.random() < 0.5 else -1),
        exposure=Exposure(
            gain=float(np.exp(rng.normal(0.0, 0.08))),
            blur_px=float(rng.exponential(0.25)),
            detail=float(np.clip(camera.detail * rng.uniform(0.7, 1.15), 0.3, 1.0)),
            noise_at=(int(rng.integers(0, 256)), int(rng.integers(0, 384))),
            quality=int(np.clip(camera.quality + rng.integers(-15, 10), 25, 95)),
        ),
        seed=int(rng.integers(2**31)),
    )


_OCCLUDED = np.cumsum([0.86, 0.03, 0.03, 0.02, 0.06])
_ACTIVE = np.cumsum([0.72, 0.24, 0.04])


def _sample_azimuth(rng: np.random.Generator) -> float:
    """Any direction, but more often towards, across or away from the camera than in between."""
    if rng.random() < 0.5:
        return float((90.0 * int(rng.integers(4)) + rng.normal(0.0, 14.0)) % 360.0)
    return float(rng.uniform(0.0, 360.0))
