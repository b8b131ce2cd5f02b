"""When a stream is over: by its stamps, and of a live source by the clock."""

from __future__ import annotations

import math
import signal
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from edgehuman.cli import main
from edgehuman.errors import ArtefactError, DataError, UsageError
from edgehuman.runtime.imu.windows import WindowMaker
from edgehuman.runtime.loop.play import (
    MAX_HOP_S,
    MAX_WINDOW,
    first_seconds,
    play,
    require_cut,
    require_hop,
    require_seconds,
)
from edgehuman.runtime.skeleton.lines import NOTHING, PoseBlock, pose_block
from edgehuman.runtime.skeleton.windows import PoseWindows
from tests.runtime.gait_models import write_gait_model
from tests.runtime.listening import ended, free_address

Clock = SimpleNamespace


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that stands until it is set."""
    found = Clock(now_s=100.0)
    monkeypatch.setattr(
        "edgehuman.runtime.loop.play.time", SimpleNamespace(monotonic=lambda: found.now_s)
    )
    return found


def frame(stamp_s: float) -> PoseBlock:
    return pose_block([(stamp_s, "a", np.ones((18, 3), np.float32), 0, 0)])


def played(clock: Clock, *steps: tuple[float, PoseBlock]) -> Iterator[PoseBlock]:
    """A block at each time of the clock, seconds after the start; then it may not go on."""
    for after_s, block in steps:
        clock.now_s = 100.0 + after_s
        yield block
    raise AssertionError("nobody ended it")


@pytest.mark.parametrize("hop_s", [0, -1, MAX_HOP_S + 1, 1e6, math.inf, math.nan])
def test_a_hop_is_above_0_and_at_most_an_hour(hop_s: float) -> None:
    assert require_hop(MAX_HOP_S) == MAX_HOP_S
    with pytest.raises(UsageError, match="above 0, at most 3600"):
        require_hop(hop_s)


def test_a_file_ends_by_its_stamps_alone(clock: Clock) -> None:
    blocks = played(clock, (0, frame(5)), (99, NOTHING), (99, frame(6.9)), (99, frame(7)))
    assert [len(block) for block in first_seconds(blocks, 2)] == [1, 0, 1]


@pytest.mark.parametrize("size", [1, 3, 20])
def test_a_file_whose_clock_steps_back_ends_all_the_same(size: int, clock: Clock) -> None:
    """Ten frames a second; an hour back after one second of the two."""
    stamps = [7200 + k / 10 - 3600 * (k >= 10) for k in range(60)]
    rows = [(stamp_s, "a", np.ones((18, 3), np.float32), 0, 0) for stamp_s in stamps]
    blocks = played(clock, *((0, pose_block(rows[at : at + size])) for at in range(0, 60, size)))
    found = list(first_seconds(blocks, 2))
    last = [float(stamp_s) for block in found for stamp_s in block.stamp_s_T][-1]
    assert sum(map(len, found)) == pytest.approx(20, abs=1)
    assert last == pytest.approx(3602, abs=0.2)


@pytest.mark.parametrize(
    ("steps", "lengths"),
    [
        # Nobody sends.
        ([(0.5, NOTHING), (1.5, NOTHING), (2.0, NOTHING)], [0, 0, 0]),
        # They sent, and stopped: two seconds after the start it is over.
        ([(1.0, frame(0)), (1.1, frame(0.1)), (1.6, NOTHING), (2.1, NOTHING)], [1, 1, 0, 0]),
        # They began late and still send: the stream has its two seconds.
        ([(1.9, frame(0)), (2.1, frame(0.2)), (3.8, frame(1.9)), (3.9, frame(2))], [1, 1, 1]),
        # They send, and their stamps stand still, or go backwards.
        ([(0.1, frame(7)), (2.0, frame(7)), (2.6, frame(1))], [1, 1, 1]),
    ],
)
def test_a_live_source_ends_by_the_clock_too(
    steps: list[tuple[float, PoseBlock]], lengths: list[int], clock: Clock
) -> None:
    found = first_seconds(played(clock, *steps), 2, live=True)
    assert [len(block) for block in found] == lengths


@pytest.mark.parametrize("seconds", [0, -1.0, math.nan, math.inf])
def test_seconds_are_a_number_above_zero(seconds: float) -> None:
    with pytest.raises(UsageError, match=f"seconds is {seconds}; give a finite number above 0"):
        require_seconds(seconds)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["gait", "wearable"])
def test_a_run_on_a_silent_port_says_so(
    kind: str, tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = write_gait_model(tmp_path / "nose.onnx") if kind == "gait" else tiny
    spec = "udp://{}:{}".format(*free_address())
    assert ended(lambda: main(["run", str(model), "--source", spec, "--seconds", "0.2"])) == 1
    said = capsys.readouterr()
    assert f"edgehuman: {spec}: nothing arrived in 0.2 s; check that something sends" in said.err
    assert said.out == ""


@pytest.mark.parametrize("refused", [0, 3])
def test_no_window_because_others_were_refused_is_no_success(refused: int) -> None:
    """Also where the user ended it, as nothing came out."""
    report = {"rows": 1, "datagrams": 1, "refused_datagrams": refused}
    listener = SimpleNamespace(
        push=lambda block: [],
        close=list,
        report=SimpleNamespace(as_dict=dict),
        tally=SimpleNamespace(windows=0, summary=dict),
        no_window=lambda source: "1 row holds no window",
    )

    class Stopped:
        name, live, may_skip = "udp://:1", True, True
        report = staticmethod(lambda: report)

        def __enter__(self) -> Stopped:
            return self

        def __exit__(self, *exception: object) -> None:
            pass

        def __iter__(self) -> Iterator[PoseBlock]:
            yield frame(1)
            signal.raise_signal(signal.SIGINT)

    if not refused:
        assert play(listener, Stopped(), []).summary["stopped"]
        return
    with pytest.raises(
        DataError, match=r"holds no window; 3 datagrams of other senders .*--sender"
    ):
        play(listener, Stopped(), [])


@pytest.mark.parametrize(("window", "rate_hz"), [(10**9, 50.0), (128, 1e12), (128, float("nan"))])
def test_a_card_that_states_too_much_is_refused_before_memory_is_asked_for(
    window: int, rate_hz: float
) -> None:
    for make in (
        lambda: WindowMaker(window=window, rate_hz=rate_hz),
        lambda: PoseWindows(window, 0.5, rate_hz),
    ):
        with pytest.raises(ArtefactError, match=r"card states windows .* Export the model again"):
            make()
    require_cut(MAX_WINDOW, 5000.0)
