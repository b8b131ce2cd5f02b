"""The networks of skeleton gait: the paper's 21, and ours that begins with one of them."""

from __future__ import annotations

from edgehuman.catalogue import NETWORKS, is_cut_from
from edgehuman.tables.walkers import GAIT_NETWORKS


def test_the_papers_networks_and_ours() -> None:
    families = [row.family for row in GAIT_NETWORKS.values()]
    counts = {family: families.count(family) for family in set(families)}
    assert counts == {
        "gaitptv2_deep": 7, "gaitptv2_wide": 7, "gaitformer": 7, "gaitbody": 1,
    }  # fmt: skip
    assert all(NETWORKS[name] is row for name, row in GAIT_NETWORKS.items())
    assert {row.input for row in GAIT_NETWORKS.values()} == {"SkeletonSequence"}


def test_a_network_that_begins_with_another_starts_from_its_weights() -> None:
    ours = GAIT_NETWORKS["gaitbody_1"]
    assert ours.begins == "gaitformer_1"
    assert ours.params == GAIT_NETWORKS["gaitformer_1"].params
    assert is_cut_from("gaitbody_1", "gaitformer_1")
    assert not is_cut_from("gaitformer_1", "gaitbody_1")
    assert not is_cut_from("gaitbody_1", "gaitformer_2")
