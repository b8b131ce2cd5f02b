"""Walks of any length judged by a network that a person can compute: the width of the bar."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from edgehuman.catalogue import networks_of
from edgehuman.data.silhouette.score import (
    AT_ONCE,
    LONGEST,
    embed_whole,
    least_frames,
    score_silhouettes,
)
from edgehuman.errors import ArtefactError, DataError
from edgehuman.nets.building import build
from edgehuman.records import Float32, Uint8
from tests.data.outlines import joined, outlines


def widths(silhouette_NTHW: Uint8) -> Float32:
    """Two parts: the white share, and as many ones as frames."""
    share_N = silhouette_NTHW.mean(axis=(1, 2, 3)) / 255
    frames_N = np.full(len(share_N), silhouette_NTHW.shape[1])
    return np.stack([share_N, frames_N], axis=1)[:, :, None].astype(np.float32)


def test_whole_walks_of_unequal_lengths_keep_their_order() -> None:
    long = outlines(2, 1, LONGEST + 5, first=7)
    walks = joined(outlines(3, 2, 6), long, outlines(2, 2, 4, first=3))
    seen: list[tuple[int, ...]] = []

    def answer(silhouette_NTHW: Uint8) -> Float32:
        seen.append(silhouette_NTHW.shape)
        return widths(silhouette_NTHW)

    feature_KPD, kept_K = embed_whole(walks, answer, batch=4)
    assert kept_K.tolist() == list(range(len(walks)))
    assert feature_KPD[:, 1, 0].tolist() == np.minimum(walks.length_N, LONGEST).tolist()
    alone = np.concatenate([widths(walks.sequence(i)[None, :LONGEST]) for i in range(len(walks))])
    np.testing.assert_allclose(feature_KPD, alone)
    assert [shape[:2] for shape in seen] == [(4, 4), (4, 6), (2, 6), (2, LONGEST)]
    assert all(count * frames <= AT_ONCE for count, frames, *_ in seen)


def test_scores_are_of_the_mean_distance_over_parts() -> None:
    found = score_silhouettes(outlines(), widths, "euclidean")
    assert found.scores.metrics["rank1"] == 1
    assert (found.protocol, found.too_short, found.scores.probes) == ("gallery-probe", 0, 12)
    assert found.vectors.feature_NX.shape == (24, 2, 1)


def test_too_short_walks_are_counted_and_refused_if_all_are() -> None:
    walks = joined(outlines(3, 4, 6), outlines(1, 4, 2, first=5))
    assert score_silhouettes(walks, widths, "euclidean", least=3).too_short == 4
    with pytest.raises(DataError, match=r"none of 16 walks has the 7 frames .* longest has 6\."):
        score_silhouettes(walks, widths, "euclidean", least=7)


def test_a_gallery_must_be_there_and_its_values_finite() -> None:
    walks = outlines()
    probes = dataclasses.replace(walks, role_N=np.full(len(walks), "probe"))
    with pytest.raises(DataError, match="the gallery is empty"):
        score_silhouettes(probes, widths)
    with pytest.raises(ArtefactError, match="not finite"):
        score_silhouettes(walks, lambda x_NTHW: widths(x_NTHW) * np.nan)


def test_a_missing_gallery_view_is_not_counted_and_only_one_view_refused() -> None:
    walks = outlines(3, 6, name="CASIA-B")
    kinds = ["nm-01", "nm-02", "nm-03", "nm-04", "nm-05", "bg-01"]
    condition_N = np.tile(np.array(kinds), 3)
    view_N = np.tile(np.array(["000", "000", "090", "090", "090", "000"]), 3)
    casia = dataclasses.replace(walks, condition_N=condition_N, view_N=view_N)
    found = score_silhouettes(casia, widths, "euclidean")
    assert found.protocol == "casia-b"
    assert found.scores.groups["nm"]["rank1"] == 1
    # Without a gallery at 000 no cell of that column is left for probes at 090.
    without = casia.subset((view_N == "090") | (condition_N == "bg-01"))
    with pytest.raises(DataError, match=r"no|none|view"):
        score_silhouettes(
            dataclasses.replace(without, view_N=np.full(len(without), "090")), widths, "euclidean"
        )


@pytest.mark.parametrize("arch", ["gaitset_small", "gaitgl"])
def test_least_frames_are_those_of_the_network(arch: str) -> None:
    assert least_frames(arch) == build(arch).least_frames


def test_only_gaitgl_groups_its_frames() -> None:
    grouped = {name for name in networks_of("silhouette") if least_frames(name) == 3}
    assert grouped == {"gaitgl", "gaitgl_wide", "gaitgl_wide_bnneck"}
    assert least_frames("mine.nets:Own") == 1
