"""Parse labels.jsonl: one JSON object for each picture of a labelled folder.

The formats are documented in `edgehuman.data.image.labels` and, of frames with boxes, in
`edgehuman.data.image.frames.labels`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgehuman.errors import DataError
from edgehuman.limits.sizes import MOST_TEXT, lines_within, read_bounded
from edgehuman.reading.parsers import json_of
from edgehuman.reading.values import is_name

LABELS = "labels.jsonl"
ROLES = ("train", "select", "test", "query", "gallery")
Row = dict[str, Any]


def has_boxes(path: Path) -> bool:
    """Whether labels are of frames with boxes, not of one person a picture; by the first line."""
    try:
        with path.open(encoding="utf-8-sig") as stream:
            lines = lines_within(stream, str(path), DataError)
            row = json_of(next((line for line in lines if line.strip()), ""))
    except (OSError, ValueError, DataError):
        return False
    return isinstance(row, dict) and "boxes" in row


def read_label_lines(path: Path) -> list[Row]:
    """Read the lines that are not blank.

    Raises:
        DataError: unreadable, empty, or a line is not an object with an image.
    """
    rows: list[Row] = []
    try:
        lines = read_bounded(path, MOST_TEXT, DataError).decode("utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read ({error}); write it again") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json_of(line)
        except ValueError as error:
            raise DataError(f"{path}, line {number}: not JSON ({error}); fix the line") from None
        if not isinstance(row, dict) or not is_name(row.get("image")):
            raise DataError(
                f'{path}, line {number}: not an object with an "image"; a line looks like '
                '{"image": "images/0.png", "person": 0}'
            )
        role = row.get("role", "train")
        if role not in ROLES:
            raise DataError(f"{path}, line {number}: role {role!r}; valid: {', '.join(ROLES)}")
        rows.append(row)
    if not rows:
        raise DataError(f"{path}: is empty; write one line per picture")
    return rows
