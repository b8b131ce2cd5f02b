"""How a sensor is worn, learnt from walking: on a made network that knows walking by its motion."""

from __future__ import annotations

from unittest.mock import Mock

import numpy as np
import pytest

from edgehuman.card import IMU_INPUT, Card, Decision, OutputSpec
from edgehuman.errors import ArtefactError, UsageError
from edgehuman.preprocess.imu.moved import motions
from edgehuman.preprocess.imu.upright import gravity
from edgehuman.records import Float32, WindowSet
from edgehuman.runtime.imu.learnt import as_learnt, as_worn
from edgehuman.runtime.imu.mounting import BEGINNING, IN_A_ROW, Mounting, as_usual

LABELS = ("walking", "sitting")
DECISION = Decision(upright=("walking",), upright_axes=("+x", "-y"))
CARD = Card(
    "made", "activity", "made", 1, 1, IMU_INPUT,
    OutputSpec("classes", LABELS, placements=("waist", "wrist")), DECISION,
)  # fmt: skip


def window(up_3: tuple[float, float, float], walks: bool) -> Float32:
    imu_TC = np.zeros((128, 6), np.float32)
    imu_TC[:, :3] = up_3
    if walks:
        imu_TC[::2, 3] = 1.0
    return imu_TC


def tells(mounting: Mounting, imu_TC: Float32, label: str) -> bool:
    (motion,) = motions(imu_TC[None])
    return mounting.tells(motion, label)


def output(walks: bool, wrist: float = 0.9) -> Float32:
    """Logits of waist walking, waist sitting, wrist walking, wrist sitting."""
    prob = 0.95 if walks else 0.05
    joint = [(1 - wrist) * prob, (1 - wrist) * (1 - prob), wrist * prob, wrist * (1 - prob)]
    return np.log(np.array(joint, np.float32))


def walk(mounting: Mounting, up_3: tuple[float, float, float], hops: int, start: int = 0) -> None:
    for hop in range(start, start + hops):
        mounting.read(window(up_3, True), output(True), 0.64 * hop)


def test_a_few_windows_of_walking_say_which_way_is_up_and_where_it_is_worn() -> None:
    mounting = Mounting(CARD)
    sat = window((0.0, 0.0, 1.0), False)
    assert mounting.read(sat, output(False), 0.0).argmax() == 1
    walk(mounting, (0.0, 0.0, 1.0), IN_A_ROW - 1)
    assert mounting.turned(sat) is sat
    walk(mounting, (0.0, 0.0, 1.0), IN_A_ROW)
    assert mounting.worn is not None
    assert gravity(mounting.turned(sat)[None])[0] == pytest.approx([1, 0, 0], abs=1e-6)
    said = mounting.worn.said(("waist", "wrist"))
    assert said == {
        "off_deg": 90, "learnt_at_s": 0.0, "placement": "wrist", "placement_prob": 0.9,
    }  # fmt: skip


def test_no_walking_a_pause_between_or_a_fixed_mounting_teach_nothing() -> None:
    for mounting, answers in (
        (Mounting(CARD), (False,) * 9),
        (Mounting(CARD), (True, True, False) * 3),
        (Mounting(CARD, fixed=True), (True,) * 9),
        (Mounting(CARD.replace(decision=Decision())), (True,) * 9),
    ):
        for hop, walks in enumerate(answers):
            mounting.read(window((0.0, 1.0, 0.0), walks), output(walks), 0.64 * hop)
        assert mounting.worn is None
        taken = window((0.0, 1.0, 0.0), False)
        assert mounting.turned(taken) is taken


def test_a_sensor_that_is_moved_is_learnt_anew() -> None:
    mounting = Mounting(CARD)
    walk(mounting, (0.0, 0.0, 1.0), 10)
    walk(mounting, (0.0, 1.0, 0.0), IN_A_ROW - 1, start=10)
    assert mounting.worn is not None
    assert mounting.worn.up_3 == pytest.approx([0, 0, 1])
    walk(mounting, (0.0, 1.0, 0.0), 1, start=12)
    assert mounting.worn.up_3 == pytest.approx([0, 1, 0])


def test_a_given_placement_is_known_at_once_and_walking_corrects_its_mounting_alone() -> None:
    mounting = Mounting(CARD, placement="wrist")
    assert mounting.worn is not None
    assert mounting.worn.up_3 == pytest.approx([0, -1, 0])
    assert mounting.worn.said(("waist", "wrist"))["learnt_at_s"] is None
    for hop in range(IN_A_ROW):
        mounting.read(window((0.0, 0.0, 1.0), True), output(True, wrist=0.1), 0.64 * hop)
    assert mounting.worn.up_3 == pytest.approx([0, 0, 1])
    assert mounting.worn.prob_P == pytest.approx([0, 1])


def test_a_placement_that_the_model_does_not_know_is_refused() -> None:
    with pytest.raises(UsageError, match=r"--placement knee: not a placement.*valid: waist, wrist"):
        as_usual(CARD, "knee")
    plain = CARD.replace(output=OutputSpec("classes", LABELS))
    with pytest.raises(UsageError, match="its card names none; leave it out"):
        Mounting(plain, placement="wrist")


def test_a_stream_that_begins_as_usual_is_told_its_wearer_s_postures() -> None:
    mounting = Mounting(CARD)
    across, along = window((0.0, 0.0, 1.0), False), window((0.9, 0.0, 0.4), False)
    assert not any(
        tells(mounting, across, "sitting") for _ in range(9)
    )  # still in its wearer's hand
    assert [tells(mounting, along, "sitting") for _ in range(IN_A_ROW)] == [False, False, True]
    assert tells(mounting, across, "sitting")  # the sensor is worn as usual: its wearer lies


def test_a_sensor_worn_as_usual_is_told_from_the_first_window_on() -> None:
    mounting = Mounting(CARD)
    assert all(tells(mounting, window((0.9, 0.0, 0.4), False), "sitting") for _ in range(9))


def test_one_that_begins_otherwise_is_not_told_when_its_wearer_lies_down() -> None:
    mounting = Mounting(CARD)
    across, along = window((0.0, 0.0, 1.0), False), window((1.0, 0.0, 0.0), False)
    assert not any(tells(mounting, across, "sitting") for _ in range(BEGINNING))
    assert not any(tells(mounting, along, "sitting") for _ in range(50))
    walk(mounting, (0.0, 0.0, 1.0), IN_A_ROW)
    assert tells(mounting, along, "sitting")


@pytest.mark.parametrize(
    "mounting",
    [
        Mounting(CARD, fixed=True),
        Mounting(CARD, placement="wrist"),
        Mounting(CARD.replace(decision=Decision())),
    ],
    ids=["fixed", "stated", "learns none"],
)
def test_a_mounting_that_is_said_is_believed(mounting: Mounting) -> None:
    assert tells(mounting, window((0.0, 0.0, 1.0), False), "sitting")


def test_movement_and_walking_are_told_however_the_sensor_is_turned() -> None:
    mounting = Mounting(CARD)
    still = window((0.0, 0.0, 1.0), False)
    assert tells(mounting, still, "walking")
    shaken = still.copy()
    shaken[::2, 0] = 0.5
    assert tells(mounting, shaken, "sitting")
    assert not tells(mounting, still, "sitting")
    walk(mounting, (0.0, 0.0, 1.0), IN_A_ROW)
    assert tells(mounting, still, "sitting")


POCKET = Card(
    "made", "activity", "made", 1, 1, IMU_INPUT,
    OutputSpec("classes", ("walking", "standing"), placements=("waist", "pocket")),
    Decision(upright=("walking",), upright_axes=("+x", "y")),
)  # fmt: skip


def test_standing_says_which_end_of_a_pocket_is_up() -> None:
    mounting = Mounting(POCKET, placement="pocket")
    stood = window((-0.2, -0.95, 0.2), False)
    for hop in range(IN_A_ROW - 1):
        mounting.read(stood, output(False), 0.64 * hop)
    assert gravity(mounting.turned(stood)[None])[0][0] < 0  # still upside down
    mounting.read(stood, output(False), 2.0)
    assert gravity(mounting.turned(stood)[None])[0][0] > 0.9
    assert mounting.worn is not None
    assert mounting.worn.t_s is None  # walking still has to tell
    across = window((0.0, 0.0, 1.0), False)
    for hop in range(5):
        mounting.read(across, output(False), 3.0 + hop)
    assert gravity(mounting.turned(stood)[None])[0][0] > 0.9


def test_a_moving_or_tilted_thigh_says_nothing() -> None:
    mounting = Mounting(POCKET, placement="pocket")
    shaken = window((0.0, -1.0, 0.0), False)
    shaken[::2, 1] -= 0.6
    for hop in range(9):
        mounting.read(window((0.0, -0.5, 0.86), False), output(False), 0.64 * hop)
        mounting.read(shaken, output(False), 0.64 * hop)
    assert mounting.worn is not None
    assert mounting.worn.up_3 == pytest.approx([0, 1, 0])


def rest(mounting: Mounting, up_3: tuple[float, float, float], hops: int, start: int) -> list[bool]:
    """Whether the still windows of some hops are believed."""
    told = []
    for hop in range(start, start + hops):
        mounting.read(window(up_3, False), output(False), 0.64 * hop)
        told.append(tells(mounting, window(up_3, False), "sitting"))
    return told


@pytest.mark.parametrize("placement", [None, "waist", "wrist"])
def test_a_sensor_turned_while_its_wearer_is_still_tells_no_posture_until_they_walk(
    placement: str | None,
) -> None:
    mounting = Mounting(CARD, placement=placement)
    walk(mounting, (0.0, 0.0, 1.0), 8)
    assert all(rest(mounting, (0.0, 0.0, 1.0), 4, 8))
    assert not any(rest(mounting, (0.0, 1.0, 0.0), 4, 12))
    assert mounting.moved_s == pytest.approx(12 * 0.64)
    assert tells(mounting, window((0.0, 1.0, 0.0), True), "walking")
    walk(mounting, (0.0, 1.0, 0.0), 8, 16)
    assert mounting.moved_s is None
    assert all(rest(mounting, (0.0, 1.0, 0.0), 4, 24))
    assert all(rest(Mounting(CARD, fixed=True), (0.0, 1.0, 0.0), 4, 12))


def test_windows_in_which_gravity_turns_teach_nothing_however_sure_the_network_is() -> None:
    mounting = Mounting(CARD)
    lies_down_TC = window((1.0, 0.0, 0.0), True)
    lies_down_TC[64:, :3] = (0.0, 0.0, 1.0)
    for hop in range(9):
        mounting.read(lies_down_TC, output(True), 0.64 * hop)
    assert mounting.worn is None
    walk(mounting, (0.9, 0.0, 0.2), IN_A_ROW, 9)
    assert mounting.worn is not None


@pytest.mark.parametrize(("changes", "expected"), [(1, 4), (2, 8), (3, 12), (9, 12)])
def test_windows_before_the_mounting_may_change_are_told_ahead(changes: int, expected: int) -> None:
    """The first three of walking tell it, and then every fourth does."""
    walks_TC, stands_TC = window((1.0, 0.0, 0.0), True), window((1.0, 0.0, 0.0), False)
    walks_TC[::2, 0] = 1.5
    ahead = motions(np.stack([walks_TC] * 12))
    mounting = Mounting(CARD)
    assert mounting.settled(ahead, 1) == IN_A_ROW
    walk(mounting, (1.0, 0.0, 0.0), IN_A_ROW)
    assert mounting.worn is not None
    assert mounting.settled(ahead[:1], changes) == 1
    stood = motions(np.stack([stands_TC] * 5))
    assert mounting.settled(stood, 1) == 1  # whoever walked may go on
    mounting.read(stands_TC, output(False), 0.64 * IN_A_ROW)
    assert mounting.settled(stood, 1) == 5
    assert mounting.settled(ahead, changes) == expected
    assert Mounting(CARD, fixed=True).settled(ahead, changes) == 12


class _Broken:
    """An engine whose outputs are not numbers."""

    def run(self, imu_NTC: Float32) -> Float32:
        return np.full((len(imu_NTC), 4), np.nan, np.float32)


def test_outputs_of_nan_are_no_logits() -> None:
    model = Mock(card=CARD, engine=_Broken(), labels=LABELS)
    model.name = "made"
    given = (np.zeros(3, np.int64), np.array(["a"] * 3), np.zeros(3, bool), LABELS, ("own",))
    windows = WindowSet(np.zeros((3, 128, 6), np.float32), *given)
    for output in (as_worn, as_learnt):
        with pytest.raises(ArtefactError, match="the outputs of made are not finite"):
            output(model, windows, 2)
