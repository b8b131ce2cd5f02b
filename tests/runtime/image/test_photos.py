"""A folder of photos through models that a person can compute by hand; broken ones are told of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edgehuman.card import OutputSpec
from edgehuman.cli import main
from edgehuman.data.image.write import simulate_people_folder
from edgehuman.errors import ArtefactError, DataError, UsageError
from edgehuman.records import Uint8
from edgehuman.runtime.image.photos import answer_photo, find_photos, mask_names
from edgehuman.runtime.imu.run import RunConfig, run
from edgehuman.runtime.model import load
from tests.runtime.image_models import write_image_model

RED, GREEN, BLUE = (200, 0, 0), (0, 200, 0), (0, 0, 200)


def photo(path: Path, image_HWC: Uint8) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    ok, content = cv2.imencode(path.suffix, image_HWC[..., ::-1])
    assert ok
    path.write_bytes(content.tobytes())
    return path


def flag(height: int = 64, width: int = 32) -> Uint8:
    """Upper half red, lower half green."""
    image_HWC = np.zeros((height, width, 3), np.uint8)
    image_HWC[: height // 2], image_HWC[height // 2 :] = RED, GREEN
    return image_HWC


def run_rows(model: Path, source: Path, capsys: Any, *words: str) -> list[dict[str, Any]]:
    assert main(["run", str(model), "--source", str(source), "--json", *words]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_parts_have_shares_and_a_mask_of_the_photo_size(tmp_path: Path, capsys: Any) -> None:
    photo(tmp_path / "photos" / "deep" / "a.png", flag())
    model = write_image_model(tmp_path, "parsing")
    rows = run_rows(model, tmp_path / "photos", capsys, "--save", str(tmp_path / "out"))
    assert [(row["photo"], row["height"], row["width"]) for row in rows] == [("deep/a.png", 64, 32)]
    assert rows[0]["parts"] == {"red": 0.5, "green": 0.5}
    assert rows[0]["latency_ms"] > 0
    assert Path(rows[0]["mask"]) == tmp_path / "out" / "deep" / "a.png"
    mask = cv2.imread(rows[0]["mask"], cv2.IMREAD_COLOR)
    assert mask is not None
    assert mask.shape == (64, 32, 3)
    assert (mask[:32] == mask[0, 0]).all()
    assert (mask[32:] == mask[40, 0]).all()
    assert not np.array_equal(mask[0, 0], mask[40, 0])
    lines = (tmp_path / "out" / "photos.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == rows


def test_joints_come_back_in_pixels_of_the_photo(tmp_path: Path) -> None:
    image_HWC = np.zeros((64, 32, 3), np.uint8)
    image_HWC[8:16, 16:24, 0] = 255  # one cell of the 32x16 input: red at rows 4-8, columns 8-12
    image_HWC[40:48, 0:8, 1] = 255
    model = load(write_image_model(tmp_path, "pose"))
    row = answer_photo(model, photo(tmp_path / "a.png", image_HWC), "a.png")
    assert row["joints"]["l_eye"] == pytest.approx([19.5, 11.5, 1.0])
    assert row["joints"]["r_eye"] == pytest.approx([3.5, 43.5, 1.0])


def test_attributes_have_probabilities(tmp_path: Path) -> None:
    image_HWC = np.full((32, 16, 3), (128, 144, 0), np.uint8)
    model = load(write_image_model(tmp_path, "attributes"))
    row = answer_photo(model, photo(tmp_path / "a.png", image_HWC), "a.png")
    assert row["attributes"] == pytest.approx(
        {"reddish": 0.5, "greenish": 0.7311, "bluish": 0.0003}, abs=1e-4
    )


def test_an_embedding_is_a_list(tmp_path: Path) -> None:
    image_HWC = np.full((32, 16, 3), (3, 2, 1), np.uint8)
    model = load(write_image_model(tmp_path, "reid"))
    assert answer_photo(model, photo(tmp_path / "a.png", image_HWC), "a")["embedding"] == [3, 2, 1]


def test_broken_photos_are_told_of_and_end_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = photo(tmp_path / "photos" / "b.jpg", flag())
    (tmp_path / "photos" / "a.jpg").write_bytes(good.read_bytes()[:200])
    (tmp_path / "photos" / "c.png").write_bytes(b"")
    (tmp_path / "photos" / "notes.txt").write_text("no photo")
    photo(tmp_path / "photos" / "d.png", np.zeros((1, 1, 3), np.uint8))
    model = write_image_model(tmp_path, "parsing")
    config = RunConfig(str(model), str(tmp_path / "photos"), json=True)
    outcome = run(config)
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [("error" in row, row["photo"]) for row in rows] == [
        (True, "a.jpg"),
        (False, "b.jpg"),
        (True, "c.png"),
        (True, "d.png"),
    ]
    assert isinstance(outcome.data, dict)
    assert (outcome.data["photos"], outcome.data["unreadable"]) == (4, 3)
    assert outcome.exit_code == 0


def test_words_for_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photo(tmp_path / "a.png", flag())
    for task, said in (
        ("parsing", "red 50.0 %, green 50.0 %"),
        ("pose", "2 of 2 joints found"),
        ("attributes", "none of the attributes"),
        ("reid", "a vector of 3 numbers (100.000, 100.000, 0.000, …)"),
    ):
        model = write_image_model(tmp_path, task)
        assert main(["run", str(model), "--source", str(tmp_path / "a.png")]) == 0
        out = capsys.readouterr().out
        assert said in out
        assert "1 photos, 0 of them unreadable" in out


def test_nothing_to_answer(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder or photo"):
        find_photos(tmp_path / "nowhere")
    with pytest.raises(DataError, match="holds nothing"):
        find_photos(tmp_path)
    (tmp_path / "letter.txt").write_text("words")
    with pytest.raises(DataError, match="1 files, none of them an image"):
        find_photos(tmp_path)
    (tmp_path / "a.png").write_bytes(b"words")
    with pytest.raises(DataError, match="none of its 1 photos can be read"):
        run(RunConfig(str(write_image_model(tmp_path, "reid")), str(tmp_path)))


def test_words_for_wearables_mean_nothing_here(tmp_path: Path) -> None:
    model = str(write_image_model(tmp_path, "reid"))
    with pytest.raises(UsageError, match="--hop-s is for streams of a wearable"):
        run(RunConfig(model, str(tmp_path), hop_s=1.0))
    (tmp_path / "taken").write_text("a file")
    photo(tmp_path / "a.png", flag())
    with pytest.raises(UsageError, match="cannot be written"):
        run(RunConfig(model, str(tmp_path / "a.png"), save=tmp_path / "taken"))


def test_an_output_that_says_nothing_of_a_photo(tmp_path: Path) -> None:
    card = {"output": OutputSpec("tokens")}
    model = load(write_image_model(tmp_path, "reid", **card))
    with pytest.raises(ArtefactError, match="gives tokens, which says nothing of a photo"):
        answer_photo(model, photo(tmp_path / "a.png", flag()), "a")


def test_labels_that_the_graph_does_not_give(tmp_path: Path) -> None:
    card = {"output": OutputSpec("segmentation", ("one", "two"))}
    with pytest.raises(ArtefactError, match="names 2 labels"):
        load(write_image_model(tmp_path, "parsing", **card))


def test_label_maps_are_not_answered_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    simulate_people_folder(tmp_path / "p", people=2, each=4, seed=0)
    model = str(write_image_model(tmp_path, "reid"))
    outcome = run(RunConfig(model, str(tmp_path / "p"), json=True))
    out, err = capsys.readouterr()
    photos = [json.loads(line)["photo"] for line in out.splitlines()]
    assert len(photos) == 8
    assert all(name.startswith("images/") for name in photos)
    assert "8 photos; 8 label maps (masks) left out" in err
    assert isinstance(outcome.data, dict)
    assert outcome.data["photos"] == 8
    with pytest.raises(DataError, match=r"holds no photo \(8 label maps \(masks\) left out\)"):
        find_photos(tmp_path / "p" / "parts")


def test_part_maps_are_named_by_their_photo_and_never_alike(tmp_path: Path) -> None:
    assert mask_names(["00000_c2_000.png", "d/b.jpg", "b.webp"]) == {
        "00000_c2_000.png": "00000_c2_000.png",
        "d/b.jpg": "d/b.png",
        "b.webp": "b.png",
    }
    assert mask_names(["a.jpg", "a.png"]) == {"a.jpg": "a.jpg.png", "a.png": "a.png.png"}
    tricky = mask_names(["a.jpg", "a.png", "a.jpg.bmp", "a.png.jpg"])
    assert len(set(tricky.values())) == 4
    # Both photos of one stem get their part map.
    for name in ("x.jpg", "x.png"):
        photo(tmp_path / "photos" / name, flag())
    model = str(write_image_model(tmp_path, "parsing"))
    run(RunConfig(model, str(tmp_path / "photos"), save=tmp_path / "out"))
    saved = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert saved == ["photos.jsonl", "x.jpg.png", "x.png.png"]


def test_a_part_map_never_replaces_a_photo(tmp_path: Path) -> None:
    path = photo(tmp_path / "photos" / "a.png", flag())
    before = path.read_bytes()
    model = str(write_image_model(tmp_path, "parsing"))
    with pytest.raises(
        UsageError, match=r"--save would replace the photo .*a\.png by its part map"
    ):
        run(RunConfig(model, str(tmp_path / "photos"), save=tmp_path / "photos"))
    assert path.read_bytes() == before
    assert not (tmp_path / "photos" / "photos.jsonl").exists()
