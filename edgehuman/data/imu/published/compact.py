"""Readers of the compact files: one .npz per dataset, made from the published archives.

Fields, scales and units are stated in each file's `note`, `*_scale_*` and `rate_hz`; sequences are
concatenated, with their lengths (rows) in `length`. Class names and people match the readers of the
published layouts, so both forms of a dataset give the same records.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman.data.containers import bounds, field_names, fields, one_of
from edgehuman.data.imu import subjects as people
from edgehuman.data.imu.layout import (
    G_DEGS,
    G_RADS,
    MS2_RADS,
    Reader,
    Stretch,
    WearableLayout,
    require_gravity,
)
from edgehuman.data.layout import Layout
from edgehuman.errors import DataError
from edgehuman.records import Float32, WindowSet

_TRIALS = {"acc": "i T3", "gyro": "i T3", "length": "i N", "rate_hz": "f"}
FIELDS: Mapping[str, Mapping[str, str]] = {
    "uci_har": {
        "x": "f NT6", "y": "i N", "subject": "i N", "is_test": "b N", "exact": "b N",
        "official_y_train": "i O", "rate_hz": "f",
    },
    "hapt": {
        "x": "f T6", "exp": "i N", "user": "i N", "length": "i N", "labels": "i L5", "rate_hz": "f",
    },
    "wisdm2019": {
        "x": "f T6", "length": "i N", "subject": "i N", "activity": "s N", "activity_key": "s K",
        "rate_hz": "f",
    },
    "dsads": {
        "acc": "i STX", "gyro": "i STX", "acc_scale_ms2": "f", "gyro_scale_rads": "f",
        "activity": "i S", "subject": "i S", "segment": "i S", "units": "s U", "rate_hz": "f",
    },
    "usc_had": {
        **_TRIALS, "acc_scale_g": "f", "gyro_scale_dps": "f", "subject": "i N", "activity": "i N",
        "trial": "i N",
    },
    "gait10": {
        **_TRIALS, "acc_scale_ms2": "f", "gyro_scale_rads": "f", "user": "i N", "users": "s U",
        "speed": "s N", "name": "s N",
    },
    "geotec": {
        **_TRIALS, "acc_scale_ms2": "f", "gyro_scale_rads": "f", "subject": "i N",
        "execution": "i N", "device": "s N", "label": "i T", "labels": "s L",
    },
}  # fmt: skip
"""Name -> type and axes of each array (`containers.fields`)."""


def _is(dataset: str, path: Path) -> bool:
    return field_names(path) >= set(FIELDS[dataset])


def _almost(dataset: str, path: Path) -> str:
    """Name the missing fields of a file that has more than half of them."""
    absent = set(FIELDS[dataset]) - field_names(path)
    if 2 * len(absent) >= len(FIELDS[dataset]):
        return ""
    return f"the fields {', '.join(sorted(absent))} are missing; copy the file again"


def _scaled(
    acc: NDArray[Any], gyro: NDArray[Any], acc_scale: NDArray[Any], gyro_scale: NDArray[Any]
) -> Float32:
    """int16 readings (..., 3) and their scales as float32 (..., 6)."""
    out = np.empty((*acc.shape[:-1], 6), np.float32)
    out[..., :3], out[..., 3:] = acc, gyro
    out[..., :3] *= np.float32(acc_scale)
    out[..., 3:] *= np.float32(gyro_scale)
    return out


def _require_index(path: Path, name: str, index: NDArray[Any], count: int) -> None:
    """Raise DataError if an index points outside of its list."""
    if index.size and not 0 <= index.min() <= index.max() < count:
        raise DataError(
            f"{path}: {name} is {index.min()} to {index.max()}, of {count}; copy the file again"
        )


def uci_har(path: Path) -> WindowSet:
    """UCI HAR: official test windows; train windows rebuilt from HAPT's raw recordings."""
    z = fields(path, FIELDS["uci_har"])
    require_gravity(z["x"], str(path))
    return WindowSet(
        z["x"],
        z["y"].astype(np.int64) - 1,
        people.names("uci30", z["subject"]),
        z["is_test"],
        people.UCI_LABELS,
        ("uci_har",),
        np.full(len(z["x"]), "waist"),
    )


def hapt(path: Path) -> Iterator[Stretch]:
    """HAPT: 61 continuous recordings of 30 people at 50 Hz, with postural transitions."""
    z = fields(path, FIELDS["hapt"])
    edges = bounds(path, z["length"], len(z["x"]))
    for i, (experiment, user) in enumerate(zip(z["exp"].tolist(), z["user"].tolist(), strict=True)):
        imu_TC = z["x"][edges[i] : edges[i + 1]]
        rows = z["labels"][z["labels"][:, 0] == experiment]
        yield Stretch(
            imu_TC,
            G_RADS,
            f"uci30:{user}",
            rate_hz=float(z["rate_hz"]),
            label_T=people.spans(rows[:, 2:] - (1, 1, 0), len(imu_TC)),
            labels=people.HAPT_LABELS,
            source=f"hapt exp{experiment:02d} user{user:02d} waist",
            is_test=user in people.UCI_TEST_USERS,
            placement="waist",
        )


def wisdm2019(path: Path) -> Iterator[Stretch]:
    """WISDM 2019, phone, four of the eighteen activities, on a common 20 Hz grid."""
    z = fields(path, FIELDS["wisdm2019"])
    edges = bounds(path, z["length"], len(z["x"]))
    codes = [str(key)[:1] for key in z["activity_key"]]
    labels = tuple(one_of(path, "activity", people.WISDM_LABELS, code) for code in codes)
    place = {code: at for at, code in enumerate(codes)}
    pairs = zip(z["subject"].tolist(), z["activity"].tolist(), strict=True)
    for i, (user, code) in enumerate(pairs):
        imu_TC = z["x"][edges[i] : edges[i + 1]]
        yield Stretch(
            imu_TC,
            MS2_RADS,
            f"wisdm2019:{user}",
            rate_hz=float(z["rate_hz"]),
            label_T=np.full(len(imu_TC), one_of(path, "activity", place, code), np.int16),
            labels=labels,
            source=f"wisdm2019 {user} {code} phone",
            is_test=user in people.WISDM_TEST_USERS,
            placement="pocket",
        )


def dsads(path: Path) -> Iterator[Stretch]:
    """DSADS: right arm and right leg, five minutes per person, activity and unit at 25 Hz."""
    z = fields(path, FIELDS["dsads"])
    if z["acc"].shape[2] != 3 * len(z["units"]):
        raise DataError(
            f"{path}: {len(z['units'])} units, but axes {z['acc'].shape[2]}; copy again"
        )
    key_S = z["activity"].astype(np.int64) * 100 + z["subject"]
    for key in np.unique(key_S).tolist():
        rows = np.flatnonzero(key_S == key)
        rows = rows[np.argsort(z["segment"][rows])]
        activity, user = divmod(key, 100)
        for unit, name in enumerate(z["units"].tolist()):
            axes = slice(3 * unit, 3 * unit + 3)
            imu_STC = _scaled(
                z["acc"][rows][..., axes],
                z["gyro"][rows][..., axes],
                z["acc_scale_ms2"],
                z["gyro_scale_rads"],
            )
            imu_TC = imu_STC.reshape(-1, 6)
            yield Stretch(
                imu_TC,
                MS2_RADS,
                f"dsads:{user}",
                rate_hz=float(z["rate_hz"]),
                label_T=np.full(len(imu_TC), activity - 1, np.int16),
                labels=people.DSADS_LABELS,
                source=f"dsads a{activity:02d} p{user} {name}",
                placement=one_of(path, "unit", people.DSADS_PLACEMENT, name),
            )


def usc_had(path: Path) -> Iterator[Stretch]:
    """USC-HAD: 840 trials at the right hip, 100 Hz."""
    z = fields(path, FIELDS["usc_had"])
    edges = bounds(path, z["length"], len(z["acc"]))
    keys = zip(z["subject"].tolist(), z["activity"].tolist(), z["trial"].tolist(), strict=True)
    for i, (user, activity, trial) in enumerate(keys):
        part = slice(edges[i], edges[i + 1])
        imu_TC = _scaled(z["acc"][part], z["gyro"][part], z["acc_scale_g"], z["gyro_scale_dps"])
        yield Stretch(
            imu_TC,
            G_DEGS,
            f"usc_had:{user}",
            rate_hz=float(z["rate_hz"]),
            label_T=np.full(len(imu_TC), activity - 1, np.int16),
            labels=people.USC_HAD_LABELS,
            source=f"usc_had Subject{user} a{activity}t{trial} hip",
            placement="waist",
        )


def gait10(path: Path) -> Iterator[Stretch]:
    """Ten people's walks, phone in the trouser pocket; the label is the instructed speed."""
    z = fields(path, FIELDS["gait10"])
    edges = bounds(path, z["length"], len(z["acc"]))
    _require_index(path, "user", z["user"], len(z["users"]))
    speeds = sorted(set(z["speed"].tolist()))
    labels = tuple(f"walking_{speed}" for speed in speeds)
    keys = zip(z["user"].tolist(), z["speed"].tolist(), z["name"].tolist(), strict=True)
    for i, (user, speed, name) in enumerate(keys):
        part = slice(edges[i], edges[i + 1])
        imu_TC = _scaled(z["acc"][part], z["gyro"][part], z["acc_scale_ms2"], z["gyro_scale_rads"])
        yield Stretch(
            imu_TC,
            MS2_RADS,
            f"gait10:{z['users'][user]}",
            rate_hz=float(z["rate_hz"]),
            label_T=np.full(len(imu_TC), speeds.index(speed), np.int16),
            labels=labels,
            source=f"gait10 {name} pocket",
            placement="pocket",
        )


def geotec(path: Path) -> Iterator[Stretch]:
    """GeoTec: a phone in the trouser pocket and a watch, 50 Hz; sit, rise, walk, turn, sit down."""
    z = fields(path, FIELDS["geotec"])
    edges = bounds(path, z["length"], len(z["acc"]))
    named = [one_of(path, "label", people.GEOTEC_LABELS, name) for name in z["labels"].tolist()]
    _require_index(path, "label", z["label"], len(named))
    labels = tuple(dict.fromkeys(named))
    index = np.array([labels.index(name) for name in named], np.int16)
    keys = zip(z["subject"].tolist(), z["execution"].tolist(), z["device"].tolist(), strict=True)
    for i, (user, execution, device) in enumerate(keys):
        part = slice(edges[i], edges[i + 1])
        imu_TC = _scaled(z["acc"][part], z["gyro"][part], z["acc_scale_ms2"], z["gyro_scale_rads"])
        yield Stretch(
            imu_TC,
            MS2_RADS,
            f"geotec:{user}",
            rate_hz=float(z["rate_hz"]),
            label_T=index[z["label"][part]],
            labels=labels,
            source=f"geotec {user} {execution} {'watch' if device == 'sw' else 'pocket'}",
            placement="wrist" if device == "sw" else "pocket",
        )


def _layout(dataset: str, reader: Reader) -> WearableLayout:
    return Layout(
        dataset,
        f"an .npz file with the fields {', '.join(FIELDS[dataset])}",
        partial(_is, dataset),
        reader,
        partial(_almost, dataset),
    )


GAIT10 = _layout("gait10", Reader(gait10))
GEOTEC = _layout("geotec", Reader(geotec, subjects=people.GEOTEC_SUBJECTS))
LAYOUTS: tuple[WearableLayout, ...] = (
    _layout("uci_har", Reader(windows=uci_har, subjects=people.UCI_SUBJECTS)),
    _layout("hapt", Reader(hapt, subjects=people.UCI_SUBJECTS)),
    _layout("wisdm2019", Reader(wisdm2019, subjects=people.WISDM_SUBJECTS)),
    _layout("dsads", Reader(dsads, subjects=people.DSADS_SUBJECTS)),
    _layout("usc_had", Reader(usc_had, subjects=people.USC_HAD_SUBJECTS)),
    GAIT10,
    GEOTEC,
)
