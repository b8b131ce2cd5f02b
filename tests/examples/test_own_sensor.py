"""The example of a sensor's callback runs on the device half, and counts what it got."""

from __future__ import annotations

import re
from pathlib import Path

from tests.examples.running import run_example


def test_a_callback_gets_its_answers(tmp_path: Path) -> None:
    said = run_example("own_sensor", "--seconds", "12", folder=tmp_path).splitlines()
    found = re.fullmatch(r"(\d+) answers from 600 samples", said[-1])
    assert found is not None
    assert int(found[1]) == len(said) - 1 == 15  # a window of 2.56 s, then one every 0.64 s
