"""The formats that are one file of JSON."""

from __future__ import annotations

from tests.preprocess.skeleton.formats.written import WRITERS

ONE_JSON = [
    name
    for name, (format, _) in WRITERS.items()
    if format not in ("openpose", "yolo")
    and not any(word in name for word in ("csv", "pictures", "lines"))
]
