"""Which flags are of frames."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from edgehuman.errors import UsageError
from edgehuman.runtime.gait.flags import FindingFlags, FrameFlags, require_none


def test_a_flag_of_frames_is_given_or_not() -> None:
    assert not any(FrameFlags().given_of_frames().values())
    assert not any(FindingFlags().given_finding().values())
    for flags, said in (
        (FrameFlags(every=2), "--every"),
        (FrameFlags(score=0.0), "--score"),
        (FrameFlags(detector="mog2"), "--detector"),
        (FrameFlags(ids=Path("ids.txt")), "--ids"),
        (FrameFlags(also=("1",)), "--also"),
        (FrameFlags(policy="all"), "--policy"),
        (FrameFlags(record=Path("day")), "--record"),
    ):
        given = flags.given_of_frames()
        assert [flag for flag, is_given in given.items() if is_given] == [said]
        with pytest.raises(UsageError, match=f"^{said} is for frames. Leave it out$"):
            require_none(given, "is for frames")


def test_every_flag_of_the_page_is_a_flag_of_the_run() -> None:
    @dataclass(frozen=True)
    class Run(FrameFlags):
        model: str = ""

    assert Run(serve="1").live.serve == "1"
