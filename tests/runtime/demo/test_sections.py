"""The words of the page: complete, escaped, and told apart."""

from __future__ import annotations

import dataclasses
import re

from edgehuman.card import Decision
from edgehuman.runtime.demo import sections
from edgehuman.runtime.demo.camera import Camera
from edgehuman.runtime.demo.findings import Findings
from edgehuman.runtime.demo.speed import Timed, timed
from tests.runtime.demo.conftest import Made


def findings(model: str = "zoo:activity") -> Findings:
    """A network of 0.4 ms beside 640 ms of smoothing."""
    (real,) = timed(("zoo:activity",))
    row: Timed = dataclasses.replace(real, model=model, p50_ms=0.4)
    scores = {"online_accuracy": 0.9, "longest_wrong_s": 1.92, "flicker_per_minute": 8.0}
    summary = {
        "stream_s": 90.0,
        "hop_s": 0.64,
        "delay_s_mean": 0.64,
        "comparison": {"network": scores, "smoothed": scores, "true": {"flicker_per_minute": 7.0}},
    }
    decision = Decision(smoothing="fixed_lag", delay_s=1.28)
    return Findings(
        model,
        0,
        90.0,
        decision,
        summary,
        None,
        None,
        None,
        {},
        ((row,),),
        {model: row.card},
        "a board",
    )


def test_computing_and_waiting_are_told_apart() -> None:
    tiles, delay = sections.tiles(findings()), sections.delay(findings())
    for words in ("0.40 ms", "computing", "640 ms", "waiting"):
        assert words in tiles
    widths = [float(width) for width in re.findall(r"width:([\d.]+)%", delay)]
    assert widths == [0.031, 50.0, 100.0, 50.0]


def test_a_name_cannot_become_markup() -> None:
    made = findings("<script>alert(1)</script>")
    for section in (sections.lead, sections.delay, sections.precision, sections.cards):
        assert "<script>" not in section(made)
        assert "&lt;script&gt;" in section(made)


def test_what_is_missing_is_said() -> None:
    made = dataclasses.replace(findings(), missing={"photos": "no <OpenCV>"})
    assert "Not shown: no &lt;OpenCV&gt;" in sections.photos(made)
    assert "Not shown: not available" in sections.door(made)
    assert "Not shown: not available" in sections.camera(made)


def test_who_was_named_by_the_camera_is_counted() -> None:
    answers = {
        "Ada": {"Ada": 3, "unknown": 2, "Ben": 1},
        "Ben": {"not yet": 4},
        "a stranger": {"Ada": 1, "unknown": 5},
    }
    tracks = {"Ada": 2, "Ben": 3, "Cleo": 1, "a stranger": 1}
    spans = ((10.0, 17.5), (30.0, 37.5))
    seen = Camera((), 360, 640, b"", spans, 0.97, 0.8, tracks, answers, (8, 10), 40.0, 2.0)
    assert (seen.named, seen.misnamed) == (3, 2)
    told = sections.camera(dataclasses.replace(findings(), camera=seen))
    cells = [re.sub("<[^>]*>", " ", row).split() for row in re.findall("<tr>.*?</tr>", told)][1:]
    assert cells[0] == ["Ada", "2", "6", "3", "1", "2"]
    assert cells[1] == ["Ben", "3", "4", "0", "0", "4"]
    assert cells[2][:2] == ["Cleo", "1"]
    assert cells[3][-2:] == ["1", "5"]
    assert "80% of the people in view" in told
    assert "nearest person was the right one in 8" in told


def test_every_model_has_its_proof_and_its_card(made: Made) -> None:
    cards = made.text[made.text.index('id="cards"') :]
    for model in made.data["parity"]:
        assert f"<summary>{model} <small>" in cards
        assert f'<th scope="row">{model}</th>' in cards
    assert cards.count("SHA-256") == len(made.data["parity"])
    assert "no proof" not in cards
