"""UCI HAR and HAPT: columns, classes, rows that belong together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from edgehuman.data.imu.load import load_recordings, load_windows
from edgehuman.errors import DataError
from tests.data.spoilt import cut_columns, put_text

Tree = Callable[[str], Path]


def test_uci_har_is_as_given(tree: Tree) -> None:
    windows = load_windows(tree("uci_har"))
    assert windows.subject_N.tolist() == ["uci30:1", "uci30:1", "uci30:3", "uci30:2", "uci30:4"]
    assert windows.is_test_N.tolist() == [False, False, False, True, True]
    assert [windows.labels[i] for i in windows.label_N] == [
        "walking", "walking_upstairs", "standing", "standing", "laying",
    ]  # fmt: skip


def test_uci_har_files_that_do_not_belong_together(tree: Tree) -> None:
    root = tree("uci_har")
    file = root / "test" / "subject_test.txt"
    file.write_text("2\n")
    with pytest.raises(DataError, match=r"has 1 rows, but y_test\.txt has 2"):
        load_windows(root)


def test_uci_har_wrong_columns_text_nan_empty_missing_class(tree: Tree) -> None:
    root = tree("uci_har")
    file = root / "train" / "Inertial Signals" / "total_acc_x_train.txt"
    whole = file.read_text()
    cut_columns(file, 127)
    with pytest.raises(DataError, match="first row has 127 columns; the published file has 128"):
        load_windows(root)
    file.write_text(whole)
    put_text(file)
    with pytest.raises(DataError, match=r"total_acc_x_train\.txt: could not convert"):
        load_windows(root)
    file.write_text(whole.replace("0 ", "nan ", 1))
    with pytest.raises(
        DataError, match="1 windows have values that are not finite, first window 0"
    ):
        load_windows(root)
    file.write_text("")
    with pytest.raises(DataError, match="the file is empty"):
        load_windows(root)
    file.unlink()
    with pytest.raises(DataError, match="no such file; unpack the whole archive"):
        load_windows(root)
    file.write_text(whole)
    (root / "train" / "y_train.txt").write_text("1\n2\n9\n")
    with pytest.raises(DataError, match=r"classes \[1, 2, 9\]; they must be 1 to 6"):
        load_windows(root)


def test_hapt_labels_are_from_one_and_inclusive(tree: Tree) -> None:
    first, second = load_recordings(tree("hapt"))
    names = [*first.labels, None]
    # Rows 1..200 standing, 201..250 stand_to_sit, the rest unlabelled.
    assert [names[i] for i in first.label_T[[0, 199, 200, 249, 250]]] == [
        "standing", "standing", "stand_to_sit", "stand_to_sit", None,
    ]  # fmt: skip
    assert second.label_T[99] == -1
    assert second.label_T[100] == 0


def test_hapt_shares_its_people_and_test_people_with_uci_har(tree: Tree) -> None:
    windows = load_windows(tree("hapt"))
    assert set(windows.subject_N[windows.is_test_N].tolist()) == {"uci30:2"}


def test_hapt_sensors_of_different_lengths(tree: Tree) -> None:
    root = tree("hapt")
    file = root / "RawData" / "gyro_exp01_user01.txt"
    file.write_text("\n".join(file.read_text().splitlines()[:-1]) + "\n")
    with pytest.raises(DataError, match=r"has 399 rows, but acc_exp01_user01\.txt has 400"):
        load_recordings(root)
