"""Outlines of people in frames, by a network whose answer is known (`tests.runtime.outlines`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.errors import ArtefactError, UsageError
from edgehuman.records import Bool, Float32
from edgehuman.runtime.gait.outlines import BLOCKS, Outlines, hidden_shares, outline_of
from edgehuman.runtime.gallery import Gallery, empty_gallery
from edgehuman.runtime.image.frames.results import FrameResult, Person
from edgehuman.runtime.model import Model, load
from tests.runtime.outlines import (
    ANNA,
    BOB,
    STRANGER,
    mask,
    outline_card,
    step,
    write_outline_model,
)

HEIGHT, WIDTH, FPS = 240, 320, 25


def body(widths: tuple[int, int]) -> Bool:
    """A body of 60 rows (H, W)."""
    return np.asarray(mask(widths, (60, 64), top=0) > 0)


def person(track: str = "1", x: float = 100, widths: tuple[int, int] = ANNA) -> Person:
    box_4 = np.array((x, 80, x + 64, 140), np.float32)
    place = int(x), 80, int(x) + 64, 140
    return Person(box_4, 0.9, mask_HW=body(widths), cut=place, track=track)


def frame(t_s: float, *people: Person) -> FrameResult:
    return FrameResult("1", t_s=t_s, height=HEIGHT, width=WIDTH, people=people)


def walks(outlines: Outlines, frames: int, *people: Person, begin_s: float = 0.0) -> list[Any]:
    return [
        result
        for t in range(frames)
        for result in outlines.push(frame(begin_s + t / FPS, *people), 0)
    ]


def steps(
    outlines: Outlines, frames: int, *widths: tuple[int, int], begin_s: float = 0.0
) -> list[Any]:
    """The same of people who walk: their legs take steps, and they go to the right; with the tracks
    1, 2, ...
    """
    results = []
    for t in range(frames):
        people = [
            person(str(k), 20 + 80 * (k - 1) + 0.3 * t, (upper, lower - step(t)))
            for k, (upper, lower) in enumerate(widths, 1)
        ]
        results += outlines.push(frame(begin_s + t / FPS, *people), 0)
    return results


@pytest.fixture
def model(tmp_path: Path) -> Model:
    return load(write_outline_model(tmp_path / "outline.onnx"))


def test_two_walkers_are_named_and_a_third_is_unknown(model: Model) -> None:
    gallery = empty_gallery(outline_card(model.card.weights_sha256))
    for name, widths in (("ANNA", ANNA), ("BOB", BOB)):
        (first, *_) = steps(Outlines(model, "x"), 30, widths)
        gallery = gallery.enrol(name, name, first.vector_D)
    outlines = Outlines(model, "door", gallery, threshold=0.98)
    results = steps(outlines, 100, ANNA, BOB, STRANGER)
    labels = {(result.track, result.state, result.label) for result in results}
    assert labels == {
        *((track, "not yet", "") for track in "123"),
        *(("1", "known", "ANNA"), ("2", "known", "BOB"), ("3", "unknown", "unknown")),
    }
    report = outlines.report.as_dict()
    assert (report["tracks"], report["used"], report["unused"]) == (3, 300, {})
    assert results[0].latency_ms > 1000
    assert {result.quality.seen > 1 for result in results} == {True}


def known(model: Model, **widths: tuple[int, int]) -> Gallery:
    """A gallery of people by how wide they are."""
    gallery = empty_gallery(outline_card(model.card.weights_sha256))
    for name, own in widths.items():
        (first, *_) = steps(Outlines(model, "x"), 30, own)
        gallery = gallery.enrol(name, name, first.vector_D)
    return gallery


def test_who_takes_no_steps_is_neither_named_nor_unknown(model: Model) -> None:
    """Anna stands there; her outline alone would name her."""
    outlines = Outlines(model, "door", known(model, ANNA=ANNA), on_the_spot=True)
    results = walks(outlines, 100, person())
    assert {(result.state, result.label) for result in results} == {("not yet", "")}
    assert {result.raw_label for result in results} == {"ANNA"}
    assert results[-1].why == "0.0 steps were seen, and 1.5 are needed"
    later = steps(outlines, 100, ANNA, begin_s=100 / FPS)
    assert (later[-1].state, later[-1].label) == ("known", "ANNA")


@pytest.mark.parametrize("on_the_spot", [False, True])
def test_who_stays_where_they_are_does_not_walk(model: Model, on_the_spot: bool) -> None:
    """Legs that seem to move, as outlines of somebody who stands flicker; or a treadmill."""
    outlines = Outlines(model, "door", known(model, ANNA=ANNA), on_the_spot=on_the_spot)
    results = []
    for t in range(100):
        still = person("1", 100, (ANNA[0], ANNA[1] - step(t)))
        results += outlines.push(frame(t / FPS, still), 0)
    last = results[-1]
    if on_the_spot:
        assert (last.state, last.label, last.why) == ("known", "ANNA", "")
        return
    assert (last.state, last.label, last.reason) == ("not walking", "", "not walking")
    assert "stays where it is" in last.why
    assert outlines.shown["1"].windows == 0
    later = steps(outlines, 100, ANNA, begin_s=100 / FPS)
    assert (later[-1].state, later[-1].label) == ("known", "ANNA")


def test_without_a_gallery_nothing_is_said_of_who_walks(model: Model) -> None:
    assert [result.why for result in walks(Outlines(model, "door"), 30, person())] == [""]


def test_a_gallery_that_changes_counts_from_the_next_frame_on(model: Model) -> None:
    both, only = known(model, ANNA=ANNA, BOB=BOB), known(model, BOB=BOB)
    outlines = Outlines(model, "door", only)
    assert steps(outlines, 75, ANNA)[-1].state == "unknown"
    outlines.use(both)
    assert steps(outlines, 60, ANNA, begin_s=3.0)[-1].label == "ANNA"
    outlines.use(only)
    assert "ANNA" not in {each.label for each in steps(outlines, 60, ANNA, begin_s=5.4)}
    with pytest.raises(ArtefactError, match="different models cannot be compared"):
        outlines.use(empty_gallery(outline_card("b" * 64)))


def test_a_window_comes_every_hop_on_the_grid_of_the_track(model: Model) -> None:
    outlines = Outlines(model, "door", hop_s=0.5)
    assert [each.t_s for each in walks(outlines, 60, person())] == pytest.approx([0.52, 1, 1.52, 2])
    late = Outlines(model, "door", hop_s=0.5)
    walks(late, 12, person())
    late.push(frame(0.9, person()), 0)  # of the window that was due at 0.5
    assert walks(late, 2, person(), begin_s=0.92) == []
    assert [each.t_s for each in walks(late, 3, person(), begin_s=1.0)] == [1.0]


def test_the_answer_is_that_of_the_newest_four_blocks(tmp_path: Path) -> None:
    """Of a body that was wide and is narrow: what was wide is forgotten; with parts and without."""
    for parts in (True, False):
        model = load(write_outline_model(tmp_path / f"{parts}.onnx", parts=parts))
        outlines = Outlines(model, "door", hop_s=0.4)
        walks(outlines, 30, person(widths=(36, 36)))
        narrow = walks(outlines, 25 * 4, person(widths=(10, 10)), begin_s=30 / FPS)
        alone = walks(Outlines(model, "door", hop_s=0.4), 50, person(widths=(10, 10)))
        # Each is the mean over many windows, so the raw windows are compared.
        kept = outlines._tracks["1"].recent
        assert kept.used <= BLOCKS * 11
        assert kept.answer() == pytest.approx(
            alone[-1].vector_D * np.linalg.norm(kept.answer(), axis=-1, keepdims=True), abs=1e-5
        )
        assert narrow


def test_a_pause_starts_a_track_anew_and_a_long_one_ends_it(model: Model) -> None:
    outlines = Outlines(model, "door")
    walks(outlines, 30, person())
    walks(outlines, 5, person(), begin_s=2.0)
    assert outlines._tracks["1"].recent.used == 5
    assert (outlines.report.gaps, outlines.report.tracks) == (1, 1)
    walks(outlines, 1, begin_s=5.0)
    assert outlines._tracks == {}
    assert (outlines.report.ended, outlines.report.short) == (1, 0)
    walks(outlines, 2, person("2"), begin_s=5.1)
    outlines.close()
    assert (outlines.report.ended, outlines.report.short) == (2, 1)


@pytest.mark.parametrize(
    ("changes", "hidden", "why"),
    [
        ({"box_4": (0, 80, 40, 140)}, 0.0, "cut_off"),
        ({"box_4": (100, 185, 140, 240)}, 0.0, "cut_off"),
        ({}, 0.5, "hidden"),
        ({"box_4": (100, 80, 110, 100)}, 0.0, "small"),
        ({"mask_HW": None}, 0.0, "nobody"),
        ({"mask_HW": np.zeros((60, 40), np.bool_)}, 0.0, "nobody"),
    ],
)
def test_what_is_no_whole_outline_is_not_used(
    changes: dict[str, Any], hidden: float, why: str
) -> None:
    given = person()
    box_4: Float32 = np.array(changes.pop("box_4", given.box_4), np.float32)
    found = Person(box_4, 0.9, cut=given.cut, track="1", **{"mask_HW": given.mask_HW, **changes})
    assert outline_of(found, hidden, HEIGHT, WIDTH) == (None, why)


def test_the_largest_piece_of_a_mask_is_the_walker() -> None:
    """A crumb far to the side would be half of the picture's width, and move the middle."""
    clean, _ = outline_of(person(), 0.0, HEIGHT, WIDTH)
    given = person()
    assert given.mask_HW is not None
    given.mask_HW[20:24, 60:64] = True
    crumbs, _ = outline_of(given, 0.0, HEIGHT, WIDTH)
    assert clean is not None
    assert crumbs is not None
    assert (clean == crumbs).all()
    assert clean.shape == (64, 64)


def test_who_is_hidden_by_how_much() -> None:
    assert hidden_shares([person()]).tolist() == [0.0]
    assert hidden_shares([person(x=100), person(x=148)]).tolist() == pytest.approx([0.25, 0.25])


def test_outlines_that_are_never_whole_are_told(model: Model) -> None:
    outlines = Outlines(model, "door")
    assert walks(outlines, 30, person(x=0)) == []
    assert "30 cut off by the edge of the frame" in outlines.no_window({})
    short = Outlines(model, "door")
    walks(short, 3, person())
    assert "hold no window of 12 of one track; give a longer recording" in short.no_window({})


def test_a_broken_output_is_no_answer_and_told_once(tmp_path: Path) -> None:
    told: list[str] = []
    broken = load(write_outline_model(tmp_path / "nan.onnx", gain=float("nan")))
    results = walks(Outlines(broken, "door", notify=told.append), 60, person())
    assert {result.reason for result in results} == {
        "the model's output is not finite, or zero; export it again"
    }
    assert all(result.vector_D is None for result in results)
    assert len(told) == 1


def test_an_output_that_breaks_gives_no_name_that_was_held_back(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anna's outline is hers, but takes no steps; who was known before stays so."""

    def broken(self: object) -> Float32:
        raise ArtefactError("not finite")

    still = Outlines(model, "door", known(model, ANNA=ANNA), on_the_spot=True)
    walks(still, 60, person())
    moving = Outlines(model, "door", known(model, ANNA=ANNA))
    assert steps(moving, 60, ANNA)[-1].label == "ANNA"
    for outlines in (still, moving):
        kept = type(outlines._tracks["1"].recent)
        monkeypatch.setattr(kept, "answer", broken)
    last = walks(still, 20, person(), begin_s=60 / FPS)[-1]
    assert (last.label, last.state, last.reason) == ("", "not yet", "not finite")
    assert last.why.startswith("0.0 steps")
    last = steps(moving, 20, ANNA, begin_s=60 / FPS)[-1]
    assert (last.label, last.state, last.score) == ("ANNA", "known", 0.0)


def test_wrong_words_are_refused(model: Model) -> None:
    with pytest.raises(UsageError, match="hop_s is 0"):
        Outlines(model, "door", hop_s=0.0)
    with pytest.raises(UsageError, match="threshold is 7"):
        Outlines(model, "door", threshold=7.0)
    with pytest.raises(ArtefactError, match="different models cannot be compared"):
        Outlines(model, "door", empty_gallery(outline_card("b" * 64)))
