"""Two galleries as one: by hand, in the plane; the threshold of both, and where it is kept."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import pytest

from edgehuman.cli import main
from edgehuman.errors import UsageError
from edgehuman.records import Float32
from edgehuman.runtime.gallery import Gallery, read_gallery, write_gallery
from edgehuman.runtime.gallery import fusion as of_both
from edgehuman.runtime.gallery.fusion import (
    BY_BOTH,
    BY_JOINTS,
    BY_OUTLINES,
    Pair,
    fusion_for,
    one_sided,
)
from edgehuman.runtime.gallery.gallery import Calibrated, Fusion
from edgehuman.tables.fusions import Measured
from tests.runtime.gallery.made import write_key

JOINTS, OUTLINES = "a" * 64, "b" * 64
THRESHOLDS = (0.9, 0.6)
FUSION = Fusion(0.25, Calibrated(0.8, 5, "2026-01-01"), JOINTS)


def at(degrees: float) -> Float32:
    turn = math.radians(degrees)
    return np.array((math.cos(turn), math.sin(turn)), np.float32)


def cos(degrees: float) -> float:
    return math.cos(math.radians(degrees))


def gallery(space: str, **degrees: float) -> Gallery:
    """People by the direction of their walk; of outlines with one part."""
    vector_GD = np.stack([at(each) for each in degrees.values()])
    made_GX = vector_GD[:, None] if space == OUTLINES else vector_GD
    return Gallery(
        space, space[:3], "cosine", made_GX, (*degrees,), tuple(f"{name}-1" for name in degrees)
    )


def pair(fusion: Fusion | None = FUSION, leads: int = 1) -> Pair:
    """ANNA and BOB are in both, CY by joints alone, DEE by outlines alone."""
    joints = gallery(JOINTS, ANNA=0, BOB=90, CY=180)
    outlines = gallery(OUTLINES, BOB=90, ANNA=0, DEE=180)
    return Pair((joints, outlines), THRESHOLDS, fusion, leads)


def test_the_score_of_both_is_their_weighted_mean() -> None:
    found = pair().compare(at(10), at(40)[None])
    assert found is not None
    assert (found.by, found.identity.nearest, found.threshold) == (BY_BOTH, "ANNA", 0.8)
    assert found.identity.score == pytest.approx(0.25 * cos(10) + 0.75 * cos(40))
    assert dict(found.identity.others)["BOB"] == pytest.approx(0.25 * cos(80) + 0.75 * cos(50))
    assert found.of("ANNA") == pytest.approx((cos(10), cos(40)))
    assert found.of("CY")[0] == pytest.approx(cos(170))
    assert found.of("CY")[1] is None
    assert found.of("nobody") == (None, None)


def test_who_shows_one_of_both_is_judged_by_that_alone() -> None:
    by_joints, by_outlines = pair().compare(at(10), None), pair().compare(None, at(100)[None])
    assert by_joints is not None
    assert by_outlines is not None
    assert (by_joints.by, by_joints.threshold) == (BY_JOINTS, 0.9)
    assert by_joints.identity.score == pytest.approx(cos(10))
    assert [name for name, _ in by_joints.identity.others] == ["BOB", "CY"]
    assert (by_outlines.by, by_outlines.threshold) == (BY_OUTLINES, 0.6)
    assert by_outlines.identity.person == "BOB"
    assert by_outlines.identity.score == pytest.approx(cos(10))


def test_who_is_in_one_gallery_alone_is_as_far_above_the_threshold_as_there() -> None:
    """DEE at 20 degrees: 0.94 by outlines, whose threshold is 0.6, is 85 % of the way to 1; that is
    0.97 where the threshold is 0.8.
    """
    found = pair().compare(at(170), at(160)[None])
    assert found is not None
    assert (found.by, found.identity.nearest) == (BY_BOTH, "DEE")
    above = (cos(20) - 0.6) / 0.4
    assert found.identity.score == pytest.approx(0.8 + 0.2 * above)
    assert dict(found.identity.others)["CY"] == pytest.approx(0.8 + 0.2 * (cos(10) - 0.9) / 0.1)


def test_without_a_threshold_of_both_the_first_model_decides() -> None:
    joints, outlines = (pair(None, leads).compare(at(80), at(10)[None]) for leads in (0, 1))
    assert joints is not None
    assert outlines is not None
    assert (joints.by, joints.identity.nearest, joints.threshold) == (BY_JOINTS, "BOB", 0.9)
    assert joints.identity.score == pytest.approx(cos(10))
    assert (outlines.by, outlines.identity.nearest) == (BY_OUTLINES, "ANNA")


def test_nobody_to_compare_with() -> None:
    empty = Gallery(JOINTS, "j", "cosine", np.empty((0, 2), np.float32))
    both = Pair((empty, gallery(OUTLINES, BOB=90)), THRESHOLDS, FUSION, 1)
    assert both.compare(at(0), None) is None
    found = both.compare(at(0), at(90)[None])
    assert found is not None
    assert found.identity.nearest == "BOB"


def test_where_the_threshold_of_both_comes_from(monkeypatch: pytest.MonkeyPatch) -> None:
    joints, outlines = gallery(JOINTS, ANNA=0), gallery(OUTLINES, ANNA=0)
    monkeypatch.setattr(of_both, "FUSIONS", {})
    assert fusion_for((joints, outlines)) is None
    with pytest.raises(UsageError, match="it is not known how the scores"):
        fusion_for((joints, outlines), 0.5)
    monkeypatch.setattr(
        of_both, "FUSIONS", {(JOINTS, OUTLINES): Measured(0.4, 0.85, 100, "2026-01-01")}
    )
    shipped = fusion_for((joints, outlines))
    assert shipped is not None
    assert (shipped.share, shipped.threshold.score) == (0.4, 0.85)
    # Calibrated on the people themselves, in whichever gallery; another pair's does not count.
    own = dataclasses.replace(outlines, fusion=FUSION)
    assert fusion_for((joints, own)) == FUSION
    other = dataclasses.replace(outlines, fusion=dataclasses.replace(FUSION, other="c" * 64))
    assert fusion_for((joints, other)) == shipped
    asked = fusion_for((joints, own), 0.7)
    assert asked is not None
    assert (asked.share, asked.threshold.score) == (0.25, 0.7)
    with pytest.raises(UsageError, match="from -1 to 1"):
        fusion_for((joints, own), 1.5)


def test_galleries_that_have_doubled_since_are_told() -> None:
    names = {f"P{place}": float(place) for place in range(10)}
    outlines = dataclasses.replace(gallery(OUTLINES, **names), fusion=FUSION)
    said: list[str] = []
    fusion_for((gallery(JOINTS, **names), outlines), notify=said.append)
    assert ["calibrated with 5 people, and there are 10" in line for line in said] == [True]


def test_who_is_enrolled_in_one_alone_is_said() -> None:
    joints, outlines = gallery(JOINTS, ANNA=0, CY=9), gallery(OUTLINES, ANNA=0, DEE=9)
    assert one_sided((joints, outlines)).startswith("enrolled CY by joints alone and DEE by outl")
    assert one_sided((joints, gallery(OUTLINES, ANNA=1, CY=3))) == ""
    many = gallery(JOINTS, **{f"P{place}": float(place) for place in range(9)})
    assert "P0, P1, P2, P3, P4, … by joints alone" in one_sided((many, gallery(OUTLINES, ANNA=0)))


@pytest.mark.parametrize("keyed", [False, True])
def test_the_threshold_of_both_is_calibrated_and_kept(
    tmp_path: Path, keyed: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """Five people 20 degrees apart, in both galleries; a stranger reaches cos 20 in each."""
    names = {f"P{place}": 20.0 * place for place in range(5)}
    paths = tmp_path / "joints.gallery", tmp_path / "outlines.gallery"
    key = write_key(tmp_path / "k.key") if keyed else None
    for path, space in zip(paths, (JOINTS, OUTLINES), strict=True):
        write_gallery(path, gallery(space, **names), key)
    words = ["gallery", "threshold", str(paths[1]), "--fuse-gallery", str(paths[0]), "--json"]
    words += ["--key", str(key)] if keyed else []
    assert main([*words, "--apply"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["threshold"] == pytest.approx(cos(20), abs=1e-5)
    assert (data["share"], data["people"], data["applied"]) == (pytest.approx(0.5), 5, True)
    kept = read_gallery(paths[1], key)
    assert kept.threshold is None
    assert kept.fusion is not None
    assert (kept.fusion.other, kept.fusion.threshold.people) == (JOINTS, 5)
    assert fusion_for((read_gallery(paths[0], key), kept)) == kept.fusion
    assert main(["gallery", "verify", str(paths[1]), *(words[-2:] if keyed else [])]) == 0


def test_walks_of_one_person_are_compared_with_their_other_walks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two walks each, 4 degrees apart, of six people: everybody is found at the threshold."""
    names = tuple(f"P{place // 2}" for place in range(12))
    turns = [20.0 * (place // 2) + 4 * (place % 2) for place in range(12)]
    for space, name in ((JOINTS, "j"), (OUTLINES, "o")):
        vector_GD = np.stack([at(each) for each in turns])
        made = Gallery(
            space,
            name,
            "cosine",
            vector_GD[:, None] if space == OUTLINES else vector_GD,
            names,
            tuple(f"{name}{place}" for place in range(12)),  # no walk has an id in common
        )
        write_gallery(tmp_path / f"{name}.npz", made)
    words = ["gallery", "threshold", str(tmp_path / "o.npz"), "--fuse-gallery"]
    assert main([*words, str(tmp_path / "j.npz"), "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["threshold"] == pytest.approx(cos(16), abs=1e-5)
    assert data["known_refused"]["rate"] == 0
    assert {by: own["rate"] for by, own in data["known_refused_alone"].items()} == {
        "joints": 0,
        "outlines": 0,
    }
    write_gallery(tmp_path / "same.npz", read_gallery(tmp_path / "o.npz"))
    assert main([*words, str(tmp_path / "same.npz")]) == 2
    assert "cannot be told" in capsys.readouterr().err
    assert main([*words, str(tmp_path / "j.npz"), "--apply"]) == 2
    assert "holds no threshold" in capsys.readouterr().err


def test_people_of_one_gallery_alone_calibrate_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_gallery(tmp_path / "j.npz", gallery(JOINTS, ANNA=0, BOB=10))
    write_gallery(tmp_path / "o.npz", gallery(OUTLINES, ANNA=0, CY=10))
    words = ["gallery", "threshold", str(tmp_path / "o.npz"), "--fuse-gallery"]
    assert main([*words, str(tmp_path / "j.npz")]) == 1
    assert "found 1 people who are in both galleries" in capsys.readouterr().err
