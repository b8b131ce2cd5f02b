"""What stands beside a run: only what was asked for, and flags that belong together."""

from __future__ import annotations

import re
from pathlib import Path

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
