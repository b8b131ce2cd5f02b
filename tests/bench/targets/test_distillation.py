"""What distillation costs: counted, and ratios of two sides."""

from __future__ import annotations

from typing import Any

import pytest

from edgehuman.bench.targets import distillation
from edgehuman.bench.targets.targets import choose


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small teacher and few windows."""
    pytest.importorskip("torch")
    for name, value in (("TEACHER", "imuconv_288k"), ("WINDOWS", 64), ("FORWARD", 32)):
        monkeypatch.setattr(distillation, name, value)


def test_a_second_student_asks_nothing() -> None:
    assert distillation.asked_of_a_second_student() == 0


def test_what_is_asked_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    from edgehuman.distill.targets.targets import OnTheFly

    def not_kept(folder: Any, teacher: Any, count: int) -> Any:
        names, imu_NTC = [str(number) for number in range(count)], distillation._windows()
        return OnTheFly(teacher, names, lambda index_B, view: imu_NTC[index_B], ["logits"])

    monkeypatch.setattr(distillation, "_keep", not_kept)
    assert distillation.asked_of_a_second_student() == 64 - 1


@pytest.mark.parametrize(
    ("measure", "sides", "said", "expected"),
    [
        (distillation.writing_over_answering, ["answers", "kept"], (9.0, 10.0), 0.9),
        (distillation.waiting_over_step, ["read", "learn"], (1.0, 19.0), 0.05),
    ],
)
def test_the_ratios_are_of_two_sides(
    measure: Any,
    sides: list[str],
    said: tuple[float, float],
    expected: float,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    taken: list[str] = []

    def in_turns(calls: dict[str, Any], rounds: int, clock: Any) -> dict[str, float]:
        taken.extend(calls)
        for call in calls.values():
            call()
        return dict(zip(calls, said, strict=True))

    monkeypatch.setattr(distillation, "in_turns", in_turns)
    assert measure() == pytest.approx(expected)
    assert taken == sides


def test_the_targets_are_in_the_table() -> None:
    assert {target.name for target in choose(["targets-kept", "asked", "distil"])} == {
        "targets-kept",
        "asked-again",
        "distil-waits",
    }
