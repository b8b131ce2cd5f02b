"""Trying again, ever later; remarks, each once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from edgehuman.runtime.lines.messages import MOST_REMARKS, Backoff, Remarks


def test_tries_come_ever_later_up_to_half_a_minute_and_begin_anew() -> None:
    now_s = [100.0]
    backoff = Backoff(clock=lambda: now_s[0])
    due = [backoff.is_due]
    for wanted_s in (1, 2, 4, 8, 16, 30, 30, 30):
        pause_s = backoff.failed()
        assert 0.8 * wanted_s <= pause_s <= 1.2 * wanted_s
        now_s[0] += 0.99 * pause_s
        due += [not backoff.is_due]
        now_s[0] += 0.02 * pause_s
        due += [backoff.is_due]
    assert all(due)
    backoff.worked()
    assert backoff.failed() <= 1.2


def test_pauses_differ_so_that_many_do_not_come_back_at_once() -> None:
    assert len({round(Backoff().failed(), 6) for _ in range(20)}) > 10


@pytest.mark.parametrize(("end", "factor"), [(min, 0.8), (max, 1.2)])
def test_pauses_are_a_fifth_shorter_or_longer(
    end: Callable[[float, float], float], factor: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgehuman.runtime.lines.messages.random.uniform", end)
    backoff = Backoff()
    found = [backoff.failed() for _ in range(7)]
    assert found == pytest.approx([factor * wanted_s for wanted_s in (1, 2, 4, 8, 16, 30, 30)])


def test_a_remark_is_made_once_and_they_are_few() -> None:
    remarks = Remarks()
    for n in range(100):
        remarks.add("the same")
        remarks.add(f"another {n}")
    assert remarks.told[:2] == ["the same", "another 0"]
    assert len(remarks.told) == MOST_REMARKS
