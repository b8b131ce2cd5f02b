"""Other names for classes: read from words, applied to windows."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.errors import DataError, UsageError
from edgehuman.preprocess.imu.naming import read_naming, rename, require_found
from edgehuman.records import WindowSet


def made(labels: tuple[str, ...], label: list[int]) -> WindowSet:
    count = len(label)
    return WindowSet(
        np.arange(count, dtype=np.float32).repeat(12).reshape(count, 2, 6),
        np.array(label, np.int64),
        np.array(["made:1"] * count),
        np.zeros(count, bool),
        labels,
        ("made",),
    )


def test_words_name_one_several_or_none() -> None:
    words = ["jogging=running", "stairs = up | down", "typing="]
    assert read_naming(words, "--map") == {
        "jogging": ("running",),
        "stairs": ("up", "down"),
        "typing": (),
    }


@pytest.mark.parametrize("word", ["jogging", "=running", "a=b=c", "a=b|", "", "="])
def test_a_word_of_another_form_is_named_with_an_example(word: str) -> None:
    with pytest.raises(UsageError, match=r"is not CLASS=NAME; e\.g\. --map jogging=running"):
        read_naming([word], "--map")


def test_a_class_mapped_twice_is_an_error() -> None:
    with pytest.raises(UsageError, match="maps 'a' twice"):
        read_naming(["a=b", "a=c"], "--map")


def test_windows_take_their_other_names() -> None:
    windows = made(("walk", "jogging", "run", "stairs", "typing"), [0, 1, 2, 3, 4, -1])
    naming = read_naming(["jogging=run", "stairs=up|down", "typing="], "--map")
    renamed = rename(windows, naming)
    assert renamed.labels == ("walk", "run", "up|down")
    assert renamed.label_N.tolist() == [0, 1, 1, 2, -1]
    assert renamed.imu_NTC[:, 0, 0].tolist() == [0, 1, 2, 3, 5]


def test_a_name_that_no_row_has_is_told_with_those_found() -> None:
    require_found(["gehen"], iter(["sitzen", "gehen"]), "--map")
    with pytest.raises(DataError, match=r"--map gehn=.*: no row is labelled gehn; found gehen, si"):
        require_found(["gehn"], ["gehen", "sitzen", "gehen"], "--map")
