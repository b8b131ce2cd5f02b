"""`--fuse`: two models of one person in one run, and what is said where one of them is missing."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.cli import main
from edgehuman.errors import ArtefactError, DataError
from edgehuman.records import Float32
from edgehuman.runtime.gait import watch as of_gait
from edgehuman.runtime.gait.fusing import Managed, open_two
from edgehuman.runtime.gait.walkers import Seen, Walkers
from edgehuman.runtime.gallery import empty_gallery, read_gallery, update_gallery, write_gallery
from edgehuman.runtime.image.frames.several import open_sources
from edgehuman.runtime.model import Model, load
from edgehuman.runtime.serve.people.asked import Enrol, Forget
from edgehuman.runtime.stream import stream
from tests.runtime.gait.scenes import FRAMES, Walker, video, watching

JOINTS, OUTLINES = "zoo:gait-skeleton-int8", "zoo:gait-silhouette-int8"
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def models() -> tuple[Model, Model]:
    return load(JOINTS), load(OUTLINES)


@pytest.fixture
def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    def found(*words: object) -> Any:
        return watching(Walker())

    for name in ("watching_for", "watching_both"):
        monkeypatch.setattr(of_gait, name, found)
        monkeypatch.setattr(f"edgehuman.runtime.gait.walkers.{name}", found)
    monkeypatch.setattr("edgehuman.runtime.gait.fusing.watching_both", found)
    return video(tmp_path / "door.avi")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, Rows, str]]:
    def go(*words: object) -> tuple[int, Rows, str]:
        code = main(["run", *map(str, words), "--json"])
        out, err = capsys.readouterr()
        return code, [json.loads(line) for line in out.splitlines()], err

    return go


def known(models: tuple[Model, Model], door: Path, names: tuple[str, str]) -> tuple[Path, Path]:
    """Galleries of joints and of outlines in which the walker has these names."""
    paths = []
    for model, name in zip(models, names, strict=True):
        *_, newest = stream(model, door)
        paths.append(door.with_name(f"{model.card.task}-{model.card.input.record}.npz"))
        gallery = empty_gallery(model.card).enrol(name, "one", newest.vector_D)
        other = np.random.default_rng(0).normal(size=newest.vector_D.shape).astype(np.float32)
        write_gallery(paths[-1], gallery.enrol("Bob", "two", other))
    return paths[0], paths[1]


@pytest.mark.parametrize("leads", [0, 1])
def test_the_walker_is_named_by_both(
    models: tuple[Model, Model], door: Path, run: Any, leads: int
) -> None:
    paths = known(models, door, ("Ada", "Ada"))
    first, second = (JOINTS, OUTLINES) if leads == 0 else (OUTLINES, JOINTS)
    galleries = ("--gallery", paths[leads], "--fuse-gallery", paths[1 - leads])
    code, rows, err = run(first, "--source", door, "--fuse", second, *galleries)
    assert code == 0
    last = rows[-1]
    assert (last["id"], last["label"], last["state"]) == ("1", "Ada", "known")
    assert "embedding" not in last
    both = [row for row in rows if row.get("joints") and row["outlines"]]
    assert both
    for row in both:
        assert row["joints"]["score"] > 0.95
        assert row["outlines"]["score"] > 0.95
    assert "windows of 1 tracks" in err


def test_whose_name_is_in_one_gallery_alone_is_said(
    models: tuple[Model, Model], door: Path, run: Any
) -> None:
    paths = known(models, door, ("Ada", "Eve"))
    code, _, err = run(
        *(JOINTS, "--source", door, "--fuse", OUTLINES),
        *("--gallery", paths[0], "--fuse-gallery", paths[1]),
    )
    assert code == 0
    assert "enrolled Ada by joints alone and Eve by outlines alone: judged by that alone" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--fuse", OUTLINES), "each model has a gallery of its own; add --gallery"),
        (("--fuse", OUTLINES, "--gallery", "a"), "add --fuse-gallery"),
        (("--fuse", " "), "--fuse is ' '; give a model of gait"),
        (("--fuse-gallery", "b"), "--fuse-gallery b is of a second model; add --fuse"),
        (("--segmenter", "c"), "--segmenter c is for a second model; add --fuse"),
    ],
)
def test_wrong_words(door: Path, run: Any, words: tuple[str, ...], said: str) -> None:
    code, _, err = run(JOINTS, "--source", door, *words)
    assert (code, said in err) == (2, True), err


def test_poses_and_masks_have_one_model(tmp_path: Path, run: Any) -> None:
    words = ("--fuse", OUTLINES, "--gallery", "a", "--fuse-gallery", "b")
    code, _, err = run(JOINTS, "--source", "simulated", *words)
    assert (code, "--fuse is for frames" in err) == (2, True), err
    code, _, err = run(OUTLINES, "--source", "simulated", *words)
    assert (code, "--fuse is for frames" in err) == (2, True), err


@pytest.fixture
def identify(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, Any, str]]:
    def go(*words: object) -> tuple[int, Any, str]:
        code = main(["gallery", "identify", *map(str, words), "--json"])
        out, err = capsys.readouterr()
        return code, json.loads(out) if out else None, err

    return go


@pytest.mark.parametrize("leads", [0, 1])
def test_a_track_is_identified_by_both(
    models: tuple[Model, Model], door: Path, identify: Any, leads: int
) -> None:
    paths = known(models, door, ("Ada", "Ada"))
    first, second = (JOINTS, OUTLINES) if leads == 0 else (OUTLINES, JOINTS)
    galleries = ("--gallery", paths[leads], "--fuse-gallery", paths[1 - leads])
    code, found, _ = identify(first, "--source", door, "--fuse", second, *galleries)
    assert code == 0
    (row,) = found["tracks"]
    assert (row["id"], row["label"], row["state"], row["by"]) == ("1", "Ada", "known", "both")
    assert row["joints"] > 0.95
    assert row["outlines"] > 0.95
    share = found["fused"]["share_of_joints"]
    assert row["score"] == pytest.approx(
        share * row["joints"] + (1 - share) * row["outlines"], abs=1e-4
    )
    assert row["threshold"] == pytest.approx(found["fused"]["threshold"], abs=1e-4)
    assert [other["label"] for other in row["others"]] == ["Bob"]
    words = (first, "--source", door, "--fuse", second, *galleries, "--threshold", "2")
    code, _, err = identify(*words)
    assert (code, "threshold is 2" in err) == (2, True), err


def test_who_has_no_outlines_is_identified_by_joints(
    models: tuple[Model, Model], door: Path, identify: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = known(models, door, ("Ada", "Ada"))
    monkeypatch.setattr(
        "edgehuman.runtime.gait.enrolment.outline_of", lambda *words: (None, "cut_off")
    )
    words = ("--source", door, "--fuse", OUTLINES)
    galleries = ("--gallery", paths[0], "--fuse-gallery", paths[1])
    code, found, err = identify(JOINTS, *words, *galleries)
    (row,) = found["tracks"]
    assert (code, row["label"], row["by"], row["outlines"]) == (0, "Ada", "joints", None), err
    assert row["score"] == row["joints"]
    assert "by outlines nobody can be told: " in err


def test_a_source_that_breaks_is_no_track_without_joints(
    models: tuple[Model, Model], door: Path, identify: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = known(models, door, ("Ada", "Ada"))
    frames = Walkers.__iter__

    def breaking(walkers: Walkers) -> Iterator[Seen]:
        for number, seen in enumerate(frames(walkers)):
            if number == FRAMES - 20:
                raise DataError("frame 60 is torn")
            yield seen

    monkeypatch.setattr(Walkers, "__iter__", breaking)
    galleries = ("--gallery", paths[0], "--fuse-gallery", paths[1])
    code, found, err = identify(JOINTS, "--source", door, "--fuse", OUTLINES, *galleries)
    assert (code, found, "frame 60 is torn" in err) == (1, None, True)


def test_wrong_words_of_an_identification(
    models: tuple[Model, Model], door: Path, identify: Any
) -> None:
    paths = known(models, door, ("Ada", "Ada"))
    for words, said in (
        (("--fuse", OUTLINES), "each model has a gallery of its own; add --fuse-gallery"),
        (("--segmenter", "c"), "--segmenter c is for a second model; add --fuse"),
        (("--fuse", OUTLINES, "--fuse-gallery", paths[0]), "was made by"),
    ):
        code, _, err = identify(JOINTS, "--source", door, "--gallery", paths[0], *words)
        assert (code != 0, said in err) == (True, True), err
    fused = ("--fuse", OUTLINES, "--gallery", paths[0], "--fuse-gallery", paths[1])
    code, _, err = identify(JOINTS, "--source", "simulated", *fused)
    assert (code, "--fuse is for frames" in err) == (2, True), err


class InPicture(Walker):
    """Whose joints lie in the picture."""

    def __init__(self) -> None:
        super().__init__()
        self._joint_TJ3 = self._joint_TJ3 * np.array((0.03, 0.03, 1), np.float32)


def managed_by(models: tuple[Model, Model]) -> Managed:
    galleries = empty_gallery(models[0].card), empty_gallery(models[1].card)
    return Managed(open_two("joints", models, galleries, notify=lambda said: None))


def walk_by(managed: Managed, door: Path, each: Callable[[], object] = lambda: None) -> list[str]:
    """What a walk through the door is called, window by window."""
    namer = managed.two.namer(str(door))
    managed.add(namer)
    found = []
    for seen in Walkers(open_sources([str(door)], None, 1, None), watching(InPicture()), None, 1):
        found += [row.label for row in namer.push(seen.result, 0)]
        each()
    return found


def test_who_is_enrolled_on_the_page_is_named_by_both_and_forgotten(
    models: tuple[Model, Model], door: Path, tmp_path: Path
) -> None:
    managed, refreshed = managed_by(models), list[int]()
    paths = tmp_path / "joints.gallery", tmp_path / "outlines.gallery"
    keepers = managed.keepers(paths, None, lambda: refreshed.append(1))
    said: list[str] = []

    def enrol() -> None:
        if not said:
            with contextlib.suppress(DataError):  # too little was seen until now
                said.append(keepers.change(Enrol("1", "Ada", "2026-03"))["said"])

    assert "Ada" not in walk_by(managed, door, enrol)[:4]
    assert "1 walk by joints, 1 walk by outlines" in said[0]
    assert [read_gallery(path).people() for path in paths] == [{"Ada": 1}] * 2
    assert len(refreshed) == 2
    assert walk_by(managed, door)[-1] == "Ada"
    assert managed.knows("Ada")
    keepers.change(Forget("Ada"))
    assert not managed.knows("Ada")
    assert managed.two.report()["in_both"] == 0
    assert "Ada" not in walk_by(managed, door)


def write_known(path: Path, vector_D: Float32, model: Model) -> None:
    """A gallery in which the walker is Ada."""
    update_gallery(
        path, lambda gallery: gallery.enrol("Ada", "one", vector_D), model.card, lambda said: None
    )


def test_a_name_that_is_forgotten_while_it_is_said_is_not_said_again(
    models: tuple[Model, Model], door: Path, tmp_path: Path
) -> None:
    managed = managed_by(models)
    paths = [tmp_path / f"{name}.gallery" for name in ("joints", "outlines")]
    for path, npz, model in zip(paths, known(models, door, ("Ada", "Ada")), models, strict=True):
        write_known(path, read_gallery(npz).vector_GD[0], model)
    keepers = managed.keepers(paths, None, lambda: None)
    keepers.listing()  # as the page does when it opens
    frame = [0]

    def forget() -> None:
        frame[0] += 1
        if frame[0] == FRAMES - 15:
            keepers.change(Forget("Ada"))

    labels = walk_by(managed, door, forget)
    assert "Ada" in labels
    assert labels[-1] != "Ada"


@pytest.mark.parametrize("missing", ["--serve", "--fuse-gallery"])
def test_what_the_page_needs_to_manage_both(
    models: tuple[Model, Model], door: Path, run: Any, missing: str
) -> None:
    paths = known(models, door, ("Ada", "Ada"))
    words = {"--serve": "0", "--gallery": paths[0], "--fuse-gallery": paths[1]}
    del words[missing]
    given = [word for pair in words.items() for word in pair]
    code, _, err = run(JOINTS, "--source", door, "--fuse", OUTLINES, "--serve-gallery", *given)
    assert (code, f"add {missing}" in err) == (2, True), err


def test_two_of_a_kind_and_swapped_galleries_are_refused(models: tuple[Model, Model]) -> None:
    joints, outlines = models
    people = empty_gallery(joints.card), empty_gallery(outlines.card)
    with pytest.raises(ArtefactError, match="one of outlines are fused"):
        open_two("joints", (joints, joints), (people[0], people[0]))
    with pytest.raises(ArtefactError, match="the two galleries are swapped"):
        open_two("joints", (joints, outlines), (people[1], people[0]))
    with pytest.raises(ArtefactError, match="made by"):
        open_two("joints", (joints, outlines), (people[0], people[0]))
    assert open_two("outlines", (outlines, joints), (people[1], people[0])).models == models
