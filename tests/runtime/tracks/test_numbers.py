"""Numbers of tracks, each given once."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from edgehuman.errors import DataError, UsageError
from edgehuman.runtime.tracks.numbers import AHEAD, Numbers


def test_they_begin_at_1_and_cameras_share_them() -> None:
    numbers = Numbers()
    assert [numbers.next() for _ in range(3)] == [1, 2, 3]
    taken: list[int] = []
    threads = [
        threading.Thread(target=lambda: taken.extend(numbers.next() for _ in range(500)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == list(range(4, 2004))


def test_after_a_restart_none_comes_again_even_if_the_process_was_killed(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "ids.txt"
    first = Numbers(path)
    assert [first.next(), first.next()] == [1, 2]
    assert path.read_text() == f"{AHEAD}\n"  # written before the first was given
    second = Numbers(path)
    assert second.next() == AHEAD + 1
    # The first goes on with what it reserved, and then beyond what the second has.
    assert [first.next() for _ in range(AHEAD - 2)] == list(range(3, AHEAD + 1))
    assert first.next() == 2 * AHEAD + 1
    assert second.next() == AHEAD + 2


@pytest.mark.parametrize("content", [b"", b"seven", b"-1", b"1 2", b"1" * 30, b"\xff\x00"])
def test_a_file_of_something_else_is_refused_and_stays(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ids.txt"
    path.write_bytes(content)
    with pytest.raises(DataError, match="does not hold the number of the last track"):
        Numbers(path)
    assert path.read_bytes() == content


def test_a_place_that_cannot_be_written_to_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError):
        Numbers(tmp_path / "file" / "ids.txt").next()
    with pytest.raises(DataError):
        Numbers(tmp_path)
