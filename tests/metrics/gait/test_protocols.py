"""The protocols on walks that can be ranked by hand, and against published code."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.metrics.gait.protocols import (
    PROTOCOLS,
    GaitVectors,
    Protocol,
    gait_scores,
    has_condition,
)
from edgehuman.metrics.retrieval import Distance

# Walks on a line: place, who, view, condition. Ann stands at 0, Bob at 10.
WALKS = [
    (0.0, "ann", "000", "nm-01"),
    (10.0, "bob", "000", "nm-01"),
    (1.0, "ann", "090", "nm-01"),
    (9.0, "bob", "090", "nm-01"),
    (0.5, "ann", "000", "bg-01"),  # finds ann under 090
    (2.0, "bob", "000", "bg-01"),  # is taken for ann
    (0.4, "ann", "090", "bg-01"),  # finds ann
    (9.5, "bob", "090", "bg-01"),  # finds bob
]
IN_PAIRS = Protocol("view pairs", ("nm",), {"bg": ("bg",)})


def vectors(rows: list[tuple[float, str, str, str]] = WALKS, role: str = "") -> GaitVectors:
    place_N, person_N, view_N, condition_N = (
        np.array(column) for column in zip(*rows, strict=True)
    )
    features = place_N[:, None].astype(np.float32)
    return GaitVectors(features, person_N, view_N, condition_N, np.full(len(rows), role, "<U7"))


def with_roles(rows: list[tuple[float, str, str, str]], roles: list[str]) -> GaitVectors:
    made = vectors(rows)
    return GaitVectors(
        made.feature_NX, made.person_N, made.view_N, made.condition_N, np.array(roles)
    )


def test_view_pairs_leave_the_same_view_out_and_average_rows() -> None:
    scores = gait_scores(vectors(), IN_PAIRS)
    cells = scores.cells["bg"]
    assert scores.views == ("000", "090")
    assert np.isnan(cells[0, 0])
    assert np.isnan(cells[1, 1])
    # Bob's bag walk under 000 is nearer to ann; the three others are found.
    assert (cells[0, 1], cells[1, 0]) == (0.5, 1.0)
    assert scores.metrics["rank1"] == pytest.approx(0.75)
    assert (scores.gallery, scores.probes, scores.people) == (4, 4, 2)


def test_a_pair_is_rounded_to_a_hundredth_of_a_percent() -> None:
    people = [("ann", 0.0), ("bob", 1.0), ("cem", 2.0)]
    rows = [(x, who, view, "nm-01") for who, x in people for view in ("a", "b")]
    rows += [(0.1, who, "a", "bg-01") for who, _ in people]  # all of them look like ann
    assert gait_scores(vectors(rows), IN_PAIRS).metrics["rank1"] == 0.3333


def test_a_probe_without_a_match_is_a_miss_in_view_pairs() -> None:
    rows = [*WALKS, (50.0, "eve", "000", "bg-01")]
    scores = gait_scores(vectors(rows), IN_PAIRS)
    assert scores.cells["bg"][0, 1] == pytest.approx(0.3333)
    assert scores.metrics["rank5"] == pytest.approx((0.6667 + 1.0) / 2)


def test_a_group_without_a_pair_of_views_is_told_and_no_number() -> None:
    rows = [row for row in WALKS if row[2] == "000" or row[3] == "bg-01"]
    shown = Protocol("view pairs", ("nm",), {"bg": ("bg",), "cl": ("cl",)})
    gait_scores(vectors(rows), shown)  # 090 is looked for under 000
    alone = [*rows, (0.3, "ann", "000", "cl-01")]
    with pytest.raises(DataError, match="probes from view 000 have no gallery from another view"):
        gait_scores(vectors(alone), shown)


def test_cross_view_excludes_the_persons_own_view() -> None:
    protocol = Protocol("cross view", ("nm",), {"bg": ("bg",)}, (1,))
    scores = gait_scores(vectors(), protocol)
    # Bob under 000 (at 2) may find 090 (at 9) alone, behind ann's two; under 090 everybody finds.
    assert scores.metrics["rank1"] == pytest.approx((0.5 + 1.0) / 2)
    assert scores.metrics["map"] == pytest.approx((_rounded((1 + 1 / 3) / 2) + 1.0) / 2)
    assert "minp" not in scores.metrics


def _rounded(share: float) -> float:
    return round(share, 4)


def test_a_gallery_by_roles_gives_ranks_map_and_minp() -> None:
    rows = [(0.0, "ann", "", "nm"), (5.0, "bob", "", "nm"), (1.0, "bob", "", "nm")]
    probes = [(0.2, "ann", "", "nm"), (2.0, "bob", "", "cl"), (9.0, "eve", "", "cl")]
    found = gait_scores(
        with_roles(rows + probes, ["gallery"] * 3 + ["probe"] * 3), PROTOCOLS["gallery-probe"]
    )
    assert set(found.groups) == {"nm", "cl"}
    # Bob at 2: bob at 1, ann at 0, bob at 5 are 1, 2 and 3 away: places 1 and 3.
    assert found.groups["cl"]["map"] == pytest.approx((1 + 2 / 3) / 2)
    assert found.groups["cl"]["minp"] == pytest.approx(2 / 3)
    assert found.metrics["rank1"] == 1.0
    assert found.skipped == 1


def test_conditions_match_by_kind_or_by_walk() -> None:
    condition_N = np.array(["nm-01", "nm-02", "bg-01", "nm", ""])
    assert has_condition(condition_N, ("nm",)).tolist() == [True, True, False, True, False]
    assert has_condition(condition_N, ("nm-02", "bg-01")).tolist() == [
        False,
        True,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("made", "protocol", "said"),
    [
        (vectors(WALKS[4:]), IN_PAIRS, "gallery is empty: no sequence has conditions nm"),
        (vectors(WALKS), PROTOCOLS["gait3d"], "gallery is empty: no sequence has role gallery"),
        (vectors(WALKS[:4]), IN_PAIRS, "no probes among 4"),
        (vectors(WALKS), Protocol("gallery", ("nm",), {"nm": ("nm-01",)}), "both gallery and"),
        (vectors([*WALKS[:2], WALKS[4]]), IN_PAIRS, "at least two"),
        (vectors([WALKS[0], WALKS[2], *WALKS[4:]]), IN_PAIRS, "found one person in the .*, ann: "),
        (
            vectors([*WALKS[2:4], (0, "eve", "000", "bg")]),
            IN_PAIRS,
            "give sequences of the same people",
        ),
    ],
)
def test_unscorable_vectors_are_an_error(made: GaitVectors, protocol: Protocol, said: str) -> None:
    with pytest.raises(DataError, match=said):
        gait_scores(made, protocol)


def test_columns_of_other_lengths_are_an_error() -> None:
    made = vectors()
    with pytest.raises(DataError, match="view_N"):
        GaitVectors(made.feature_NX, made.person_N, made.view_N[:3], made.condition_N, made.role_N)


@pytest.mark.parametrize(("distance", "key"), [("euclidean", "euc"), ("cosine", "cos")])
def test_published_code_gives_the_same_on_casia_b(
    distance: Distance, key: str, reference_vectors: Path
) -> None:
    with np.load(reference_vectors / "opengait_losses_metrics.npz") as file:
        made = GaitVectors(
            file["casia_emb"].transpose(0, 2, 1),  # stored as (N, D, P)
            file["casia_labels"],
            file["casia_views"],
            file["casia_types"],
            np.full(len(file["casia_labels"]), ""),
        )
        pairs, across = (json.loads(str(file[f"casia_{key}_cross{i}"])) for i in (0, 1))
    found = gait_scores(made, PROTOCOLS["casia-b"], distance)
    crossed = gait_scores(made, PROTOCOLS["casia-b-cross-view"], distance)
    for group in ("nm", "bg", "cl"):
        name = f"scalar/test_accuracy/{group.upper()}"
        assert 100 * found.groups[group]["rank1"] == pytest.approx(pairs[f"{name}@R1"], abs=1e-9)
        assert 100 * crossed.groups[group]["rank1"] == pytest.approx(
            across[f"{name}-Rank@1"], abs=1e-9
        )
        assert 100 * crossed.groups[group]["map"] == pytest.approx(across[f"{name}-mAP"], abs=1e-9)
