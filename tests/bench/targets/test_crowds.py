"""What parting everybody costs: ratios of one run."""

from __future__ import annotations

import pytest

from edgehuman.bench.targets import crowds
from edgehuman.bench.targets.crowds import SIZE, made_rows
from edgehuman.bench.targets.table import TARGETS
from edgehuman.metrics.crowds.answers import people_of, require_rows
from edgehuman.preprocess.image.letterbox import Letterbox


def test_made_answers_hold_so_many_people_with_parts() -> None:
    row_RX = require_rows(made_rows(21)[None], 20, SIZE)[0]
    people = people_of(row_RX, 20, SIZE, Letterbox(1.0, 1.0, 0, 0, *SIZE), 0.5)
    assert len(people) == 21
    assert all(each.mask_HW.all() and each.person.part_HW.any() for each in people)
    assert all(each.box_4[2] <= SIZE[1] for each in people)


def test_ratios_are_of_one_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    times = {"boxes": 10.0, "person_parts": 14.0, "torch": 35.0}
    monkeypatch.setattr(crowds, "network_ms", lambda: times)
    monkeypatch.setattr(crowds, "in_warm_turns", lambda turns, rounds: [1.0, 5.0])
    assert crowds.parser_over_detector() == 1.4
    assert crowds.torch_over_onnxruntime() == 2.5
    # 4 ms for 20 people more, of 14 ms and 1.
    assert crowds.person_over_frame() == pytest.approx(100 * 0.2 / 15)
    assert "one more 0.200 ms" in capsys.readouterr().err


def test_they_are_among_the_targets() -> None:
    found = {each.name: (each.sense, each.goal, each.unit) for each in TARGETS}
    assert found["crowds"] == ("at most", 1.5, "x")
    assert found["crowds-torch"] == ("at least", 1.5, "x")
    assert found["crowds-more"] == ("at most", 2.0, "%")
