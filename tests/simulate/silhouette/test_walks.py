"""Simulated silhouettes: records whose size, views and conditions are as the world has them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgehuman.errors import UsageError
from edgehuman.records import Float64, SilhouetteSequence, Uint8
from edgehuman.simulate.gait.pinhole import Cameras
from edgehuman.simulate.silhouette.segmentation import EXACT, Segmentation
from edgehuman.simulate.silhouette.shadow import shadow_of
from edgehuman.simulate.silhouette.walks import (
    SilhouetteWalks,
    SimulatedSilhouettes,
    simulate_silhouettes,
)
from edgehuman.simulate.skeleton.detector import Detector
from edgehuman.simulate.skeleton.walks import simulate_skeletons


def seen(view_deg: float, people: int = 12, frames: int = 24, **more: object) -> SilhouetteWalks:
    cameras = Cameras(views_deg=(view_deg,), view_spread_deg=0.0, roll_deg=0.0)
    words = {"segmentation": EXACT, "walks_each": 1, "conditions": ("nm",), **more}
    return simulate_silhouettes(
        SimulatedSilhouettes(people=people, frames=frames, cameras=cameras, **words)  # type: ignore[arg-type]
    )


def widths(silhouettes: Uint8, first: int, last: int) -> float:
    """Mean width of rows, in pixels."""
    return float((silhouettes[..., first:last, :] > 0).sum(axis=-1).mean())


@pytest.fixture(scope="module")
def walks() -> SilhouetteWalks:
    return simulate_silhouettes(SimulatedSilhouettes(people=6, frames=20, seed=1))


@pytest.fixture(scope="module")
def side() -> SilhouetteWalks:
    return seen(90.0)


def test_walks_are_records_with_their_labels(walks: SilhouetteWalks) -> None:
    made = walks.silhouette_NTHW
    assert made.shape == (24, 20, 64, 64)
    SilhouetteSequence(made[0], 0)
    assert set(np.unique(made).tolist()) == {0, 255}
    # Every frame shows someone from the first row to the last, in the middle.
    assert (made > 0).any(axis=3).mean() > 0.97
    assert (made[:, :, :2] > 0).any(axis=(2, 3)).all()
    assert (made[:, :, -2:] > 0).any(axis=(2, 3)).all()
    centre = (made > 0).sum(axis=2) @ np.arange(64) / (made > 0).sum(axis=(2, 3))
    assert (np.abs(centre - 32) < 6).mean() > 0.98
    assert walks.condition_N.tolist() == ["nm", "nm", "bg", "cl"] * 6
    assert len(walks) == 24
    assert len(set(walks.view_deg_N[:4].tolist())) == 4


def test_a_walk_depends_on_seed_person_and_number_alone(walks: SilhouetteWalks) -> None:
    def one(seed: int) -> Uint8:
        wanted = SimulatedSilhouettes(people=1, walks_each=2, frames=20, seed=seed, first_person=4)
        return simulate_silhouettes(wanted).silhouette_NTHW

    np.testing.assert_array_equal(one(1), walks.silhouette_NTHW[16:18])
    assert (one(2) != one(1)).mean() > 0.01


def test_the_walkers_and_cameras_are_those_of_the_skeletons(walks: SilhouetteWalks) -> None:
    skeletons = simulate_skeletons(6, 4, seed=1, frames=20)
    np.testing.assert_array_equal(skeletons.view_deg_N, walks.view_deg_N)
    np.testing.assert_array_equal(skeletons.condition_N, walks.condition_N)
    # When the ankles are apart, so are the feet of the silhouette.
    view = Cameras(views_deg=(90.0,), view_spread_deg=0.0, roll_deg=0.0)
    sure = Detector(noise=0, bias=0, dropped=0, swapped=0)
    skeletons = simulate_skeletons(4, 1, seed=0, frames=60, cameras=view, detector=sure)
    made = seen(90.0, people=4, frames=60).silhouette_NTHW[:, :, 50:] > 0
    ankles = np.abs(skeletons.skeleton_NTJ3[:, :, 10, 0] - skeletons.skeleton_NTJ3[:, :, 13, 0])
    reach = made.any(axis=2).sum(axis=2)
    for n in range(4):
        assert np.corrcoef(ankles[n], reach[n])[0, 1] > 0.6


def test_people_are_wide_from_in_front_and_open_their_legs_at_the_side(
    side: SilhouetteWalks,
) -> None:
    front = seen(0.0).silhouette_NTHW
    # Shoulders, and feet.
    assert widths(front, 13, 20) > 1.4 * widths(side.silhouette_NTHW, 13, 20)
    assert widths(front, 56, 64) < 0.8 * widths(side.silhouette_NTHW, 56, 64)
    opening = (side.silhouette_NTHW[:, :, 55:] > 0).any(axis=2).sum(axis=2)
    assert (np.ptp(opening, axis=1) >= 8).all()


def test_walkers_go_where_their_camera_says(side: SilhouetteWalks) -> None:
    """Seen from the right, people are mirrored."""
    other = seen(270.0).silhouette_NTHW
    mean = (side.silhouette_NTHW > 0).mean(axis=(0, 1))
    mirrored = (other > 0).mean(axis=(0, 1))[:, ::-1]
    assert np.corrcoef(mean.ravel(), mirrored.ravel())[0, 1] > 0.96
    assert np.abs(mean - mirrored).mean() < 0.7 * np.abs(mean - mirrored[:, ::-1]).mean()
    # Arms swing out further ahead of the trunk than behind it.
    arms = mean[20:32].mean(axis=0)
    assert arms[:24].sum() > arms[41:].sum()


def test_coats_and_bags_change_the_mask_where_they_should(side: SilhouetteWalks) -> None:
    plain = side.silhouette_NTHW
    coat = seen(90.0, conditions=("cl",)).silhouette_NTHW
    bag = seen(90.0, conditions=("bg",)).silhouette_NTHW
    # A coat covers the thighs and leaves the feet.
    assert widths(coat, 34, 44) > 1.08 * widths(plain, 34, 44)
    assert abs(widths(coat, 59, 64) / widths(plain, 59, 64) - 1) < 0.12
    # Bags are between shoulders and knees.
    assert widths(bag, 14, 46) > 1.05 * widths(plain, 14, 46)
    assert abs(widths(bag, 50, 64) / widths(plain, 50, 64) - 1) < 0.12


def test_a_shadow_lies_at_the_feet_alone(side: SilhouetteWalks) -> None:
    shadowed = seen(90.0, segmentation=replace(EXACT, shadowed=1.0)).silhouette_NTHW
    changed = (shadowed != side.silhouette_NTHW).mean(axis=(0, 1, 3))
    assert changed[48:].mean() > 2 * changed[:40].mean()
    joints = np.zeros((26, 3, 1, 2))
    joints[[10, 13], 0] = 0.5
    joints[:, 2] = 0.1
    rngs = [np.random.default_rng(0)]
    assert shadow_of(rngs, joints, 0.0) == []
    for solid in shadow_of(rngs, joints, 1.0):
        foot, tip = (blob.centre_3F for blob in solid.blobs)
        np.testing.assert_array_equal(foot, [[0.5, 0.5], [0, 0], [0, 0]])
        assert (tip[2] == 0).all()
        assert (np.hypot(*(tip - foot)[:2]) < 0.61).all()


def test_who_walks_shows_in_one_view_and_hardly_in_another() -> None:
    """Rank-1 of 20 people by the mean silhouette: the same view, a coat, another view."""
    number, chance = np.arange(20), 1 / 20

    def mean_of(view_deg: float, condition: str, walk: int) -> Float64:
        conditions = ("nm", condition)
        made = seen(
            view_deg, people=20, frames=12, walks_each=2, conditions=conditions, segmentation=NOISY
        )
        mean: Float64 = made.silhouette_NTHW[walk::2].mean(axis=1).reshape(20, -1)
        return mean

    gallery = mean_of(90.0, "nm", 0)
    rank1 = {}
    for name, view, condition in (("same", 90.0, "nm"), ("coat", 90.0, "cl"), ("view", 36.0, "nm")):
        probe = mean_of(view, condition, 1)
        apart = ((probe[:, None] - gallery[None]) ** 2).sum(axis=2)
        rank1[name] = float((apart.argmin(axis=1) == number).mean())
    assert rank1["same"] >= 0.7
    assert chance < rank1["coat"] < rank1["same"]
    assert rank1["view"] < 0.5 * rank1["same"]


NOISY = Segmentation(occluded=0.0)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"people": 0}, "people is 0"),
        ({"walks_each": 1.5}, "walks_each is 1.5"),
        ({"seed": -1}, "seed is -1"),
        ({"frames": 1}, "frames is 1"),
        ({"rate_hz": 2.0}, "rate_hz is 2.0"),
        ({"conditions": ("nm", "hat")}, "hat"),
    ],
)
def test_wrong_numbers_are_named(change: dict[str, object], said: str) -> None:
    words: dict[str, object] = {"people": 1, **change}
    with pytest.raises(UsageError, match=said):
        SimulatedSilhouettes(**words)  # type: ignore[arg-type]
