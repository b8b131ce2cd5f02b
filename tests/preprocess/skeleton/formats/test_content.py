"""JSON, whole or by line, as Windows and other tools write it."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgehuman.errors import DataError
from edgehuman.preprocess.skeleton.formats.content import beginning, holds, parse_objects


@pytest.mark.parametrize(
    ("content", "objects"),
    [
        (b'[{"a": 1}, {"a": 2}]', [{"a": 1}, {"a": 2}]),
        (b'{"a": 1}', [{"a": 1}]),
        (b'\xef\xbb\xbf{"a": 1}\r\n\r\n{"a": 2}\r\n', [{"a": 1}, {"a": 2}]),
        (b'{\n "a":\n 1}', [{"a": 1}]),
        (b"[]", []),
    ],
)
def test_a_list_an_object_and_lines_are_objects(content: bytes, objects: list[object]) -> None:
    assert parse_objects(content, "here") == objects


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'[{"a": 1}, ', "^here: not JSON"),
        (b'{"a": 1}\n{"a": ', "^here: line 2: not JSON"),
        (b"[" * 100_000, "^here: not JSON"),
        (b"", "^here: not JSON"),
    ],
)
def test_what_is_no_json_is_named(content: bytes, said: str) -> None:
    with pytest.raises(DataError, match=said):
        parse_objects(content, "here")


def test_a_word_is_found_across_pieces_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b" " * ((1 << 22) - 3) + b'"keypoints"')
    assert holds(path, '"keypoints"')
    assert not holds(path, '"landmarks"')
    assert beginning(path, 8) == ""
    assert beginning(tmp_path) == ""
