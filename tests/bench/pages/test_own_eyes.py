"""Walks that are cut from what the project's own networks saw of people in videos."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from edgehuman.bench.pages import own_eyes
from edgehuman.bench.pages.own_eyes import OwnEyesConfig, Sight, look, render, walks_of
from edgehuman.data.image.frames.set import FrameSet, People
from edgehuman.errors import DataError, UsageError
from edgehuman.metrics.tracking.mot import Truth
from edgehuman.records import Uint8
from edgehuman.runtime.image.frames.answer import Watching
from tests.runtime.gait.scenes import FRAMES, Walker
from tests.runtime.gallery.made import gait_card


def sights(seconds: float, is_usable: Callable[[float], bool] = lambda t_s: True) -> list[Sight]:
    """Ten looks a second at somebody whose joints move at a constant speed."""
    found = []
    for t in range(round(10 * seconds)):
        joint_J3 = np.full((17, 3), 0.9, np.float32)
        joint_J3[:, :2] = 10.0 * t
        record_HW = np.full((64, 64), 255, np.uint8) if is_usable(t / 10) else None
        found.append(Sight(t / 10, joint_J3, record_HW))
    return found


def test_what_is_seen_is_cut_in_two_with_a_second_between() -> None:
    seen = {("a", 1): sights(8.1), ("a", 2): sights(8.1), ("a", 3): sights(4.0)}
    bones, masks = walks_of(seen)
    assert bones.person_N.tolist() == ["a 1", "a 1", "a 2", "a 2"]
    assert bones.condition_N.tolist() == ["a 0", "a 1"] * 2
    # From 0 to 3.4 s at 24 frames a second, and from 4.6 to 8 s.
    assert bones.length_N.tolist() == [82, 82] * 2
    assert bones.sequence(1)[0, 0, :2].tolist() == pytest.approx([460, 460])
    assert masks.length_N.tolist() == [35, 35] * 2


def test_joints_are_of_the_longest_part_without_a_pause_and_outlines_of_all() -> None:
    broken = [each for each in sights(12.1) if not 1.0 < each.t_s < 1.8]
    bones, masks = walks_of({("a", 1): broken, ("b", 1): sights(12.1, lambda t_s: t_s > 1.0)})
    assert bones.length_N.tolist()[0] == 1 + int((5.4 - 1.8) * 24 + 1e-6)
    assert masks.length_N.tolist() == [48, 55, 44, 55]


def test_fewer_than_two_people_are_refused() -> None:
    with pytest.raises(DataError, match=r"the joints of 1 people are seen for 2\.5 s twice"):
        walks_of({("a", 1): sights(8.0), ("a", 2): sights(3.0)})
    with pytest.raises(DataError, match="the outlines of 0 people"):
        walks_of({("a", k): sights(8.0, lambda t_s: t_s < 1.0) for k in (1, 2)})


class _Pictures:
    def __len__(self) -> int:
        return 30

    def __getitem__(self, index: int, /) -> Uint8:
        return np.full((48, 64, 3), index, np.uint8)


def frames(shift: float, t_s: bool = True) -> FrameSet:
    """Frames whose truth is the walker of the scenes, moved aside by some pixels."""
    truth = []
    for t in range(30):
        x = 5 + 0.2 * t + shift
        box_G4 = np.array([[x, 5, x + 20, 43], [0, 0, 3, 3]], np.float64)
        ones = np.ones(2, np.int64)
        truth.append(Truth(np.array([7, 8]), box_G4, ones, np.array([True, True])))
    people = [People(np.zeros((0, 4), np.float32), np.zeros(0, np.bool_))] * 30
    names = [str(t) for t in range(30)]
    times = np.arange(30) / 10.0 if t_s else None
    own = np.full(30, "test"), np.full(30, "door")
    return FrameSet(_Pictures(), people, names, *own, "mot", tracks=truth, t_s_N=times)


@pytest.mark.parametrize(("shift", "count"), [(0.0, 30), (5.0, 30), (12.0, 0)])
def test_a_detection_is_of_the_person_whose_true_box_it_overlaps(
    shift: float, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert FRAMES >= 30
    walker = Walker()
    monkeypatch.setattr(own_eyes, "watching_for", lambda *words: Watching(walker, walker))
    seen = look(frames(shift), OwnEyesConfig("mot"))
    assert {key: len(each) for key, each in seen.items()} == ({("door", 7): 30} if count else {})
    for each in seen.get(("door", 7), [])[:3]:
        assert each.joint_J3.shape == (17, 3)
        assert each.record_HW is not None
        assert each.record_HW.shape == (64, 64)


def test_truth_without_times_is_refused() -> None:
    with pytest.raises(DataError, match="does not say who is who, and when"):
        look(frames(0.0, t_s=False), OwnEyesConfig("mot"))
    with pytest.raises(UsageError, match="threads"):
        OwnEyesConfig("mot", threads=0)


def test_the_nearest_half_and_what_the_model_gains() -> None:
    bones, _ = walks_of({("a", k): sights(8.1) for k in range(3)})
    own_ND = np.repeat(np.eye(3), 2, axis=0)
    wrong_ND = np.roll(own_ND, 1, axis=0)
    features = {"m": own_ND, "random weights, 1": wrong_ND, "bone": own_ND}
    table = own_eyes._scored(bones, features, gait_card())
    assert table["people"] == 3
    assert table["rank1"]["m"] == [1.0, 1.0, 1.0]
    assert table["rank1"]["random weights"][0] == 0.0
    assert table["gains"]["bone"] == [0.0, 0.0, 0.0]
    data = {"data": "mot", "detector": "d", "pose": "p", "segmenter": "s"}
    text = render({**data, "joints": table, "outlines": table, "fused": {}})
    assert "| m | 100.0 [100.0, 100.0] |  |" in text
    assert "| random weights | 0.0 [0.0, 0.0] | 100.0 [100.0, 100.0] |" in text


def test_both_models_look_for_the_people_who_have_both_records() -> None:
    """Four people, the fourth without usable outlines; joints take the first for the second."""
    seen = {("a", k): sights(8.1) for k in range(3)}
    bones, masks = walks_of({**seen, ("a", 3): sights(8.1, lambda t_s: t_s < 1.0)})
    turn_N = np.radians([0.0, 62, 60, 60, 150, 150, 9, 9])
    joints_ND = np.stack([np.cos(turn_N), np.sin(turn_N)], axis=1)
    turn_N = np.radians([0.0, 5, 70, 70, 150, 150])
    outlines_ND = np.stack([np.cos(turn_N), np.sin(turn_N)], axis=1)
    table = own_eyes.fused_of(bones, masks, (joints_ND, outlines_ND), [gait_card()] * 2)
    assert table["people"] == 3
    assert table["outlines"]["rank1"][0] == 1.0
    assert table["joints"]["rank1"][0] == pytest.approx(4 / 6)
    empty: dict[str, object] = {"people": 0, "rank1": {}, "gains": {}}
    data = {"data": "mot", "detector": "d", "pose": "p", "segmenter": "s", "fused": table}
    text = render({**data, "joints": empty, "outlines": empty})
    assert "| fused, 3 people | rank-1 | both gain |" in text
    assert "| outlines | 100.0 [100.0, 100.0] |" in text
    few = walks_of({("a", k): sights(8.1) for k in range(2)})
    assert own_eyes.fused_of(*few, (joints_ND[:4], outlines_ND[:4]), [gait_card()] * 2) == {}
