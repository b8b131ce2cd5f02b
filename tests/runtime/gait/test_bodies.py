"""Joints of people in frames are lines of poses, and their windows results."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgehuman.errors import ArtefactError
from edgehuman.geometry import COCO_17
from edgehuman.records import Float32
from edgehuman.runtime.gait.bodies import Bodies, body_block
from edgehuman.runtime.gallery import empty_gallery
from edgehuman.runtime.image.frames.results import FrameResult, Person
from edgehuman.runtime.model import Model, load
from edgehuman.runtime.skeleton.results import GaitResult
from tests.runtime.gait.scenes import Walker
from tests.runtime.gait_models import ANNA, gait_card, write_gait_model

BOX = np.array((1, 1, 9, 9), np.float32)


def frame(t_s: float, *people: tuple[str, Float32 | None]) -> FrameResult:
    found = tuple(Person(BOX, 0.9, joint_J3, COCO_17, track=track) for track, joint_J3 in people)
    return FrameResult("1", t_s=t_s, height=48, width=64, people=found)


@pytest.fixture
def model(tmp_path: Path) -> Model:
    return load(write_gait_model(tmp_path / "nose.onnx"))


def test_only_who_is_on_a_track_and_seen_is_a_line() -> None:
    seen_J3 = np.ones((17, 3), np.float32) * (5, 6, 0.9)
    unseen_J3 = seen_J3 * (1, 1, 0)
    people = (("7", seen_J3), ("", seen_J3), ("8", unseen_J3), ("9", None))
    block = body_block(frame(1.5, *people), 99)
    assert block is not None
    assert block.track_T == ("7",)
    assert (block.stamp_s_T[0], block.arrival_ns_T[0]) == (1.5, 99)
    assert (block.width_T[0], block.height_T[0]) == (64, 48)
    # OpenPose's neck is between the shoulders, as sure as the less sure one.
    assert block.joint_TJ3.shape == (1, 18, 3)
    assert block.joint_TJ3[0, 1] == pytest.approx((5, 6, 0.9))
    assert body_block(frame(1.5, *people[1:]), 99) is None


def test_joints_of_a_network_of_others_need_not_be_tidy() -> None:
    joint_J3 = np.ones((17, 3), np.float32) * (5, 6, 1.2)
    joint_J3[3, 0] = np.nan
    block = body_block(frame(0.0, ("7", joint_J3)), 0)
    assert block is not None
    assert block.joint_TJ3[..., 2].max() == 1
    assert np.isfinite(block.joint_TJ3).all()


def test_windows_have_the_time_of_the_frames_and_the_age_since_the_grab(model: Model) -> None:
    gallery = empty_gallery(gait_card(model.card.weights_sha256))
    bodies = Bodies(model, "door", gallery.enrol("ANNA", "a", np.array(ANNA, np.float32)))
    assert (bodies.hop_s, bodies.identifies) == (0.25, True)
    results: list[GaitResult] = []
    walker = Walker()
    for t in range(36):
        joint_J3 = np.full((17, 3), 0.9, np.float32)
        joint_J3[:, :2] = walker._joint_TJ3[t, :, :2]
        results += bodies.push(frame(100 + t / 12, ("7", joint_J3)), 0)
    assert results[0].t_s == pytest.approx(100 + 5 / 12)
    assert {each.source for each in results} == {"door"}
    assert results[0].latency_ms > 1000  # the frame left its source when this machine started
    # The nose is far to the right and high up all the time, as ANNA's.
    assert {(each.state, each.label) for each in results} == {("not yet", ""), ("known", "ANNA")}
    assert bodies.report.tracks == 1
    bodies.close()
    assert "too short" in Bodies(model, "door").no_window({})


def test_the_gallery_of_another_model_is_refused(model: Model) -> None:
    with pytest.raises(ArtefactError, match="different models cannot be compared"):
        Bodies(model, "door", empty_gallery(gait_card("b" * 64)))
