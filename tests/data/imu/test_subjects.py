"""Who and what is in each wearable dataset."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.catalogue import datasets_of
from edgehuman.data.imu import subjects
from edgehuman.data.imu.load import layouts


def test_people_are_named_by_their_pool() -> None:
    assert subjects.names("uci30", np.array([2, 13])).tolist() == ["uci30:2", "uci30:13"]
    assert len(subjects.UCI_SUBJECTS) == 30
    assert len(subjects.WISDM_SUBJECTS) == 51
    assert len(subjects.WISDM_TEST_USERS) == 17


@pytest.mark.parametrize(
    ("dataset", "labels"),
    [
        ("uci_har", subjects.UCI_LABELS),
        ("hapt", subjects.HAPT_LABELS),
        ("wisdm2019", subjects.WISDM_LABELS),
        ("dsads", subjects.DSADS_LABELS),
        ("usc_had", subjects.USC_HAD_LABELS),
    ],
)
def test_the_catalogue_counts_the_same_classes_and_people(
    dataset: str, labels: tuple[str, ...]
) -> None:
    row = datasets_of("imu")[dataset]
    assert len(set(labels)) == len(labels) == row.classes
    known = {len(one.read.subjects) for one in layouts() if one.dataset == dataset}
    assert known == {row.people}


def test_spans_label_what_they_cover() -> None:
    rows = np.array([[0, 1, 3], [4, 3, 5], [2, 6, 99]])
    assert subjects.spans(rows, 8).tolist() == [-1, 0, 0, 4, 4, -1, 2, 2]
    assert subjects.spans(np.empty((0, 3), np.int64), 2).tolist() == [-1, -1]
