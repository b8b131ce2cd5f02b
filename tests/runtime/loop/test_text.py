"""Lines from files and pipes, as they come."""

from __future__ import annotations

import codecs
import gzip
import os
import re
from functools import partial
from pathlib import Path

import pytest

from edgehuman.errors import DataError
from edgehuman.runtime.loop.text import MAX_LINE, is_array, open_file, read_lines, standard_input

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
