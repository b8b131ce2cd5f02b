"""Processes that cannot find each other, or lose each other, are told in a line."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest

from edgehuman.errors import TrainingError, UsageError
from edgehuman.training.loop import train_steps
from edgehuman.training.many.joining import exchanging, require_group
from tests.training.toy import line_config, line_job

GROUP = {"WORLD_SIZE": "2", "RANK": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29999"}


@pytest.fixture
def group(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """This process is the second of two that meet at a port where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        found = {**GROUP, "MASTER_PORT": str(free.getsockname()[1])}
    for name, value in {**found, "EDGEHUMAN_JOIN_S": "1"}.items():
        monkeypatch.setenv(name, value)
    return found


@pytest.mark.parametrize("rank", ["0", "1"])
def test_an_unreachable_meeting_point_ends_in_time_with_a_line(
    rank: str, group: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RANK", rank)
    begin_s = time.monotonic()
    said = rf"process {rank} of 2 found nobody at 127.0.0.1:{group['MASTER_PORT']} in 1 s .* check"
    with pytest.raises(TrainingError, match=said):
        train_steps(line_job(), line_config(tmp_path, device="cpu"))
    assert time.monotonic() - begin_s < 10


@pytest.mark.usefixtures("group")
@pytest.mark.parametrize("name", ["RANK", "MASTER_ADDR", "MASTER_PORT"])
def test_a_world_size_alone_does_not_say_where_the_others_are(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv(name)
    said = f"WORLD_SIZE is 2 in the environment, but {name} is not set; start the .* torchrun"
    with pytest.raises(UsageError, match=said):
        train_steps(line_job(), line_config(tmp_path / "run", device="cpu"))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [("RANK", "2", "RANK is 2 .* WORLD_SIZE 2"), ("MASTER_PORT", "70000", "1 to 65535")],
)
@pytest.mark.usefixtures("group")
def test_numbers_out_of_range(
    name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_group()
    monkeypatch.setenv(name, value)
    with pytest.raises(UsageError, match=said):
        require_group()


def test_one_process_needs_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    require_group()
    with pytest.raises(RuntimeError, match=r"^gloo/transport"), exchanging("runs/x"):
        raise RuntimeError("gloo/transport/tcp/pair.cc:534] Connection closed by peer")


@pytest.mark.usefixtures("group")
def test_a_lost_process_is_named_and_other_errors_stay() -> None:
    lost = "[gloo/transport/tcp/pair.cc:534] Connection closed by peer [127.0.0.1]:4"
    said = r"process 1 lost another .* runs/x keeps the last checkpoint"
    with pytest.raises(TrainingError, match=said), exchanging("runs/x"):
        raise RuntimeError(lost)
    for error in (RuntimeError("mat1 and mat2"), TrainingError("gloo/ no finite loss")):
        with pytest.raises(type(error), match=str(error)), exchanging("runs/x"):
            raise error
