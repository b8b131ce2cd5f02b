"""The threshold by the gallery's own people, and rates that so few cannot show."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from edgehuman.cli import main
from edgehuman.errors import DataError
from edgehuman.runtime.gallery import Gallery, read_gallery, threshold_for, write_gallery
from edgehuman.runtime.gallery.gallery import Calibrated
from edgehuman.runtime.gallery.threshold import rates, score_at, tried, wanted_rate
from tests.runtime.gallery.made import gait_card, known, write_key, write_known

Capture = pytest.CaptureFixture[str]


def made(people: int, walks: int = 2, apart: float = 1.0, dim: int = 16) -> Gallery:
    """People of some walks each, in random directions."""
    rng = np.random.default_rng(3)
    centre_PD = apart * rng.normal(size=(people, dim))
    vector_GD = np.repeat(centre_PD, walks, axis=0)
    noisy_GD = (vector_GD + 0.3 * rng.normal(size=vector_GD.shape)).astype(np.float32)
    names = [f"P{p}" for p in range(people)]
    return Gallery(
        "a" * 64, "walker", "cosine", noisy_GD,
        tuple(names[g // walks] for g in range(people * walks)),
        tuple(f"w{g}" for g in range(people * walks)),
    )  # fmt: skip


def test_every_person_is_left_out_in_turn() -> None:
    trials = tried(known())
    # a1 at 0 degrees, b1 at 90, a2 at 53.13.
    assert trials.person_N.tolist() == [0, 1, 0]
    assert trials.other_N.tolist() == pytest.approx([0, 0.8, 0.8])
    assert trials.own_N[[0, 2]].tolist() == pytest.approx([0.6, 0.6])
    assert not np.isfinite(trials.own_N[1])


def test_the_threshold_lets_no_more_in_than_was_asked_for() -> None:
    gallery = made(400)
    trials = tried(gallery)
    for wanted in (0.01, 0.05, 0.2):
        score = score_at(trials, wanted)
        named, _ = rates(trials, score)
        assert named.value is not None
        assert named.value <= wanted
        higher, _ = rates(trials, score - 0.02)
        assert higher.value is not None
        assert higher.value > wanted * 0.9
        assert named.low is not None
        assert named.high is not None
        assert named.low <= named.value <= named.high
    # The strangers themselves: nobody of the gallery, at its size.
    stranger_ND = np.random.default_rng(9).normal(size=(2000, 16)).astype(np.float32)
    score = score_at(trials, 0.05)
    seen = np.mean([gallery.identify(each, score).person != "unknown" for each in stranger_ND])
    assert seen == pytest.approx(0.05, abs=0.03)


def test_a_rate_below_3_of_the_people_is_not_printed() -> None:
    assert wanted_rate(400, None) == 0.01
    assert wanted_rate(300, None) == 0.01
    assert wanted_rate(299, None) == 0
    assert wanted_rate(60, 0.05) == 0.05
    with pytest.raises(DataError, match=r"200 people cannot show an FPIR of 0.100%.*3 / 200 = 1.5"):
        wanted_rate(200, 0.001)
    with pytest.raises(DataError, match=r"--fpir 0.015 or more, or enrol 3,000 people"):
        wanted_rate(200, 0.001)
    trials = tried(made(60))
    named, refused = rates(trials, score_at(trials, wanted_rate(60, None)))
    assert (named.value, named.low, named.high) == (0, 0, 0.05)
    assert "none of 60 people, so at most 5.00%" in named.said()
    assert refused.high is not None
    assert refused.high >= 0.05
    few, _ = rates(tried(made(3)), 0.5)
    assert (few.value, few.said()) == (None, "3 people cannot show it")


def test_people_count_and_not_their_walks() -> None:
    """One person of many walks does not make the many people."""
    one, many = made(5, walks=20), made(5, walks=2)
    assert rates(tried(one), 2.0)[0].high == rates(tried(many), 2.0)[0].high == 0.6


def test_of_a_large_gallery_people_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgehuman.runtime.gallery.threshold._MOST_STRANGERS", 20)
    trials = tried(made(100))
    assert (len({*trials.person_N.tolist()}), trials.people) == (20, 100)
    assert len(trials.person_N) == 40


def test_two_people_with_one_walk_are_told() -> None:
    gallery = known().enrol("EVE", "e1", known().vector_GD[0])
    with pytest.raises(DataError, match="have the same walk"):
        score_at(tried(gallery), 0)
    with pytest.raises(DataError, match="found 1 people"):
        tried(known().forget("BOB"))


@pytest.mark.parametrize("sealed", [True, False])
def test_it_is_written_and_used(sealed: bool, capsys: Capture, tmp_path: Path) -> None:
    key = write_key(tmp_path / "k.key") if sealed else None
    path, words = tmp_path / "g.gallery", ["--key", str(key)] if key else []
    write_gallery(path, made(20), key)
    assert main(["gallery", "threshold", str(path), *words]) == 0
    out = capsys.readouterr().out
    assert "none of 20 people, so at most 15.00%" in out
    assert "not written: give --apply" in out
    assert read_gallery(path, key).threshold is None
    assert main(["gallery", "threshold", str(path), *words, "--apply", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    gallery = read_gallery(path, key)
    assert gallery.threshold is not None
    assert gallery.threshold.score == said["threshold"]
    assert (gallery.threshold.people, said["least_rate"]) == (20, 0.15)
    assert threshold_for(gait_card(), None, gallery) == said["threshold"]
    assert threshold_for(gait_card(), 0.25, gallery) == 0.25
    assert main(["gallery", "threshold", str(path), *words, "--fpir", "0.01"]) == 1
    assert "20 people cannot show an FPIR of 1.000%" in capsys.readouterr().err


def test_a_gallery_that_has_doubled_is_remarked() -> None:
    gallery = dataclasses.replace(made(39), threshold=Calibrated(0.7, 20, "2026-11-30"))
    said: list[str] = []
    threshold_for(gait_card(), None, gallery, said.append)
    assert said == []
    grown = dataclasses.replace(made(40), threshold=gallery.threshold)
    assert threshold_for(gait_card(), None, grown, said.append) == 0.7
    assert "was calibrated with 20 people, and there are 40 now" in said[0]


def test_where_it_cannot_be_written_is_told(capsys: Capture, tmp_path: Path) -> None:
    for name, said, code in (("g.npz", "holds no threshold", 2), ("g.gallery", "show no rate", 1)):
        path = write_known(tmp_path / name)
        assert main(["gallery", "threshold", str(path), "--apply"]) == code
        assert said in capsys.readouterr().err
    assert main(["gallery", "threshold", str(tmp_path / "g.npz")]) == 0
    assert main(["gallery", "threshold", str(tmp_path / "g.npz"), "--fpir", "1"]) == 2
