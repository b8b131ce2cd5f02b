"""What stands beside a run: only what was asked for, and flags that belong together."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from edgehuman.errors import UsageError
from edgehuman.runtime.serve.beside import Beside
from edgehuman.runtime.serve.board import About
from edgehuman.runtime.serve.flags import LiveFlags

ABOUT = About("frames", "zoo:x", "door.mp4")


def test_without_flags_there_is_no_page_and_no_thread() -> None:
    said: list[str] = []
    with Beside(LiveFlags(), ABOUT, said.append) as beside:
        assert list(beside.through(range(3))) == [0, 1, 2]
        beside.end({})
    assert (beside.board, beside.report(), said) == (None, {}, [])


def test_the_address_is_said_once_with_its_token() -> None:
    said: list[str] = []
    with Beside(LiveFlags(serve="0"), ABOUT, said.append) as beside:
        assert beside.board is not None
        beside.end({"frames": 0})
    (line,) = said
    assert re.fullmatch(r"page: http://127\.0\.0\.1:\d+/\?token=[\w-]{43}", line)
    assert beside.report() == {"page": {"skipped": 0, "refused": 0, "slow": 0}}


def test_the_token_of_a_file_is_not_said(tmp_path: Path) -> None:
    said: list[str] = []
    path = tmp_path / "token"
    with Beside(LiveFlags(serve="0", serve_token=path), ABOUT, said.append):
        assert path.read_text().strip() not in said[0]
        assert str(path) in said[0]


def test_in_the_open_it_says_that_nothing_is_encrypted() -> None:
    said: list[str] = []
    with Beside(LiveFlags(serve="0.0.0.0:0"), ABOUT, said.append):
        pass
    assert "unencrypted" in said[1]


@pytest.mark.parametrize(
    "flags",
    [
        LiveFlags(serve_name=("a",)),
        LiveFlags(serve_token=Path("t")),
        LiveFlags(serve_cert=Path("c")),
        LiveFlags(serve_key=Path("k")),
    ],
)
def test_a_flag_of_the_page_needs_the_page(flags: LiveFlags) -> None:
    with pytest.raises(UsageError, match="add --serve PORT"):
        Beside(flags, ABOUT, print)


class Slow:
    """Keeps a record in `seconds`; `recorder.kept` counts them."""

    name, may_skip = "record", False

    def __init__(self, seconds: float) -> None:
        self.recorder: Any = SimpleNamespace(kept=0, removed=0, size=0)
        self._seconds = seconds

    def write(self, results: Sequence[Any]) -> None:
        for _ in results:
            time.sleep(self._seconds)
            self.recorder.kept += 1

    def close(self) -> None:
        pass


def test_what_is_kept_is_waited_for_as_long_as_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgehuman.runtime.serve.beside.LAST_WRITES_S", 0.1)
    with Beside(LiveFlags(), ABOUT, print) as beside:
        beside.keep_by(slow := Slow(0.03), lossless=True)
        assert list(beside.through(range(12))) == list(range(12))  # takes 0.36 s to keep
        assert beside.close_sinks() == []
    assert slow.recorder.kept == 12
    with Beside(LiveFlags(), ABOUT, print) as beside:
        beside.keep_by(Slow(0.4), lossless=True)
        beside.keep(0, 0)
        assert beside.close_sinks() == ["record: still writing after 0.1 s; the rest is lost"]
