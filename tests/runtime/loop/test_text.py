"""Lines from files and pipes, as they come."""

from __future__ import annotations

import codecs
import contextlib
import fcntl
import gzip
import os
import pty
import re
import time
import tracemalloc
from functools import partial
from pathlib import Path

import pytest

from edgehuman.errors import DataError
from edgehuman.preprocess.imu.recording import ImuFormat
from edgehuman.runtime.imu.feeds import TextFeed
from edgehuman.runtime.imu.source import source_of
from edgehuman.runtime.loop.text import (
    MAX_LINE,
    LineCutter,
    is_array,
    open_file,
    read_lines,
    standard_input,
)

# Without the time of packing: every process of the tests makes the same bytes.
compress = partial(gzip.compress, mtime=0)


def pipe(content: bytes) -> int:
    """A pipe that holds this and is closed; short enough for the pipe's own buffer."""
    out, into = os.pipe()
    os.write(into, content)
    os.close(into)
    return out


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", [([], True)]),
        (b"one\r\ntwo\n", [(["one", "two"], False), ([], True)]),
        (b"one\rtwo\r\rthree\r", [(["one", "two", ""], False), (["three"], True)]),
        (b"one\r\r\ntwo\n", [(["one", "two"], False), ([], True)]),
        (b"one\ntwo", [(["one"], False), (["two"], True)]),
        (b"\xb0C\n  ", [(["\N{DEGREE SIGN}C"], False), ([], True)]),  # cp1252
    ],
)
def test_lines_and_what_no_line_end_closed(
    content: bytes, found: list[tuple[list[str], bool]]
) -> None:
    descriptor = pipe(content)
    assert list(read_lines(descriptor, "p", "lines")) == found
    os.close(descriptor)


def test_a_quiet_pipe_gives_no_lines_and_does_not_end() -> None:
    out, into = os.pipe()
    lines = read_lines(out, "p", "lines")
    assert next(lines) == ([], False)
    os.write(into, b"one\n")
    assert next(lines) == (["one"], False)
    for descriptor in (out, into):
        os.close(descriptor)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_line_end_cut_in_two_ends_one_line(end: str) -> None:
    out, into = os.pipe()
    lines = read_lines(out, "p", "lines")
    for byte in f"one{end}two{end}":
        os.write(into, byte.encode())
    os.close(into)
    found: list[str] = []
    for part, _ in lines:
        found += part
    assert found == ["one", "two"]
    os.close(out)


def test_what_has_no_line_ends_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_bytes(b"x" * (2 * MAX_LINE))
    descriptor = open_file(path, ".jsonl")
    with pytest.raises(DataError, match=r"p is not text: one of its lines is over"):
        list(read_lines(descriptor, "p", "JSON lines"))
    os.close(descriptor)


def test_a_line_without_end_in_a_stream_is_left_out_and_the_stream_goes_on() -> None:
    told: list[str] = []
    cutter = LineCutter("p", "lines", told.append)
    assert cutter.push(b"one\n") == b"one"
    tracemalloc.start()
    for _ in range(100):  # six megabytes
        assert cutter.push(b"y" * 60_000) is None
    assert tracemalloc.get_traced_memory()[1] < 3 * MAX_LINE
    tracemalloc.stop()
    assert cutter.push(b"y\ntwo\nthr") == b"two"
    assert (cutter.rest(), told) == (b"thr", [f"a line of over {MAX_LINE} bytes: {b'y' * 40!r}"])


def test_a_line_that_comes_byte_by_byte_costs_its_length() -> None:
    """Twice the bytes are twice the bytes that are copied; a second of one core is far away."""
    cutter = LineCutter("p", "lines", None)
    begin_s = time.process_time()
    for _ in range(250_000):
        assert cutter.push(b"x") is None
    assert cutter.push(b"\n") == b"x" * 250_000
    assert time.process_time() - begin_s < 5.0


def test_more_descriptors_than_select_takes() -> None:
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 1200
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip(f"no more than {hard} descriptors here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    out, into = os.pipe()
    high = fcntl.fcntl(out, fcntl.F_DUPFD, 1100)
    try:
        os.write(into, b"one\n")
        assert next(read_lines(high, "p", "lines")) == (["one"], False)
    finally:
        for descriptor in (out, into, high):
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.slow
def test_a_serial_port_that_is_unplugged_ends_with_what_came() -> None:
    """The other end of a pseudo-terminal closes: reading fails with EIO (Linux), or ends."""
    ours, theirs = pty.openpty()
    os.write(ours, b"t,ax,ay,az,gx,gy,gz\n0.00,0,0,1,0,0,0\n0.02,0,0")
    source = source_of(TextFeed("port", theirs, ImuFormat()), live=False)
    with source, contextlib.suppress(DataError):
        blocks = iter(source)
        next(blocks)
        os.close(ours)
        for _ in blocks:
            pass
    assert source.report()["rows"] == 1


def test_a_file_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no such file; give the path of a \.jsonl, or -"):
        open_file(tmp_path / "none.jsonl", ".jsonl", ", or -")
    with pytest.raises(DataError, match=r"is a folder; give one \.csv or \.jsonl file in it"):
        open_file(tmp_path, ".csv or .jsonl")


def test_standard_input_that_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(DataError, match="standard input is closed; pipe JSON lines into it"):
        standard_input("JSON lines")


ROWS = b'[{"t": 0, "ax": 1}, {"t": 1, "ax": 2}]'


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (compress(b"t,ax\n0,1\n"), "p is gzip: unpack it first, e.g. with `gzip -dc`; wanted"),
        ("t,ax\n0,1\n".encode("utf-16"), "p is UTF-16: convert it first"),
        (b"\xfe\xff" + "t,ax\n".encode("utf-16-be"), "p is UTF-16: convert it first"),
        (ROWS, "p is a JSON array: write a line per object first, e.g. with `jq -c '.[]'`"),
        (codecs.BOM_UTF8 + b" [\n " + ROWS[1:], "p is a JSON array"),
    ],
)
def test_a_pipe_of_what_is_no_lines_is_refused_by_name(content: bytes, said: str) -> None:
    descriptor = pipe(content)
    with pytest.raises(DataError, match=re.escape(said)):
        list(read_lines(descriptor, "p", "lines"))
    os.close(descriptor)


@pytest.mark.parametrize("content", [b"[sensor]\nt,ax\n", b'{"t": [{"x": 1}]}\n', b"[1, 2]\n"])
def test_lines_that_only_look_like_an_array_are_lines(content: bytes) -> None:
    descriptor = pipe(content)
    lines = [line for part, _ in read_lines(descriptor, "p", "lines") for line in part]
    assert lines == content.decode().split("\n")[:-1]
    os.close(descriptor)


@pytest.mark.parametrize(
    ("beginning", "is_list"),
    [
        (b'\xef\xbb\xbf [{"t": 1}', True),
        (b"[[0.1, 0.2]]", True),
        (b"[]", True),
        (b'[null, {"t": 1}]', True),
        (b'["[{\\"name\\": 1}]"]', True),
        (b'{"t": 1}', False),
        (b"[1, 2]", False),
        (b"[nullable]", False),
    ],
)
def test_a_json_list_is_told_by_its_beginning(beginning: bytes, is_list: bool) -> None:
    assert is_array(beginning) == is_list
