"""A contract says all that its record needs; every breach is named with its rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgehuman.card import IMU_INPUT, InputSpec, image_input, silhouette_input, skeleton_input
from edgehuman.distill.teachers.contract import EXAMPLE, axes_of, channels_of, read_contract
from edgehuman.errors import UsageError
from tests.distill.foreign_graphs import PICTURE, WEARABLE


def spec_of(record: str) -> InputSpec:
    return {"P": image_input(), "I": IMU_INPUT, "S": skeleton_input(24)}[record[0]]


def read(folder: Path, text: str, name: str = "theirs.toml") -> str:
    (folder / name).write_text(text)
    return read_contract(folder / "theirs.onnx", spec_of).where


def test_a_contract_stands_beside_its_graph_or_for_all_of_its_folder(tmp_path: Path) -> None:
    assert read(tmp_path, WEARABLE, "teacher.toml").endswith("teacher.toml")
    assert read(tmp_path, PICTURE).endswith("theirs.toml")


def test_a_missing_contract_shows_one_that_can_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no contract beside it") as caught:
        read_contract(tmp_path / "theirs.onnx", spec_of)
    shown = str(caught.value).split("for example:\n\n")[1]
    assert shown == EXAMPLE
    read(tmp_path, shown)


def test_licences_of_the_model_and_its_data_are_kept(tmp_path: Path) -> None:
    read(tmp_path, WEARABLE)
    found = read_contract(tmp_path / "theirs.onnx", spec_of)
    assert [(row.dataset, row.role, row.licence) for row in found.data] == [
        ("theirs.onnx: weights", "pretraining", "CC-BY-4.0"),
        ("theirs", "training", "research only"),
    ]
    assert dict(found.outputs) == {"logits": "scores", "embedding": "means"}


@pytest.mark.parametrize(
    ("text", "old", "new", "said"),
    [
        (WEARABLE, "rate_hz", "rate", "unknown key 'rate'; did you mean 'rate_hz'"),
        (WEARABLE, '"ImuWindow"', '"ImuWindo"', "unknown record .* 'ImuWindo'. Did you mean"),
        (WEARABLE, '"classes"', '"class"', "kind is 'class'"),
        (WEARABLE, 'accel = "m/s2"\n', "", 'accel is \'\'; it must be "g" or "m/s2"'),
        (WEARABLE, '"deg/s"', '"degs"', "gyro is 'degs'"),
        (WEARABLE, '"-y+x+z"', '"-y+x"', "axes is '-y.x'; it must be x, y and z once each"),
        (WEARABLE, '"NCT"', '"NHWC"', "layout is 'NHWC'; it must order NTC, N first"),
        (WEARABLE, "window = 256\n", "", "window is 0; it must be above 0"),
        (WEARABLE, "= 256", "= 300", r"300 at 100 Hz takes 3\.00 s, but a ImuWindow holds 2\.56 s"),
        (WEARABLE, "rate_hz", "std = [1.0, 2.0]\nrate_hz", "std is .*it must have 6 values, 1 or"),
        (WEARABLE, '"sitting"', '"walking"', "labels is .*; it must differ"),
        (WEARABLE, "rate_hz", 'pixels = "0..1"\nrate_hz', "pixels is .* is not for ImuWindow"),
        (WEARABLE, 'logits = "scores"\n', "", "kind is classes, so \\[outputs\\] needs logits"),
        (WEARABLE, "embedding =", "feature =", "\\[outputs\\] has 'feature'; valid kinds"),
        (WEARABLE, '"scores"', "1", "logits is 1; it must be the name of an output"),
        (WEARABLE, "[model]", "[modell]", "unknown key 'modell'"),
        (WEARABLE, 'dataset = "theirs"\n', "", "has no dataset; name it"),
        (PICTURE, "[model]\nlicence", "[model]\nlicense", "unknown key 'license'; did you mean"),
        (PICTURE, "size = [32, 16]\n", "", "size is \\(\\); it must be \\[height, width\\]"),
        (PICTURE, 'pixels = "0..1"\n', "", 'pixels is \'\'; it must be "0..255" or "0..1"'),
        (PICTURE, "0.1]", "0.0]", "std is .* must be finite and at least 1e-30"),
        (PICTURE, "0.1]", "inf]", "std is .* must be finite"),
        (PICTURE, "0.3]", "nan]", "mean is .* must be finite"),
        (WEARABLE, "= 100.0", "= inf", "rate_hz is inf; it must be above 0 and at most 5000"),
        (WEARABLE, '"research only"', '" "', "licence is empty; name it"),
        (WEARABLE, 'record = "ImuWindow"\n', "", "lacks 'record'; add the missing key"),
        (PICTURE, "size", 'accel = "g"\nsize', "accel is 'g'; it is not for PersonCrop"),
        (PICTURE, 'kind = "embedding"', 'kind = "segmentation"', "must name what the segmentation"),
        (PICTURE, "[outputs]", "[outputs", "not a TOML file"),
    ],
)
def test_a_breach_is_named_with_its_rule(
    tmp_path: Path, text: str, old: str, new: str, said: str
) -> None:
    assert old in text
    with pytest.raises(UsageError, match=said):
        read(tmp_path, text.replace(old, new))


@pytest.mark.parametrize("table", ["outputs", "model"])
def test_a_missing_table_is_said(tmp_path: Path, table: str) -> None:
    head, _, tail = PICTURE.partition(f"[{table}]\n")
    rest = tail.partition("[")
    with pytest.raises(UsageError, match=rf"\[{table}\] is missing"):
        read(tmp_path, head + rest[1] + rest[2])


def test_axes_and_channels_follow_from_the_record() -> None:
    specs = (IMU_INPUT, image_input(), skeleton_input(24), silhouette_input())
    assert [(axes_of(spec), channels_of(spec)) for spec in specs] == [
        ("NTC", 6),
        ("NHWC", 3),
        ("NTJC", 3),
        ("NTHW", 1),
    ]
