"""Simulated frames in published forms: what is written is read back."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from edgehuman.catalogue import SIMULATED
from edgehuman.cli import main
from edgehuman.data.image.frames.load import load_frames
from edgehuman.data.image.frames.scenes import simulated_frames
from edgehuman.data.image.frames.write import SimulateConfig, run_lengths, simulate
from edgehuman.errors import DataError, UsageError
from edgehuman.metrics.crowds.people import PersonParts


def test_parts_are_those_that_were_drawn(tmp_path: Path) -> None:
    out = tmp_path / "crowds"
    outcome = simulate(SimulateConfig(out, frames=3, seed=4))
    made, read = simulated_frames(3, 4), load_frames(out)
    assert made.parts is not None
    assert read.parts is not None
    assert (read.dataset, read.simulated, read.role_N.tolist()) == (
        SIMULATED, True, ["train", "train", "test"],
    )  # fmt: skip
    assert "simulator" in read.licence
    people = 0
    for index in range(3):
        known = [each for each in made.parts[index].people if (each.part_HW > 0).any()]
        for person in read.parts[index].people:
            people += 1
            x0, y0, x1, y1 = person.box
            assert any(
                own.box[0] <= x0 and own.box[1] <= y0 and own.box[2] >= x1 and own.box[3] >= y1
                for own in known
            )
        pixels = sum(int((each.part_HW > 0).sum()) for each in read.parts[index].people)
        bag = made.parts.names.index("bag")
        assert pixels == sum(
            int(((each.part_HW > 0) & (each.part_HW != bag)).sum()) for each in known
        )
        difference = np.abs(read.frames[index].astype(int) - made.frames[index])
        assert difference.mean() < 6
    assert isinstance(outcome.data, dict)
    assert outcome.data["people"] == people > 3


def test_portraits_are_written_and_said(tmp_path: Path) -> None:
    simulate(SimulateConfig(tmp_path / "near", frames=2, labels="garments", portraits=1.0, seed=4))
    said = json.loads((tmp_path / "near" / "simulated_frames.json").read_text())
    assert said == {"simulated": True, "seed": 4, "labels": "garments", "portraits": 1.0}
    table = json.loads((tmp_path / "near" / "instances_attributes_train.json").read_text())
    (image,) = table["images"]
    people = [each for each in table["annotations"] if each["category_id"] == 0]
    assert 1 <= len(people) <= 3
    assert people[0]["bbox"][3] > 0.5 * image["height"]


def test_garments_are_those_that_were_drawn(tmp_path: Path) -> None:
    pytest.importorskip("pycocotools")
    out = tmp_path / "worn"
    simulate(SimulateConfig(out, frames=3, labels="garments", seed=4))
    made, read = simulated_frames(3, 4), load_frames(out)
    assert made.garments is not None
    assert read.garments is not None
    assert read.simulated
    assert read.garments.categories == made.garments.categories
    assert read.garments.attributes == made.garments.attributes
    assert read.garments.wrong == ()
    for index in range(3):
        one, other = made.garments[index], read.garments[index]
        np.testing.assert_allclose(other.box_M4, one.box_M4, atol=0.011)
        np.testing.assert_array_equal(other.label_M, one.label_M)
        np.testing.assert_array_equal(other.attribute_MA, one.attribute_MA)
        np.testing.assert_array_equal(other.ignore_M, one.ignore_M)
        for mask, own in zip(other.masks, one.masks, strict=True):
            assert mask is not None
            assert own is not None
            assert (mask.part_HW > 0).sum() == (own.part_HW > 0).sum()


def test_run_lengths_by_hand() -> None:
    mask = PersonParts(1, 0, np.array([[1, 0], [1, 1]], np.uint8))
    # Columns of a picture of two rows and four columns: 00, 11, 01, 00.
    assert run_lengths(mask, 2, 4) == {"size": [2, 4], "counts": [2, 2, 1, 1, 2]}
    corner = PersonParts(3, 1, np.ones((1, 1), np.uint8))
    assert run_lengths(corner, 2, 4) == {"size": [2, 4], "counts": [7, 1]}
    first = PersonParts(0, 0, np.ones((1, 1), np.uint8))
    assert run_lengths(first, 2, 4) == {"size": [2, 4], "counts": [0, 1, 7]}
    assert run_lengths(None, 2, 4) == []
    assert run_lengths(PersonParts(0, 0, np.zeros((1, 1), np.uint8)), 2, 4) == []


def test_as_a_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["data", "simulate", "--kind", "frames", "--frames", "2", "--json"]
    assert main([*words, "--out", str(tmp_path / "a")]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["frames"], said["labels"], said["simulated"]) == (2, "parts", True)
    assert main(["data", "check", str(tmp_path / "a")]) == 0
    assert "is cihp, SIMULATED people: 2 frames" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"frames": 1}, UsageError, "got 1 simulated frames; there must be at least 2"),
        ({"seed": -1}, UsageError, "seed"),
    ],
)
def test_wrong_words_write_nothing(
    tmp_path: Path, change: dict[str, int], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        simulate(SimulateConfig(tmp_path / "x", **change))  # type: ignore[arg-type]
    assert not (tmp_path / "x").exists()


def test_what_is_there_is_not_written_over(tmp_path: Path) -> None:
    simulate(SimulateConfig(tmp_path, frames=2))
    before = sorted(path.name for path in tmp_path.rglob("*"))
    with pytest.raises(DataError, match="--out"):
        simulate(SimulateConfig(tmp_path, frames=2, seed=1))
    assert sorted(path.name for path in tmp_path.rglob("*")) == before
