"""`edgehuman distill` from networks of others: they label photos, and the student learns that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgehuman.distill.distill import distil
from edgehuman.distill.image.settings import DistilDetection, DistilParsing, DistilPose
from edgehuman.distill.labels.taught import finds_people, is_taught_by_labels
from edgehuman.errors import ArtefactError, DataError, UsageError
from edgehuman.nets.checkpoint import load_network
from tests.distill.labels.test_label import finder, photos, selfie


@pytest.fixture
def words(tmp_path: Path) -> dict[str, Any]:
    teachers = finder(tmp_path / "a.onnx"), finder(tmp_path / "b.onnx", 0.01)
    return {
        "teacher": tuple(map(str, teachers)), "student": "starnet_s100", "steps": 2, "batch": 2,
        "height": 64, "width": 64, "threads": 1, "workers": 0, "read_test": False,
        "out": tmp_path / "student",
    }  # fmt: skip


def test_a_detector_learns_what_two_teachers_agree_on(
    words: dict[str, Any], tmp_path: Path
) -> None:
    source = str(photos(tmp_path / "photos", 4))
    outcome = distil(DistilDetection(data=(source,), **words))
    assert isinstance(outcome.data, dict)
    assert outcome.data["labels"]["people"] == 4
    assert outcome.data["teacher"] == list(words["teacher"])
    assert (tmp_path / "labels" / "frames" / "labels.jsonl").is_file()
    _, card = load_network(words["out"])
    assert (card.task, card.output.kind) == ("detection", "boxes")


def test_outlines_and_joints_are_learnt_too(words: dict[str, Any], tmp_path: Path) -> None:
    source = str(photos(tmp_path / "photos", 4))
    with pytest.raises(DataError, match="the teachers agree on nothing that parsing learns from"):
        distil(DistilParsing(data=source, **words))
    masks = selfie(tmp_path / "s.onnx"), selfie(tmp_path / "t.onnx", 32)
    words |= {"teacher": (*words["teacher"], *map(str, masks)), "targets": tmp_path / "labels2"}
    for kind, output in ((DistilParsing, "segmentation"), (DistilPose, "heatmaps")):
        out = tmp_path / output
        distil(kind(data=source, **(words | {"out": out})))
        _, card = load_network(out)
        assert card.output.kind == output
        assert "published under Apache-2.0" in card.data[0].licence


def test_which_teachers_only_label(words: dict[str, Any], tmp_path: Path) -> None:
    assert all(map(finds_people, words["teacher"]))
    assert not finds_people("zoo:person-garments")
    (tmp_path / "a.toml").write_text("")
    assert not finds_people(words["teacher"][0])  # it has a contract: it answers for one person
    for kind in (DistilPose, DistilParsing):
        assert not is_taught_by_labels(kind(data="photos", **words))
    (tmp_path / "a.toml").unlink()
    for kind in (DistilPose, DistilParsing):
        assert is_taught_by_labels(kind(data="photos", **words))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"objective": ("kd",)}, "--objective is .*only label pictures"),
        ({"precision": "int8"}, "--precision is int8; .*edgehuman export OUT --precision int8"),
        (
            {"data": ("simulated",)},
            "--data is simulated; it must be one folder of photos, or one v",
        ),
        ({"data": ("a", "b")}, "--data is a b; it must be one"),
        ({"data": ("a.MP4",)}, r"--select-share is 0\.1, but --data a\.MP4 is one video"),
    ],
)
def test_what_has_no_meaning_is_refused(
    words: dict[str, Any], changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        distil(DistilDetection(**{"data": ("photos",), **words, **changes}))


@pytest.mark.parametrize("kind", [DistilDetection, DistilParsing, DistilPose])
def test_no_part_of_one_video_selects(words: dict[str, Any], kind: Any) -> None:
    data = ("a.MP4",) if kind is DistilDetection else "a.MP4"
    with pytest.raises(UsageError, match=r"--select-share is 0\.\d, but .* is one video"):
        distil(kind(**{**words, "data": data}))


def test_a_missing_test_part_is_told_before_the_training(
    words: dict[str, Any], tmp_path: Path
) -> None:
    source = str(photos(tmp_path / "photos", 2))
    with pytest.raises(UsageError, match=r"frames has no test part, .* add --no-read-test, and"):
        distil(DistilDetection(data=(source,), **(words | {"read_test": True})))
    assert not words["out"].exists()


def test_teachers_that_find_nobody_are_named(words: dict[str, Any], tmp_path: Path) -> None:
    one = selfie(tmp_path / "s.onnx")
    words["teacher"] = (str(one), "zoo:person-garments")
    source = str(photos(tmp_path / "photos"))
    with pytest.raises(ArtefactError, match="zoo:person-garments"):
        distil(DistilDetection(data=(source,), **words))
