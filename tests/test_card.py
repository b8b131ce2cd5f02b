"""A card survives its file unchanged, and a card that is not whole is refused by name."""

from __future__ import annotations

import hashlib
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from edgehuman.card import (
    CARD_KEY,
    RANDOM_WEIGHTS,
    Card,
    Decision,
    InputSpec,
    Metric,
    OutputSpec,
    Precision,
    TrainingData,
    from_json,
    lineage,
    of_weights,
    sealed_metadata,
    sha256_of_bytes,
    sha256_of_file,
)
from edgehuman.errors import ArtefactError, CheckpointError, EdgehumanError

CARD = Card(
    name="toy",
    task="activity",
    arch="imuvit_512x5",
    params=10,
    flops=20,
    input=InputSpec("ImuWindow", (128, 6), "float32", "g, rad/s", 50.0),
    output=OutputSpec("classes", ("walking", "sitting")),
    decision=Decision(1.5, 0.4, "fixed_lag", 1.28, affine=((1.0, 0.0, 0.5), (0.0, 1.0, -0.5))),
    precision=Precision("int8", ("head",), "ab" * 32, "toy, 8 windows, MinMax"),
    data=(TrainingData("toy", "training", "CC BY 4.0", "https://example.org", 8, 2),),
    metrics=(Metric("macro_f1", 0.5, "toy test part"),),
    parity={"cosine": 1.0},
    versions={"onnx": "1.0"},
)


def table() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(CARD.to_json())
    return loaded


def test_it_survives_its_file_unchanged() -> None:
    assert from_json(CARD.to_json(), "x.onnx") == CARD
    assert from_json(CARD.to_json(indent=2), "x.onnx") == CARD


def test_a_card_from_before_a_person_could_be_adapted_to_is_read() -> None:
    older = table()
    del older["decision"]["affine"]
    assert from_json(json.dumps(older), "x.onnx").decision.affine == ()


def test_a_copy_with_changes_leaves_the_first_alone() -> None:
    assert CARD.replace(name="other").name == "other"
    assert CARD.name == "toy"


@pytest.mark.parametrize("text", ["", "not json", "[]", "{}", "3"])
def test_what_is_no_card_is_refused(text: str) -> None:
    with pytest.raises(ArtefactError, match=r"x\.onnx: its card is not readable.*export"):
        from_json(text, "x.onnx")


def test_another_schema_version_is_named() -> None:
    text = json.dumps({**table(), "schema_version": 99})
    with pytest.raises(ArtefactError, match="schema version 99; this edgehuman reads 1"):
        from_json(text, "x.onnx")


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("params", "many", "params is 'many', not int"),
        ("params", 10**400, "params is 1000"),
        ("name", None, "name is None, not str"),
        ("versions", {"torch": 2}, "versions is"),
    ],
)
def test_a_value_of_another_type_is_named(key: str, value: object, words: str) -> None:
    with pytest.raises(ArtefactError, match=f"incomplete.*{words}"):
        from_json(json.dumps({**table(), key: value}), "x.onnx")


@pytest.mark.parametrize("text", ["[" * 100_000, '{"schema_version":' * 50_000, "", "1" * 5_000])
def test_a_text_that_is_no_card_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(ArtefactError):
        from_json(text, "x.onnx")
    header = text.encode()
    (tmp_path / "w").write_bytes(len(header).to_bytes(8, "little") + header)
    with pytest.raises(EdgehumanError):
        of_weights(tmp_path / "w")


@pytest.mark.parametrize("key", ["input", "output", "decision", "data", "arch"])
def test_a_missing_key_is_named(key: str) -> None:
    broken = table()
    del broken[key]
    with pytest.raises(ArtefactError, match=f"incomplete.*{key}"):
        from_json(json.dumps(broken), "x.onnx")


def test_an_unknown_key_is_named() -> None:
    with pytest.raises(ArtefactError, match="colour"):
        from_json(json.dumps({**table(), "colour": "blue"}), "x.onnx")
    nested = table()
    nested["decision"]["colour"] = "blue"
    with pytest.raises(ArtefactError, match="colour"):
        from_json(json.dumps(nested), "x.onnx")


@pytest.mark.parametrize("wrong", [None, 3, "text", [1]])
def test_a_part_of_the_wrong_kind_is_refused(wrong: object) -> None:
    with pytest.raises(ArtefactError):
        from_json(json.dumps({**table(), "input": wrong}), "x.onnx")


def test_random_weights_are_told_by_the_recipe() -> None:
    card = from_json(json.dumps(table()), "x.onnx")
    assert not card.random_weights
    assert card.replace(recipe=f"{RANDOM_WEIGHTS}, seed 3").random_weights


def test_digests_are_those_of_hashlib(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"ab")
    expected = hashlib.sha256(b"ab").hexdigest()
    assert sha256_of_file(tmp_path / "x") == sha256_of_bytes(b"a", b"b") == expected


def weights_file(path: Path, metadata: dict[str, str] | None) -> Path:
    """A safetensors file without tensors: the header's size, eight bytes, and the header."""
    header = json.dumps({} if metadata is None else {"__metadata__": metadata}).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    return path


def test_the_card_of_weights_is_in_their_header(tmp_path: Path) -> None:
    path = weights_file(tmp_path / "w.safetensors", sealed_metadata(CARD))
    assert of_weights(path) == CARD


def test_a_card_without_its_seal_is_refused_with_the_way_out(tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    folder.mkdir()
    path = weights_file(folder / "model.safetensors", {CARD_KEY: CARD.to_json()})
    with pytest.raises(CheckpointError, match=f"no seal.*`edgehuman seal {folder}`"):
        of_weights(path)


def test_weights_without_a_card_are_named(tmp_path: Path) -> None:
    for name, metadata in (("none", None), ("foreign", {"format": "pt"})):
        with pytest.raises(CheckpointError, match=f"{name}: has no edgehuman card"):
            of_weights(weights_file(tmp_path / name, metadata))
    (tmp_path / "huge").write_bytes(b"\xff" * 8)
    with pytest.raises(CheckpointError, match=r"huge: damaged \(a header of 18"):
        of_weights(tmp_path / "huge")
    with pytest.raises(CheckpointError, match=r"absent: damaged \(.*No such file"):
        of_weights(tmp_path / "absent")


def test_a_lineage_without_data_says_so() -> None:
    assert lineage(CARD, "runs/toy") == CARD.data
    [row] = lineage(CARD.replace(data=()), "toy")
    assert (row.dataset, row.role, row.licence) == ("toy: weights", "pretraining", "not stated")
    assert lineage(CARD.replace(data=(), recipe=f"{RANDOM_WEIGHTS}, seed 0"), "toy") == ()


def test_a_card_from_before_pruning_is_read() -> None:
    table = json.loads(CARD.to_json())
    del table["pruned"]
    assert from_json(json.dumps(table), "here") == CARD


@pytest.mark.parametrize(
    ("part", "changes"),
    [
        ("input", {"shape": [1 << 20, 1 << 20]}),
        ("input", {"shape": [1] * 1000}),
        ("input", {"shape": [-1, 6]}),
        ("input", {"shape": [1.5, 6]}),
        ("input", {"rate_hz": 1e300}),
        ("input", {"rate_hz": float("nan")}),
        ("input", {"least": 1 << 62}),
        ("output", {"dim": 1 << 40}),
        ("output", {"parts": -1}),
        ("output", {"placements": ["p"] * 1000, "labels": ["l"] * 1000}),
    ],
)
def test_sizes_that_no_model_has_are_refused(part: str, changes: dict[str, Any]) -> None:
    table = json.loads(CARD.to_json())
    table[part] |= changes
    with pytest.raises(ArtefactError, match="x: its card is incomplete"):
        from_json(json.dumps(table), "x")


def test_a_header_that_states_more_than_the_file_has_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes((90_000_000).to_bytes(8, "little") + b"{}")
    tracemalloc.start()
    with pytest.raises(CheckpointError, match="a header of 90000000 bytes"):
        of_weights(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000
    content = b"[" + b"[]," * 10_000_000 + b"1]"
    path.write_bytes(len(content).to_bytes(8, "little") + content)
    with pytest.raises(CheckpointError, match="of JSON would take"):
        of_weights(path)
