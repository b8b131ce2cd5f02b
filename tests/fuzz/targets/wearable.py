"""Readers of wearables: text live and from files, stamps, intervals of labels, datasets."""

from __future__ import annotations

import contextlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman.data.imu import converted
from edgehuman.data.imu.load import load_recordings
from edgehuman.data.imu.published import compact, motionsense, pamap2, usc_had, wisdm
from edgehuman.errors import DataError
from edgehuman.preprocess.imu.format import ImuFormat
from edgehuman.preprocess.imu.text import clock
from edgehuman.preprocess.imu.text.intervals import intervals_of, labels_between
from edgehuman.preprocess.imu.text.whole import is_prose, read_people
from edgehuman.runtime.imu.rows import SampleRows
from edgehuman.runtime.imu.source import open_source
from tests.fuzz.target import Target, written

_HEADER = "t,ax,ay,az,gx,gy,gz"


def _rows(count: int = 8, mark: str = ",") -> str:
    return "".join(
        mark.join(f"{value:g}" for value in (0.02 * i, 0.01, -0.02, 1, 0.1, 0.2 * i, 0)) + "\n"
        for i in range(count)
    )


def _csv() -> Sequence[bytes]:
    return [
        f"{_HEADER}\n{_rows()}".encode(),
        f"{_HEADER},label,subject\n".encode()
        + b"".join(b"%d,0,0,1,0,0,0,walking,%d\n" % (20 * i, i % 2) for i in range(8)),
        b"timestamp;Accel X (m/s^2);Accel Y;Accel Z;Gyro X (deg/s);Gyro Y;Gyro Z\n"
        + _rows(6, ";").replace(".", ",").encode(),
        b"# device 7\n\nTime,ax,ay,az,gx,gy,gz\n"
        + b"".join(b"2024-05-01T10:00:0%d.020Z,0,0,1,0,0,0\n" % i for i in range(6)),
        f"\ufeff{_HEADER}\r\n{_rows()}".replace("\n", "\r").encode(),
    ]


def _objects() -> Sequence[bytes]:
    row = {"t": 1.0, "ax": 0.0, "ay": 0.0, "az": 1.0, "gx": 0.0, "gy": 0.0, "gz": 0.0}
    lines = [json.dumps({**row, "t": 0.02 * i, "label": "walk"}) for i in range(5)]
    events = [
        json.dumps({"sensor": name, "time": 10**18 + 20_000_000 * i, "x": 0.1, "y": 0, "z": 9.8})
        for i in range(4)
        for name in ("accelerometer", "gyroscope")
    ]
    return [
        "\n".join(lines).encode(),
        json.dumps([{**row, "t": i} for i in range(4)]).encode(),
        json.dumps({"data": [{**row, "t": i} for i in range(4)]}).encode(),
        "\n".join(events).encode(),
        json.dumps({"payload": {"accelerometer": {"x": 0, "y": 0, "z": 1}, "time": 5}}).encode(),
    ]


def _file(name: str) -> Callable[[bytes, Path], object]:
    def read(content: bytes, folder: Path) -> None:
        path = written(content, folder, name)
        for format in (ImuFormat(), ImuFormat(rate_hz=50.0)):
            try:
                read_people(path, format)
            except DataError:
                is_prose(path)

    return read


def _source(content: bytes, folder: Path) -> None:
    with open_source(str(written(content, folder, "walk.csv"))) as source:
        for _ in source:
            pass
        source.report()


def _live_rows(content: bytes, folder: Path) -> None:
    """Rows of the caller's own Python, here from JSON."""
    try:
        items = json.loads(content)
    except (ValueError, RecursionError):
        return
    reader = SampleRows()
    for item in items if isinstance(items, list) else [items]:
        reader.read([item])
    reader.last()


def _sensors(content: bytes, folder: Path) -> None:
    read_people(written(content, folder, "phone.zip"))


def _phone() -> Sequence[bytes]:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in ("Accelerometer.csv", "Gyroscope.csv"):
            rows = "".join(f"{0.02 * i},0.1,0.2,1\n" for i in range(6))
            archive.writestr(name, "seconds_elapsed,x,y,z\n" + rows)
    return [file.getvalue()]


def _intervals(content: bytes, folder: Path) -> None:
    written(content, folder, "anna.labels.csv")
    spans = intervals_of(folder / "anna.csv")
    if spans:
        labels_between(spans, np.arange(20, dtype=np.float64), folder / "anna.csv")


def _stamps(content: bytes, folder: Path) -> None:
    for line in content.decode("utf-8", "replace").splitlines():
        if clock.is_date(line):
            try:
                clock.seconds_of(line)
            except ValueError:  # what it promises; the parser of rows drops the row
                continue


def _dataset(name: str) -> Callable[[bytes, Path], object]:
    def read(content: bytes, folder: Path) -> None:
        load_recordings(written(content, folder, name))

    return read


def _compact(content: bytes, folder: Path) -> None:
    path = written(content, folder, "set.npz")
    with contextlib.suppress(DataError):
        converted.read_windows(path)
    for _ in converted.read_stretches(path):
        pass


def _compact_seeds() -> Sequence[bytes]:
    imu = np.zeros((8, 6), np.float32)
    imu[:, 2] = 1
    row = {"subject": "a:1", "rate_hz": 50.0, "labels": ["walk"], "source": "x", "is_test": False,
           "placement": "waist", "format": {}}  # fmt: skip
    about = {"dataset": "usc_had", "version": 1, "recordings": [row], "labels": ["walk"],
             "placement": ["waist"]}  # fmt: skip
    file = io.BytesIO()
    np.savez(
        file, imu=imu, stamp_s=np.full(8, np.nan), label=np.zeros(8, np.int16),
        length=np.array([8]), about=np.array(json.dumps(about)), window=imu[None],
        subject=np.array(["a"]), is_test=np.array([False]),
    )  # fmt: skip
    return [file.getvalue()]


def _matlab(content: bytes, folder: Path) -> None:
    usc_had.read_trial(written(content, folder, "a1t1.mat"))


def _matlab_seeds() -> Sequence[bytes]:
    from scipy.io import savemat

    made = []
    for squeeze in (False, True):
        file = io.BytesIO()
        savemat(file, {"sensor_readings": np.ones((3, 6)), "x": "name"}, do_compression=squeeze)
        made.append(file.getvalue())
    return made


def _tables(content: bytes, folder: Path) -> None:
    """The text files of published datasets, read by each of their readers."""
    path = written(content, folder, "sub_1.csv")
    (folder / "Protocol").mkdir(exist_ok=True)
    written(content, folder / "Protocol", "subject101.dat")
    for read in (motionsense.read_table, wisdm.read_rows, _pamap):
        try:
            read(path)
        except DataError:
            continue


def _pamap(path: Path) -> None:
    for _ in pamap2.read_pamap2(path.parent):
        pass


def _table_seeds() -> Sequence[bytes]:
    return [
        b",attitude.roll,attitude.pitch,attitude.yaw,gravity.x,gravity.y,gravity.z,rotationRate.x,"
        b"rotationRate.y,rotationRate.z,userAcceleration.x,userAcceleration.y,userAcceleration.z\n"
        + b"0,1,2,3,0,0,1,0,0,0,0,0,0\n"
        * 3,
        b"1600,A,252207666810782,-0.3,8.7,9.1;\n" * 3,
        (" ".join(["0.01", "1", "100", *["1.5"] * 51]) + "\n").encode() * 2,
    ]


def _of(kind: str, size: int) -> NDArray[Any]:
    """A small array of a type as `containers.fields` writes it."""
    made: dict[str, NDArray[Any]] = {
        "f": np.ones(size, np.float32),
        "i": np.arange(size, dtype=np.int16) % 2 + 1,
        "b": np.zeros(size, np.bool_),
        "s": np.array(["A walking"] * size),
    }
    return made[kind]


def _archive(wanted: Mapping[str, str], **changes: NDArray[Any]) -> bytes:
    """A small .npz with these fields: two recordings of two rows."""
    sizes = {"T": 4, "N": 2, "W": 8, "X": 6, "S": 4}
    held: dict[str, NDArray[Any]] = {}
    for name, said in wanted.items():
        kind, _, axes = said.partition(" ")
        shape = tuple(int(axis) if axis.isdigit() else sizes.get(axis, 2) for axis in axes)
        held[name] = _of(kind, int(np.prod(shape))).reshape(shape)
    held |= {name: np.array(50) for name in ("rate_hz",) if name in wanted}
    held |= {"length": np.array([2, 2])} if "length" in wanted else {}
    file = io.BytesIO()
    np.savez(file, **{**held, **changes})  # type: ignore[arg-type]
    return file.getvalue()


def _published_archives() -> Sequence[bytes]:
    made = [_archive(wanted) for wanted in compact.FIELDS.values()]
    units, names = np.array(["right_arm", "right_leg"]), np.array(["A walk", "B walk"])
    rooms = {"labels": np.array(["WALKING", "TURNING"]), "label": np.zeros(4, np.int8)}
    return [
        *made,
        _archive(compact.FIELDS["dsads"], units=units),
        _archive(compact.FIELDS["wisdm2019"], activity_key=names, activity=np.array(["A", "B"])),
        _archive(compact.FIELDS["geotec"], **rooms),
        _archive(compact.FIELDS["gait10"], user=np.zeros(2, np.int8)),
    ]


def _published_archive(content: bytes, folder: Path) -> None:
    """An .npz of each published set, read by the reader that knows its fields."""
    path = written(content, folder, "set.npz")
    for layout in compact.LAYOUTS:
        try:
            if not layout.recognise(path):
                continue
            if layout.read.windows is not None:
                layout.read.windows(path)
            for _ in layout.read.stretches(path) if layout.read.stretches else ():
                pass
        except DataError:
            continue


TARGETS: Mapping[str, Target] = {
    "imu-csv": Target(_file("walk.csv"), _csv, "lines"),
    "imu-json": Target(_file("walk.json"), _objects, "json"),
    "imu-source": Target(_source, lambda: [*_csv(), *_objects()], "lines"),
    "imu-rows": Target(
        _live_rows,
        lambda: [b"[[1,0,0,1,0,0,0],[2,0,0,1,0,0,0]]", *_objects()[1:2], b"[[[1,2,3,4,5,6,7]]]"],
        "json",
    ),
    "imu-sensors": Target(_sensors, _phone, "zip"),
    "imu-dataset": Target(_dataset("anna.csv"), _csv, "lines"),
    "imu-compact": Target(_compact, _compact_seeds, "zip"),
    "imu-archives": Target(_published_archive, _published_archives, "zip"),
    "imu-published": Target(_tables, _table_seeds, "lines"),
    "imu-matlab": Target(_matlab, _matlab_seeds, needs="scipy"),
    "intervals": Target(
        _intervals, lambda: [b"start,end,label\n0,2,walk\n2,4.5,sit\n", b"Start,End,Label\n"],
        "lines",
    ),
    "stamps": Target(
        _stamps,
        lambda: [
            b"2024-05-01T10:00:00.123Z\n2024-05-01 10:00:00,5+02:00",
            b"2024-05-01 10:00:00.5 [Europe/London]",
        ],
        "lines",
    ),
}  # fmt: skip
