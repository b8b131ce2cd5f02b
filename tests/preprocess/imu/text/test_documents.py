"""Files that are not lines of UTF-8: UTF-16, gzip, JSON arrays and objects within objects."""

from __future__ import annotations

import gzip
import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.preprocess.imu.text import documents
from edgehuman.preprocess.imu.text.documents import flat, is_document, lines_of, unwrapped
from edgehuman.preprocess.imu.text.whole import is_recording, read_people
from edgehuman.runtime.imu.source import open_source

# Without the time of packing: every process of the tests makes the same bytes.
compress = partial(gzip.compress, mtime=0)

NAMES = ("ax", "ay", "az", "gx", "gy", "gz")
ROWS = [(i / 50, 0.1 + i / 1000, 0.2, 0.97, 0.01, 0.02, i / 500) for i in range(100)]
CSV = "\n".join([",".join(("t", *NAMES)), *(",".join(map(str, row)) for row in ROWS)]) + "\n"
OBJECTS = [dict(zip(("t", *NAMES), row, strict=True)) for row in ROWS]
NESTED: list[dict[str, Any]] = [
    {"t": t, "acc": {"x": a, "y": b, "z": c}, "gyro": {"x": d, "y": e, "z": f}}
    for t, a, b, c, d, e, f in ROWS
]
LISTS = [{"t": row[0], "acc": row[1:4], "gyro": row[4:]} for row in ROWS]
WRAPPED = [{"id": 7, "payload": {"values": each}} for each in OBJECTS]
COLUMNS = {name: [row[at] for row in ROWS] for at, name in enumerate(("t", *NAMES))}
LONG = [{**OBJECTS[0], "seen": [{"note": "x" * 70_000}]}, *OBJECTS[1:]]
FORMS: dict[str, bytes] = {
    "a.txt": CSV.encode("utf-16"),
    "b.csv": b"\xfe\xff" + CSV.encode("utf-16-be"),
    "c.csv.gz": compress(CSV.encode()),
    "d.csv.gz": compress(CSV.encode("utf-16")),
    "two.csv.gz": compress(CSV[:900].encode()) + compress(CSV[900:].encode()),
    "e.json": json.dumps(OBJECTS).encode(),
    "f.json": json.dumps(OBJECTS, indent=2).encode("utf-8-sig"),
    "g.json": json.dumps({"device": "watch", "data": OBJECTS}, indent=1).encode(),
    "h.json.gz": compress(json.dumps(NESTED).encode()),
    "i.json": json.dumps(LISTS).encode(),
    "j.jsonl": "\n".join(map(json.dumps, NESTED)).encode(),
    "k.jsonl": "\n".join(map(json.dumps, WRAPPED)).encode(),
    "l.json": json.dumps({"device": {"id": 7}, "rate": 50, "samples": OBJECTS}).encode(),
    "m.json": json.dumps({"values": OBJECTS}).encode() + b"\n",
    "n.json": json.dumps({"id": 7, **COLUMNS}).encode(),
    "o.json": json.dumps(COLUMNS, indent=1).encode("utf-16"),
    "p.csv.gz": compress(CSV.encode()) + bytes(512),
    "q.jsonl": "\n".join(map(json.dumps, LONG)).encode(),
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_gives_the_same_rows_to_a_stream_and_as_a_recording(
    name: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(FORMS[name])
    assert is_recording(path)
    with open_source(str(path)) as source:
        blocks = [block for block in source if len(block)]
    streamed = np.concatenate([block.imu_TC for block in blocks])
    (recording,) = read_people(path).values()
    for imu_TC in (streamed, recording.rows.imu_TC):
        np.testing.assert_allclose(imu_TC, [row[1:] for row in ROWS], rtol=1e-5)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (compress(CSV.encode())[:-30], "is cut short"),
        (compress(CSV.encode())[:12] + b"damaged" * 9, "is damaged"),
        (CSV.encode("utf-16")[:-1], "is damaged UTF-16"),
        (b'[{"t": 1}, {"t": ', "begins as a JSON document but is none"),
        (b"[[0, 1, 2], [3, 4, 5]]", "an array of arrays in JSON, without an object per row"),
        (b'{\n"a": 1\n}', "an object in JSON, without an object per row"),
        (b'{"a": [{"t": 1}], "b": [{"t": 1}]}', "an object in JSON, without an object per row"),
        (b'{"a": [{"t": 1}, {"t": ', "begins as a JSON document but is none"),
        (compress(CSV.encode()) + b"junk", "is damaged"),
        (compress(compress(CSV.encode())), "is gzip within gzip; unpack it once"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "phone.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=said):
        lines_of(content, "phone.csv")
    with pytest.raises(DataError, match=f"phone.csv .*{said}"):
        open_source(str(path))


@pytest.mark.parametrize("parts", [1, 2, 3])
def test_a_small_file_that_holds_too_much_is_refused_in_one_part_or_several(
    parts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "MOST_BYTES", 1000)
    part = compress(b"1" * (1000 // parts))
    assert lines_of(part * parts, "phone.csv.gz") == b"1" * (1000 // parts * parts)
    with pytest.raises(DataError, match=r"phone\.csv\.gz holds over 0 MB, packed into \d+"):
        lines_of(part * parts + compress(b"12"), "phone.csv.gz")


def test_lines_are_no_document_and_stay_as_they_are() -> None:
    for text in (CSV.encode(), b'{"t": 0}\n{"t": 1}\n', b"", b"[sensor]\nt,ax\n"):
        assert not is_document(text)
        assert lines_of(text, "a") is text


def test_objects_within_objects_are_named_by_both() -> None:
    assert flat({"t": 1, "acc": {"x": 2}, "gyro": [3, 4, 5]}) == {
        "t": 1, "acc_x": 2, "gyro_x": 3, "gyro_y": 4, "gyro_z": 5,
    }  # fmt: skip
    assert flat({"data": {"values": {"ax": 1}}, "all": [1, 2]}) == {"ax": 1, "all": [1, 2]}


def test_an_app_s_event_keeps_its_form_without_its_envelope() -> None:
    event = {"type": "android.sensor.gyroscope", "timestamp": 5, "values": [1, 2, 3]}
    assert unwrapped(event) is event
    assert unwrapped({"id": 1, "payload": event}) == {"id": 1, **event}
    assert unwrapped({"payload": [event]}) == {"payload": [event]}
    assert unwrapped({"t": 0, "values": {"ax": 1}}) == {"t": 0, "ax": 1}
