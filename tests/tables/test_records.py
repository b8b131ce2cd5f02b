"""What the rows of the records have to agree in."""

from __future__ import annotations

from collections import Counter

from edgehuman.catalogue import NETWORKS, RECORDS, load_object
from edgehuman.flags.words import flag_value


def test_kinds_and_the_suffixes_that_choose_them_are_one_records_own() -> None:
    rows = RECORDS.values()
    kinds = Counter(row.kind for row in rows if row.kind)
    suffixes = Counter(row.convert.suffix for row in rows if row.convert and row.convert.suffix)
    assert set(kinds.values()) == set(suffixes.values()) == {1}
    assert set(suffixes) == {".npz", ".jsonl"}


def test_the_example_of_a_conversion_has_its_suffix() -> None:
    for row in RECORDS.values():
        if row.convert:
            out = flag_value(row.convert.example.split(), "out", {})
            assert out is not None
            assert out.endswith(row.convert.suffix)


def test_every_axis_of_a_networks_input_has_a_name() -> None:
    inputs = {row.modality: row for row in RECORDS.values() if row.input}
    for network in NETWORKS.values():
        row = inputs[network.modality]
        assert len(row.axes) == len(load_object(row.input)(network).shape)
