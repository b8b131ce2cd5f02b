"""What has to be known of a fit is there, or said to be unknown."""

from __future__ import annotations

from edgehuman.bench.fits.checklist import checklist
from edgehuman.bench.fits.study import Cell, Study
from edgehuman.bench.laws.curves import Rules
from edgehuman.bench.scale.points import Point

_STUDY = Study(
    "loss",
    "loss",
    "L",
    (Cell("a", {}, {"hours": 1.0}, 0.5, 3, 0.02),),
    tuple(f"c{k}: diverged" for k in range(7)),
    ("the lowest loss counts",),
    "abc",
)


def test_every_question_of_the_reference_is_answered() -> None:
    points = [Point("a", lr=1e-3, steps=100, batch=64, trunk="t"), Point("b", lr=1e-4)]
    said = checklist(_STUDY, ["L = a hours^-b"], ["hours"], Rules(), True, points)
    assert said["how x is counted"] == "hours: hours of the training data"
    assert said["points"] == "1 cells of 3 runs; y is loss"
    assert said["excluded"].startswith("7: c0: diverged;")
    assert said["excluded"].endswith("and 2 more")
    assert "ftol 1e-14, 54 starts" in said["loss and optimiser"]
    assert "90%, bootstrap of 1000 draws by cell" in said["intervals"]
    assert said["validation"] == "protocol abc"
    assert said["noise between seeds"] == "0.02 (standard deviation, of logs)"
    assert said["schedules"] == "learning rate 0.0001, 0.001; steps 100; batch 64"
    assert said["dependent checkpoints"] == "1 points of 1 trunks"
    assert said["data"] == "measured"


def test_what_is_unknown_is_said_to_be() -> None:
    cell = Cell("a", {"group": ""}, {"x": 1.0}, 0.5)
    said = checklist(Study("y", "loss", "y", (cell,)), [], ["x"], Rules(), False)
    assert said["validation"] == "not stated"
    assert said["noise between seeds"] == "unknown (one seed)"
    assert said["how x is counted"] == "x: as given"
    assert "schedules" not in said


def test_simulated_points_are_said() -> None:
    points = [Point("a", simulated=True), Point("b")]
    said = checklist(_STUDY, [], ["hours"], Rules(), False, points)
    assert said["data"] == "1 of 2 points simulated, fitted apart"
    assert checklist(_STUDY, [], [], Rules(), False, points[:1])["data"] == "simulated"
