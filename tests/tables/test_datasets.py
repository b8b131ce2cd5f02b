"""The table of datasets: where each is from, under what terms, and which reader knows it."""

from __future__ import annotations

import pytest

from edgehuman.catalogue import RECORDS, load_object
from edgehuman.tables.datasets import DATASETS


@pytest.mark.parametrize("name", DATASETS)
def test_a_dataset_says_where_it_is_from_and_under_what_terms(name: str) -> None:
    row = DATASETS[name]
    assert load_object(row.read).dataset == name
    assert row.url.startswith("https://") or "none stated" in row.licence
    assert row.licence
    assert row.modality in {record.modality for record in RECORDS.values()}
    # Nobody has a name in some sets of pictures and walks.
    assert row.people > 0 or row.pictures > 0 or row.walks > 0
    assert sum(amount > 0 for amount in (row.walks, row.pictures, row.hours)) <= 1


def test_a_reader_stands_in_the_folder_of_its_record() -> None:
    for name, row in DATASETS.items():
        assert row.read.startswith(f"edgehuman.data.{row.modality}."), name
        if row.frames:
            assert load_object(row.frames).dataset == name
            rooms = ("frames", "parsed", "garments")
            folders = tuple(f"edgehuman.data.image.{room}." for room in rooms)
            assert row.frames.startswith(folders), name


def test_weights_ship_only_where_the_terms_do_not_forbid_it() -> None:
    for name, row in DATASETS.items():
        forbidden = any(
            word in row.licence.lower() for word in ("research", "nc-nd", "non-commerc")
        )
        assert not (row.weights_may_ship and forbidden), name
