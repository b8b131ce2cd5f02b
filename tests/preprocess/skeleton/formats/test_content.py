"""JSON, whole or by line, as Windows and other tools write it."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgehuman.errors import DataError
from edgehuman.preprocess.skeleton.formats.content import (
    beginning,
    encoding_of,
    holds,
    parse_objects,
    text_of,
)


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


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_every_encoding_of_json_is_read(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('[{"keypoints": "é"}]', encoding=encoding)
    assert beginning(path) == '[{"keypoints": "é"}]'
    assert holds(path, '"keypoints"')
    assert parse_objects(path.read_bytes(), "here") == [{"keypoints": "é"}]


def test_a_character_cut_off_is_left_out_and_cp1252_is_read() -> None:
    assert text_of("aé".encode()[:2]) == "a"
    assert text_of(b'{"Jos\xe9": 1}') == '{"José": 1}'
    assert encoding_of(b"") == "utf-8-sig"
