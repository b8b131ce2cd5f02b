"""The lines of labels.jsonl: one JSON object for each picture of a labelled folder.

What they hold is said in `edgehuman.data.image.labels`; here they are only taken apart.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from edgehuman.errors import DataError

LABELS = "labels.jsonl"
ROLES = ("train", "test", "query", "gallery")
Row = dict[str, Any]


def read_label_lines(path: Path) -> list[Row]:
    """The lines that hold anything.

    Raises:
        DataError: unreadable, no line, or one that is no object with an image.
    """
    rows: list[Row] = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read ({error}); write it again") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise DataError(f"{path}, line {number}: not JSON ({error}); mend the line") from None
        if not isinstance(row, dict) or not isinstance(row.get("image"), str):
            raise DataError(
                f'{path}, line {number}: not an object with an "image"; a line looks like '
                '{"image": "images/0.png", "person": 0}'
            )
        role = row.get("role", "train")
        if role not in ROLES:
            raise DataError(f"{path}, line {number}: role {role!r}; it is {', '.join(ROLES)}")
        rows.append(row)
    if not rows:
        raise DataError(f"{path}: no line in it; each picture has one")
    return rows
