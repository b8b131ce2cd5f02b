"""The pauses between attempts."""

from __future__ import annotations

import pytest

from edgehuman.runtime.image.camera.backoff import Backoff


def test_pauses_double_up_to_half_a_minute_and_begin_anew() -> None:
    backoff = Backoff(lambda: 0.5)
    assert [backoff.next_s() for _ in range(7)] == [1, 2, 4, 8, 16, 30, 30]
    backoff.reset()
    assert backoff.next_s() == 1


@pytest.mark.parametrize(("chance", "factor"), [(0.0, 0.8), (1.0, 1.2)])
def test_they_are_a_fifth_shorter_or_longer(chance: float, factor: float) -> None:
    backoff = Backoff(lambda: chance)
    assert [backoff.next_s() for _ in range(2)] == pytest.approx([factor, 2 * factor])
