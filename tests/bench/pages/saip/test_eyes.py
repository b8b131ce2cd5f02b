"""Boxes, joints and outlines: what begins where, learns from what, and is judged on what."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edgehuman.bench.pages.saip.eyes import (
    EyesConfig,
    build,
    photos_without_masks,
    placed,
    taught_photos,
)
from edgehuman.data.image.set import load_png_mask
from edgehuman.errors import DataError, UsageError
from tests.bench.pages.saip.made import Asked, leave_out_trainings, of, table_of

RNG = np.random.default_rng(3)
ARCH = "starnet_s100_k3"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    return leave_out_trainings(monkeypatch)


@pytest.fixture
def data(tmp_path: Path) -> dict[str, Any]:
    """Photos 1 to 6 of CCP, of which the first has a mask, and what teachers say of 2 and 5."""
    ccp, labels = tmp_path / "ccp", tmp_path / "labels"
    for folder in (ccp / "photos", ccp / "masks", labels / "people"):
        folder.mkdir(parents=True)
    (ccp / "labels.txt").write_text("null\nbody\n")
    (ccp / "masks" / "0001.png").touch()
    lines = []
    for number in range(1, 7):
        photo_HWC = RNG.integers(0, 256, (24, 20, 3), np.uint8)
        # Written as PNG: a photo that is read as it was written.
        _, packed = cv2.imencode(".png", photo_HWC)
        (ccp / "photos" / f"{number:04d}.jpg").write_bytes(packed.tobytes())
        if number in (2, 5):
            cv2.imwrite(str(labels / "people" / f"{number}.png"), photo_HWC[3:15, 4:13])
            mask_HW = np.zeros((12, 9), np.uint8)
            mask_HW[0, 3] = 1
            cv2.imwrite(str(labels / "people" / f"{number}-mask.png"), mask_HW)
            line = {"image": f"{number}.png", "sequence": f"photos_{number:04d}"}
            lines += [{**line, "mask": f"{number}-mask.png"}] * 2 + [line]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (labels / "people" / "labels.jsonl").write_text(text)
    for name in ("mot", "coco"):
        (tmp_path / name).mkdir()
    places = {name: str(tmp_path / name) for name in ("mot", "coco")}
    return {"ccp": ccp, "labels": labels, "out": tmp_path / "out", "people": 10, **places}


def test_rows_differ_in_beginning_and_labels_and_take_equal_steps(
    asked: Asked, data: dict[str, Any]
) -> None:
    config = EyesConfig(**data, seeds=(0, 1), tune_steps=7)
    text = build(config).text
    taught, ccp = str(config.out / "taught"), str(data["ccp"])
    drawn = str(config.out / "people-10x3-7")
    people = str(data["labels"] / "people")
    saip = [f"{ARCH}-saip-{seed}-pretrained" for seed in (0, 1)]
    for task, by_hand, by_teachers in (
        ("pose", drawn, people), ("parsing", ccp, taught), ("detection", (ccp,), (taught,)),
    ):  # fmt: skip
        tunings = of(asked, task)
        assert {each.steps for each in tunings} == {7}
        assert not any(each.read_test or each.select_share for each in tunings)
        assert [each.data for each in tunings] == [by_hand, by_hand, by_teachers, by_teachers] * 2
        begins = [each.weights and each.weights.name for each in tunings]
        assert begins == [None, saip[0]] * 2 + [None, saip[1]] * 2
    # One pretraining a seed serves both rows.
    pretrainings = of(asked, "pretrain")
    assert [each.seed for each in pretrainings] == [0, 1]
    assert {str(each.data) for each in pretrainings} <= {
        str(config.out / "photos"), f"({str(config.out / 'photos')!r},)",
    }  # fmt: skip
    rows = table_of(text)
    assert rows[""][2:-1] == [
        "joints OKS AP, CCP", "joints mean OKS, CCP", "joints OKS AP, COCO",
        "joints mean OKS, COCO", "outlines median IoU, CCP", "outlines median IoU, COCO",
        "boxes AP50, MOT",
    ]  # fmt: skip
    scores = ["50.0", "50.0", "25.0", "25.0", "50.0", "25.0", "37.5"]
    for name in ("scratch", "saip", "distilled", "saip-distilled"):
        assert rows[name][2:] == [f"{each} ± 0.0" for each in scores] + ["2"]


def test_sets_that_only_measure_are_judged_whole_and_teach_nothing(
    asked: Asked, data: dict[str, Any]
) -> None:
    build(EyesConfig(**data, seeds=(0,), every=3))
    judged = {(each.data, each.split) for each in of(asked, "examine") + of(asked, "judge")}
    assert judged == {
        (str(data["labels"] / "people"), "test"), (str(data["ccp"]), "test"),
        (data["coco"], "all"), (data["mot"], "all"),
    }  # fmt: skip
    assert {each.every for each in of(asked, "judge")} == {3}
    for _, each in asked:
        if hasattr(each, "steps"):
            assert not {data["coco"], data["mot"]} & {str(each.data), *map(str, each.data)}


def test_a_finished_table_is_shown_without_a_training(asked: Asked, data: dict[str, Any]) -> None:
    config = EyesConfig(**data, seeds=(0,), tasks=("parsing",))
    first = build(config)
    asked.clear()
    assert build(config).text == first.text
    assert not asked


def test_pretraining_sees_no_photo_with_a_mask_and_none_of_the_test_part(
    data: dict[str, Any],
) -> None:
    folder = photos_without_masks(EyesConfig(**data))
    assert sorted(path.stem for path in folder.iterdir()) == ["0002", "0003", "0004", "0006"]


def test_teachers_masks_stand_where_the_crop_was(data: dict[str, Any]) -> None:
    folder = taught_photos(EyesConfig(**data))
    assert sorted(path.stem for path in (folder / "photos").iterdir()) == ["0002", "0005"]
    mask_HW = load_png_mask(str(folder / "masks" / "0002.png"))
    assert np.argwhere(mask_HW).tolist() == [[3, 7]]


def test_a_crop_of_another_photo_is_refused() -> None:
    photo_HWC, crop_HWC = (RNG.integers(0, 256, (size, size, 3), np.uint8) for size in (9, 4))
    with pytest.raises(DataError, match="other photos"):
        placed(photo_HWC, crop_HWC, np.ones((4, 4), np.uint8))
    with pytest.raises(DataError, match="other photos"):
        placed(crop_HWC, photo_HWC, np.ones((9, 9), np.uint8))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "line 1: not JSON"),
        ('{"image": "2.png", "mask": "2-mask.png"}', "of other photos"),
        ('{"image": "2.png", "mask": "2-mask.png", "sequence": "video"}', "of other photos"),
        ('{"image": "2.png", "mask": "2-mask.png", "sequence": "photos_0003"}', "of other photos"),
        ("", "is empty"),
    ],
)
def test_wrong_labels_leave_no_half_a_folder(line: str, said: str, data: dict[str, Any]) -> None:
    (data["labels"] / "people" / "labels.jsonl").write_text(line)
    config = EyesConfig(**data)
    with pytest.raises(DataError, match=said):
        taught_photos(config)
    assert not (config.out / "taught").exists()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tasks": ("reid",)}, "saip_eyes has no reid.toml"),
        ({"ccp": Path("absent")}, "--ccp: absent"),
        ({"labels": Path("absent")}, "--labels: absent"),
        ({"coco": "absent"}, "--coco: absent does not exist"),
        ({"mot": ""}, "--mot judges"),
        ({"rows": ("scratch", "garments")}, "--rows is"),
        ({"rows": ()}, "--rows is"),
    ],
)
def test_wrong_words(changes: dict[str, Any], said: str, data: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=said):
        EyesConfig(**{**data, **changes})


def test_rows_by_name_and_in_the_order_of_the_words(asked: Asked, data: dict[str, Any]) -> None:
    words = {**data, "rows": ("distilled", "scratch"), "tasks": ("parsing",), "seeds": (0,)}
    text = build(EyesConfig(**words)).text
    assert [*table_of(text)][1:] == ["distilled", "scratch"]
    assert not of(asked, "pretrain")


def test_without_videos_or_coco_their_columns_are_left_out(
    asked: Asked, data: dict[str, Any]
) -> None:
    words = {**data, "mot": "", "coco": "", "tasks": ("parsing", "pose"), "seeds": (0,)}
    heads = table_of(build(EyesConfig(**words)).text)[""]
    ccp = ["outlines median IoU, CCP", "joints OKS AP, CCP", "joints mean OKS, CCP"]
    assert heads[2:-1] == ccp
