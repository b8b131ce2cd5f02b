"""The table of networks: built of what its rows say, as large as their papers count."""

from __future__ import annotations

from itertools import pairwise

import pytest

from edgehuman.catalogue import METHODS, RECORDS, TASKS, load_object
from edgehuman.tables.networks import NETWORKS


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_names_a_method_and_a_task_of_the_catalogue(name: str) -> None:
    row = NETWORKS[name]
    assert RECORDS[row.input].modality == row.modality
    # Some are compared by their embedding as it is; a task teaches it further.
    if not row.task.endswith("-embedding"):
        assert TASKS[row.task].modality == row.modality
    if row.method != "none":
        assert METHODS[row.method].modality == row.modality
    assert row.params > 0
    assert row.flops > 0
    assert row.source


def test_a_network_is_built_in_the_folder_of_its_record() -> None:
    pytest.importorskip("torch")
    for name, row in NETWORKS.items():
        assert row.build.startswith(f"edgehuman.nets.{row.modality}."), name
        assert callable(load_object(row.build)), name


def test_the_gait_networks_are_as_large_as_their_paper_counts() -> None:
    """Deep & Thin lacks 68 of the paper's parameters: see nets/skeleton/gaitpt.py."""
    for name, row in NETWORKS.items():
        if row.modality == "skeleton" and not row.begins:
            lacks = 68 if row.family == "gaitptv2_deep" else 0
            assert row.params + lacks == int(row.params_paper.replace(",", "")), name


def test_each_gait_network_of_a_family_is_larger_than_the_one_before() -> None:
    for family in ("gaitptv2_deep", "gaitptv2_wide", "gaitformer"):
        rows = [row for row in NETWORKS.values() if row.family == family]
        assert len(rows) == 7
        assert all(a.params < b.params and a.flops < b.flops for a, b in pairwise(rows))
