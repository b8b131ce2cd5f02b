"""ExtraSensory: 60 people's own phones (34 iPhone, 26 Android), 20 s of every minute.

As published (extrasensory.ucsd.edu; names, columns and units checked against several public
loaders):
    raw_acc/<UUID>/<timestamp>.m_raw_acc.dat      time x y z, irregular, about 40 Hz
    proc_gyro/<UUID>/<timestamp>.m_proc_gyro.dat  the same, rad/s
    cv5Folds/ (or cv_5_folds/) fold_{0..4}_{train,test}_{iphone,android}_uuids.txt
    *features_labels*/<UUID>.features_labels.csv.gz   optional, with label:SITTING and similar
A burst that the phone could not record is a file with only `nan`; it is left out, as is a burst
without one of the sensors. Acceleration is in g and inverted (screen up is z = -1) on iPhones, in
m/s² on Androids. Only the fold lists tell which phone a person had, so they are required; the unit
is verified by the median norm. The test split is that of fold 0. The whole dataset is about 4
million windows (13 GB at a hop of 64): keep the folders of a few people under raw_acc/.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from edgehuman.data.imu.layout import IOS, MS2_RADS, Reader, Stretch
from edgehuman.data.imu.published.text_files import absent, matching, read_columns
from edgehuman.data.imu.published.two_streams import align, seconds
from edgehuman.data.layout import Layout
from edgehuman.errors import DataError
from edgehuman.limits.sizes import MOST_NOTE, read_bounded
from edgehuman.preprocess.imu.text.documents import read_text
from edgehuman.reading.parsers import foreign
from edgehuman.records import Float64

_NOTHING = 64  # bytes; a burst has hundreds
# The mutually exclusive body states of the publication.
_STATES: Mapping[str, str] = {
    "label:LYING_DOWN": "laying",
    "label:SITTING": "sitting",
    "label:OR_standing": "standing",
    "label:FIX_walking": "walking",
    "label:FIX_running": "running",
    "label:BICYCLING": "cycling",
}
LABELS = tuple(_STATES.values())
_PLATFORMS = ("iphone", "android")
_FORMATS = {"iphone": IOS, "android": MS2_RADS}
_NORM_RANGE = {"iphone": (0.7, 1.4), "android": (6.9, 13.7)}
_BURSTS_VERIFIED = 20
_FOLDS = r"(?i)cv_?5_?folds"
_BURST = r"(\d+)\.m_raw_acc\.dat"


def _is_extrasensory(path: Path) -> bool:
    return (path / "raw_acc").is_dir() and (path / "proc_gyro").is_dir()


def _fold_names() -> list[str]:
    return [
        f"fold_{fold}_{part}_{platform}_uuids.txt"
        for fold in range(5)
        for part in ("train", "test")
        for platform in _PLATFORMS
    ]


def _folds_folder(path: Path) -> Path | None:
    found = [folder for folder, _ in matching(path, _FOLDS) if folder.is_dir()]
    return found[0] if found else None


def _missing(path: Path) -> list[str]:
    folds = _folds_folder(path)
    if folds is None:
        return ["missing: cv5Folds/, which lists the iPhone and Android users"]
    lines = [f"{line} (in {folds.name})" for line in absent(folds, _fold_names())]
    for uuid in people_of(path, 0, "train") | people_of(path, 0, "test"):
        lines += absent(path, [f"raw_acc/{uuid}", f"proc_gyro/{uuid}"])
    return lines


def people_of(path: Path, fold: int, part: str) -> dict[str, str]:
    """UUID -> platform for a fold's `train` or `test` split.

    Raises:
        DataError: a missing list, or no such fold.
    """
    folds = _folds_folder(path)
    if folds is None or not 0 <= fold < 5:
        raise DataError(
            f"{path}: no lists of fold {fold}; unpack cv5Folds.zip (folds 0 to 4) next to "
            "raw_acc/. They tell iPhone users (g, inverted) from Android users (m/s²)"
        )
    found: dict[str, str] = {}
    for platform in _PLATFORMS:
        file = folds / f"fold_{fold}_{part}_{platform}_uuids.txt"
        if not file.is_file():
            raise DataError(f"{file}: no such file; unpack cv5Folds.zip again")
        found |= dict.fromkeys(
            read_bounded(file, MOST_NOTE, DataError).decode("utf-8", "replace").split(), platform
        )
    return found


def _read_burst(path: Path) -> Float64:
    """time x y z, (T, 4); no rows if the phone recorded nothing."""
    if not path.is_file():
        return np.empty((0, 4))
    with path.open("rb") as stream:
        start = stream.read(_NOTHING)
    if start.strip().lower() in (b"", b"nan") and len(start) < _NOTHING:
        return np.empty((0, 4))
    return read_columns(path, 4)


def _require_unit(bursts: list[Path], platform: str, uuid: str) -> None:
    """Check that the median norm over a few bursts matches the platform's unit."""
    chosen = bursts[:: max(1, len(bursts) // _BURSTS_VERIFIED)]
    tables = [_read_burst(burst)[:, 1:] for burst in chosen]
    norm = np.linalg.norm(np.concatenate(tables), axis=1)
    if not norm.size:
        return
    median, (low, high) = float(np.median(norm)), _NORM_RANGE[platform]
    if not low <= median <= high:
        raise DataError(
            f"{uuid}: the median acceleration is {median:.3g}, but the fold lists say {platform}, "
            f"where it must be {low} to {high}. Unpack both archives again"
        )


def _labels(path: Path, uuid: str) -> dict[int, int]:
    """timestamp -> index into LABELS, if exactly one body state is reported."""
    for folder in sorted(path.glob("*features_labels*")):
        file = folder / f"{uuid}.features_labels.csv.gz"
        if file.is_file():
            try:
                lines = read_text(file).decode("utf-8").splitlines()
                with foreign():
                    table = list(csv.DictReader(lines))
                rows = [(int(row["timestamp"]), _state(row)) for row in table]
            except (OSError, ValueError, KeyError, TypeError) as error:
                raise DataError(f"{file}: cannot be read ({error}); unpack it again") from None
            return {stamp: state for stamp, state in rows if state >= 0}
    return {}


def _state(row: Mapping[str, str]) -> int:
    chosen = [i for i, name in enumerate(_STATES) if row.get(name, "") in ("1", "1.0")]
    return chosen[0] if len(chosen) == 1 else -1


def read_extrasensory(path: Path) -> Iterator[Stretch]:
    """One stretch per burst of about 20 s that both sensors recorded.

    Raises:
        DataError: no fold lists, a person in none of them, wrong columns, or a unit that does not
            match the platform.
    """
    test = people_of(path, 0, "test")
    platforms = people_of(path, 0, "train") | test
    for folder, _ in matching(path / "raw_acc", r".+"):
        if folder.name not in platforms:
            raise DataError(f"{folder}: {folder.name} is in no list of fold 0; unpack cv5Folds.zip")
        yield from _read_person(path, folder.name, platforms[folder.name], folder.name in test)


def _read_person(path: Path, uuid: str, platform: str, is_test: bool) -> Iterator[Stretch]:
    bursts = [burst for burst, _ in matching(path / "raw_acc" / uuid, _BURST)]
    _require_unit(bursts, platform, uuid)
    labels = _labels(path, uuid)
    for burst in bursts:
        stamp = burst.name.partition(".")[0]
        gyro_file = path / "proc_gyro" / uuid / f"{stamp}.m_proc_gyro.dat"
        acc, gyro = _read_burst(burst), _read_burst(gyro_file)
        if not len(acc) or not len(gyro):
            continue
        acc_s, gyro_s = seconds(acc[:, 0], burst), seconds(gyro[:, 0], gyro_file)
        stamp_s, imu_TC = align(acc_s, acc[:, 1:], gyro_s, gyro[:, 1:])
        yield Stretch(
            imu_TC,
            _FORMATS[platform],
            f"extrasensory:{uuid}",
            stamp_s_T=stamp_s,
            label_T=np.full(len(imu_TC), labels.get(int(stamp), -1), np.int16),
            labels=LABELS,
            source=f"extrasensory {uuid} {stamp} {platform}",
            is_test=is_test,
        )


EXTRASENSORY = Layout(
    "extrasensory",
    "a folder with raw_acc/<UUID>/<timestamp>.m_raw_acc.dat, proc_gyro/ and cv5Folds/",
    _is_extrasensory,
    Reader(
        stretches=read_extrasensory,
        missing=_missing,
        has_gaps=True,
    ),
)
