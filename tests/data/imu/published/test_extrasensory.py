"""ExtraSensory: two platforms, fold lists, bursts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from edgehuman.data.imu.load import load_recordings, load_windows
from edgehuman.errors import DataError

Tree = Callable[[str], Path]


def test_extrasensory_platforms_differ_in_unit_and_sign(tree: Tree) -> None:
    root = tree("extrasensory")
    first = (root / "raw_acc" / "11111111-IPHONE" / "1440000000.m_raw_acc.dat").read_text()
    assert float(first.split()[3]) == pytest.approx(-1.0)
    recordings = load_recordings(root)
    # One burst each: the file with just nan is a missing burst.
    assert len(recordings) == 2
    for recording in recordings:
        assert recording.imu_TC[0, 2] == pytest.approx(1.0, abs=0.01)
    labels = {part.source.split()[-1]: set(part.label_T.tolist()) for part in recordings}
    assert labels == {"iphone": {recordings[0].labels.index("walking")}, "android": {-1}}


def test_extrasensory_test_part_is_fold_0(tree: Tree) -> None:
    windows = load_windows(tree("extrasensory"))
    assert set(windows.subject_N[windows.is_test_N].tolist()) == {"extrasensory:22222222-ANDROID"}


def test_extrasensory_platform_that_the_units_deny(tree: Tree) -> None:
    root = tree("extrasensory")
    for part in ("train", "test"):
        iphone = root / "cv5Folds" / f"fold_0_{part}_iphone_uuids.txt"
        android = root / "cv5Folds" / f"fold_0_{part}_android_uuids.txt"
        swapped = android.read_text(), iphone.read_text()
        iphone.write_text(swapped[0])
        android.write_text(swapped[1])
    with pytest.raises(
        DataError, match="the median acceleration is 1, but the fold lists say android"
    ):
        load_recordings(root)


def test_extrasensory_without_lists_or_with_a_stranger(tree: Tree) -> None:
    root = tree("extrasensory")
    (root / "raw_acc" / "stranger").mkdir()
    with pytest.raises(DataError, match="stranger is in no list of fold 0"):
        load_recordings(root)
    (root / "cv5Folds" / "fold_0_test_android_uuids.txt").unlink()
    with pytest.raises(DataError, match=r"fold_0_test_android_uuids\.txt: no such file"):
        load_recordings(root)
    (root / "cv5Folds").rename(root / "lists")
    with pytest.raises(DataError, match="no lists of fold 0; unpack cv5Folds"):
        load_recordings(root)
