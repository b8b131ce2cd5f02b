"""Files and JSON are measured before memory is made for them."""

from __future__ import annotations

import os
import sys
import threading
import time
import tracemalloc
from pathlib import Path

import pytest

from edgehuman.errors import DataError, UsageError
from edgehuman.limits import sizes
from edgehuman.limits.sizes import (
    MOST_TEXT,
    read_bounded,
    require_few_lines,
    require_plain_toml,
)


def test_a_file_is_read_up_to_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"12345")
    assert read_bounded(path, 5, DataError) == b"12345"
    with pytest.raises(DataError, match=r"a\.csv: has 5 bytes; a recording may have 4"):
        read_bounded(path, 4, DataError, "recording")
    with pytest.raises(UsageError, match="may have 0"):
        read_bounded(path, 0, UsageError)
    with pytest.raises(FileNotFoundError):
        read_bounded(tmp_path / "none", 4, DataError)


def test_neither_a_sparse_file_nor_a_small_one_takes_the_memory_of_its_limit(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"x")
    tracemalloc.start()
    assert read_bounded(path, MOST_TEXT, DataError) == b"x"
    os.truncate(path, 1 << 40)
    with pytest.raises(DataError, match="has 1,099,511,627,776 bytes"):
        read_bounded(path, MOST_TEXT, DataError)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


@pytest.mark.skipif(sys.platform == "win32", reason="no devices and pipes with a path there")
def test_devices_and_pipes_end_too(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="zero: goes on after 3,000,000 bytes"):
        read_bounded(Path("/dev/zero"), 3_000_000, DataError)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    threading.Thread(target=pipe.write_bytes, args=(b"x" * 3_000_000,), daemon=True).start()
    assert len(read_bounded(pipe, 3_000_000, DataError)) == 3_000_000


def test_lines_are_counted_before_they_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sizes, "MOST_LINES", 10)
    require_few_lines(b"a\n" * 10, "a.csv", DataError)
    for end in (b"\n", b"\r"):
        with pytest.raises(DataError, match=r"a\.csv: has over 10 lines"):
            require_few_lines(end * 11, "a.csv", DataError)


def test_keys_of_many_parts_are_refused_in_no_time() -> None:
    plain = "a.b.c = [" + "0.5, " * 5000 + "\n" + "0.25,1.5," * 5000 + ']\n["x.y" . z]\n'
    require_plain_toml(plain.encode(), "r.toml", UsageError)
    start = time.process_time()
    for text in (
        "a." * 400_000 + "b = 1",
        "[" + "a . " * 200_000 + "b]",
        'x = {"," . ' + "a." * 99,
    ):
        with pytest.raises(UsageError, match=r"r\.toml: a key has over 64 parts"):
            require_plain_toml(text.encode(), "r.toml", UsageError)
    assert time.process_time() - start < 5
