"""Plans are the same for the same seed and index, and have what was asked of them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from edgehuman.data.image.crowds.plan import (
    MOST_PEOPLE,
    SMALLEST_PX,
    Camera,
    Choices,
    Plan,
    sample_plan,
)

SOME = range(60)
CHOICES = Choices((50, 10), 0.2, 30, 8, lambda source, number: True, lambda number: True)


@pytest.fixture(scope="module")
def plans() -> list[Plan]:
    return [sample_plan(3, index, CHOICES) for index in range(300)]


def test_a_plan_depends_on_seed_and_index_alone(plans: list[Plan]) -> None:
    assert sample_plan(3, 7, CHOICES) == plans[7]
    assert sample_plan(4, 7, CHOICES) != plans[7]


def test_the_ground_is_a_plane() -> None:
    camera = Camera(300, 400, "street", horizon=100.0, slope=0.5, squeeze=1.0)
    assert camera.height_at(300.0) == 100.0
    assert camera.foot_of(50.0) == 200.0


def test_how_many_people_and_how_large(plans: list[Plan]) -> None:
    counts = np.array([len(plan.people) for plan in plans])
    assert 0.02 < (counts == 0).mean() < 0.1
    assert counts.max() <= MOST_PEOPLE
    assert 6.5 < counts.mean() < 9.5
    heights = np.array([each.height_px for plan in plans for each in plan.people])
    assert heights.min() >= SMALLEST_PX
    assert (heights < 50).mean() > 0.25
    assert (heights > 200).mean() > 0.05


def test_people_stand_from_the_farthest_to_the_nearest(plans: list[Plan]) -> None:
    for plan in plans:
        feet = [each.foot[1] for each in plan.people]
        assert feet == sorted(feet)


def test_both_sources_and_all_backgrounds_are_used(plans: list[Plan]) -> None:
    sources = [each.source for plan in plans for each in plan.people]
    assert 0.1 < np.mean(sources) < 0.3
    assert {plan.background.kind for plan in plans} == {"street", "drawn", "plain"}


def test_what_cannot_be_used_is_not_chosen() -> None:
    few = Choices((4, 10), 0.2, 30, 8, lambda s, n: s == 1 or n == 3, lambda n: False)
    plans = [sample_plan(0, index, few) for index in range(20)]
    photos = {each.number for plan in plans for each in plan.people if each.source == 0}
    assert photos == {3}
    assert "street" not in {plan.background.kind for plan in plans}


def test_simulated_people_in_far_scenes_are_seen_from_above(plans: list[Plan]) -> None:
    for plan in plans:
        above = {each.number >= 5 for each in plan.people if each.source == 1}
        assert above <= {plan.camera.kind == "far"}


def test_of_close_people_the_head_is_in_the_frame_and_the_feet_mostly_not() -> None:
    plans = [sample_plan(5, index, CHOICES) for index in range(1200)]
    close = [plan for plan in plans if plan.camera.kind == "close"]
    assert 0.05 < len(close) / len(plans) < 0.11
    placed = [(plan.camera, each) for plan in close for each in plan.people]
    tops = np.array([each.foot[1] - each.height_px for _, each in placed])
    rows = np.array([camera.height for camera, _ in placed])
    feet = np.array([each.foot[1] for _, each in placed])
    assert ((tops < rows) & (tops > -0.5 * rows)).mean() > 0.85
    assert (feet > rows).mean() > 0.8


def test_dense_people_stand_nearer_to_one_another() -> None:
    def nearest(plan: Plan) -> float:
        """Columns to the nearest other person, in heights, of the median person."""
        apart = [
            min(abs(a.foot[0] - b.foot[0]) / a.height_px for b in plan.people if b is not a)
            for a in plan.people
        ]
        return float(np.median(apart))

    plans = [sample_plan(5, index, CHOICES) for index in range(600)]
    crowds = [plan for plan in plans if len(plan.people) > 3 and plan.camera.kind == "street"]
    dense, loose = (
        [nearest(plan) for plan in crowds if plan.camera.is_dense is wanted]
        for wanted in (True, False)
    )
    assert len(dense) > 20
    assert np.mean(dense) < 0.7 * np.mean(loose)


def test_in_portraits_few_people_fill_the_picture() -> None:
    plans = [sample_plan(0, index, dataclasses.replace(CHOICES, portraits=1.0)) for index in SOME]
    assert {plan.camera.kind for plan in plans} == {"portrait"}
    assert {len(plan.people) for plan in plans} == {1, 2, 3}
    shares = [each.height_px / plan.camera.height for plan in plans for each in plan.people]
    assert 0.6 < min(shares) < max(shares) < 1.5
    within = [each.foot[1] / plan.camera.height for plan in plans for each in plan.people]
    assert 0.8 < min(within) < max(within) < 1.2  # nobody is a head alone


def test_a_share_of_portraits() -> None:
    some = dataclasses.replace(CHOICES, portraits=0.5)
    kinds = [sample_plan(0, index, some).camera.kind == "portrait" for index in SOME]
    assert 0.3 < np.mean(kinds) < 0.7
