"""The flag that chooses a command's config, in the words or in the recipe."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from edgehuman import catalogue
from edgehuman.errors import UsageError
from edgehuman.flags import choose


def test_the_method_follows_from_the_network() -> None:
    for arch, row in catalogue.NETWORKS.items():
        if row.method != "none":
            method = catalogue.METHODS[row.method]
            assert choose.pretrain(["--arch", arch]) == (method.config, method.train)
    with pytest.raises(UsageError, match="has no pretraining"):
        choose.pretrain(["--arch", "imuconv_288k"])


def test_every_value_has_a_config_and_an_example_that_names_it() -> None:
    for table, chosen, command in (
        (choose.actions(catalogue.METHODS), choose.pretrain, "pretrain --method"),
        (choose.actions(catalogue.TASKS), choose.finetune, "finetune --task"),
        (choose.simulations(), choose.simulate, "data simulate --kind"),
    ):
        for value, action in table.items():
            words = action.example.split()[1:]
            assert action.example.startswith(f"edgehuman {command} {value.split()[0]} ")
            assert chosen(words) == (action.config, action.function)


def test_a_conversion_follows_from_the_suffix_of_each_record(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, *_ = choose.conversions().values()
    masks = catalogue.Action("made:Masks", "made:write", suffix=".png")
    bare = catalogue.Action("made:Bare", "made:write")
    rows = dict(catalogue.RECORDS)
    for record, action in (("SilhouetteSequence", masks), ("PersonCrop", bare)):
        rows[record] = dataclasses.replace(rows[record], convert=action)
    monkeypatch.setattr(catalogue, "RECORDS", rows)
    for action in choose.conversions().values():
        if action.suffix:
            found = choose.convert(["none", "--out", f"a{action.suffix}"])
            assert found == (action.config, action.function)
    assert choose.convert(["none", "--out", "a"]) == (first.config, first.function)
    assert choose.convert(["none", "--out", "a", "--kind", "people"])[0] == "made:Bare"


def test_a_task_of_two_modalities_follows_from_the_network(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    walks = catalogue.TASKS["gait"]
    example = "edgehuman finetune --task gait --arch vit_tiny"
    pictures = catalogue.Task("made:Config", "made:train", "image", example, "", "")
    table = {**catalogue.TASKS, "gait": dataclasses.replace(walks, also=(pictures,))}
    monkeypatch.setattr(catalogue, "TASKS", table)
    recipe = tmp_path / "r.toml"
    recipe.write_text('weights = "zoo:gait-skeleton"\n', encoding="utf-8")
    for words, row in (
        ([], walks),
        (["--arch", "gaitformer_1"], walks),
        (["--weights", "zoo:gait-skeleton"], walks),
        (["--recipe", str(recipe)], walks),
        (["--arch", "vit_tiny"], pictures),
        (["--arch", "vit_tiny", "--recipe", str(recipe)], pictures),
    ):
        assert choose.finetune(["--task", "gait", *words]) == (row.config, row.train), words
    named = choose.actions(catalogue.TASKS)
    assert named["gait (image)"] == catalogue.Action("made:Config", "made:train", example)
    assert catalogue.network_for("vit_tiny", "gait", "image") is catalogue.NETWORKS["vit_tiny"]
    with pytest.raises(UsageError, match=r"vit_tiny reads .* but task gait needs skeleton"):
        catalogue.network_for("vit_tiny", "gait", walks.modality)


@pytest.mark.parametrize(
    ("words", "from_graph"),
    [
        (["zoo:activity", "--format", "tensorrt"], True),
        (["zoo:activity", "--format", "tensorrt", "--precision", "int8", "--data", "d"], False),
        (["zoo:activity", "--precision", "fp16"], False),
        (["zoo:activity-int8", "--format", "tensorrt", "--precision", "fp16"], True),
        (["zoo:nothing", "--precision", "fp16"], True),
        (["nowhere.onnx", "--precision", "int8", "--data", "d"], True),
        (["runs/mine", "--format", "tensorrt"], False),
    ],
)
def test_another_precision_of_an_fp32_file_needs_its_network(
    words: list[str], from_graph: bool
) -> None:
    function = catalogue.EXPORT_GRAPH if from_graph else catalogue.EXPORT
    assert choose.export(words) == (catalogue.EXPORT_CONFIG, function)


def test_a_student_of_another_record_is_told_which_networks_learn_the_task() -> None:
    words = ["--task", "detection", "--student", "imuvit_512x5", "--teacher", "a.onnx"]
    with pytest.raises(UsageError, match=r"imuvit_512x5 reads ImuWindow, but task detect"):
        choose.distil(words)
    with pytest.raises(UsageError, match="unknown task 'detectio'"):
        choose.distil(["--task", "detectio", "--student", "starnet_s100"])
