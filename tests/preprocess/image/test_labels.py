"""labels.jsonl: which of two layouts it is, and lines that are none of either."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgehuman.errors import DataError
from edgehuman.preprocess.image.labels import has_boxes, read_label_lines


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('\n{"image": "a.png", "boxes": []}\nno JSON', True),
        ('{"image": "a.png", "person": 3}\n{"image": "b.png", "boxes": []}', False),
        *(("", False), ("{", False), ("7", False), ("\xff", False)),
    ],
)
def test_the_first_line_says_which_layout_it_is(tmp_path: Path, text: str, expected: bool) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text(text, encoding="latin-1")
    assert has_boxes(path) == expected
    assert not has_boxes(tmp_path / "nowhere.jsonl")


def test_a_wrong_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text('{"image": "a.png", "boxes": []}\n\n{"image": 7}\n')
    with pytest.raises(DataError, match='line 3: not an object with an "image"'):
        read_label_lines(path)


def test_a_mark_of_the_order_of_bytes_and_separators_in_texts_change_nothing(
    tmp_path: Path,
) -> None:
    path = tmp_path / "labels.jsonl"
    line = '{"image": "a.png", "boxes": [], "captions": ["one\u2028two\x85"]}'
    path.write_bytes(b"\xef\xbb\xbf" + f"{line}\r\n{line}\r\n".encode())
    assert has_boxes(path)
    assert [row["captions"] for row in read_label_lines(path)] == [["one\u2028two\x85"]] * 2
