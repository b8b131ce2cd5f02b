"""What an output may replace: its own earlier files; anything else stays, and is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgehuman.card import IMU_INPUT, Card, OutputSpec, Precision
from edgehuman.errors import UsageError
from edgehuman.runtime.engine.part_files import FRAME, HEAD, part_path
from edgehuman.runtime.engine.plan_file import side_path
from edgehuman.runtime.engine.replaced import card_at, require_free_or_own
from tests.runtime.conftest import MakeModel

OWN = Card("a", "t", "net", 1, 1, IMU_INPUT, OutputSpec("classes", ("u",)), weights_sha256="1")
OTHER = OWN.replace(name="b", weights_sha256="2")
AGAIN = OWN.replace(weights_sha256="2")
INT8 = OWN.replace(precision=Precision("int8"))


def put(path: Path, card: Card | None, make: MakeModel) -> Path:
    """A file of a model, or of none, by its suffix."""
    if card is None:
        path.write_bytes(b"my letters")
    elif path.suffix == ".onnx":
        make(card=card).replace(path)
    else:
        name = path if path.suffix == ".json" else side_path(path)
        name.write_text(json.dumps({"card": json.loads(card.to_json())}))
        if path.suffix != ".json":
            path.write_bytes(b"plan")
    return path


def engine_files(folder: Path) -> list[Path]:
    return [folder / "x.engine", folder / "x.engine.json", folder / "x.onnx"]


def set_files(folder: Path) -> list[Path]:
    path = folder / "x.onnx"
    return [path, part_path(path, FRAME), part_path(path, HEAD)]


def test_where_nothing_is_nothing_is_said(tmp_path: Path) -> None:
    files = engine_files(tmp_path)
    assert require_free_or_own(files[0], files, OWN, "fp32") == []
    for file in files:
        file.touch()  # as mktemp leaves them
    assert require_free_or_own(files[0], files, OWN, "fp32") == []


@pytest.mark.parametrize("card", [OTHER, AGAIN, INT8, None])
@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("listed", [engine_files, set_files])
def test_a_file_beside_that_is_not_of_this_model_stays(
    listed: object, number: int, card: Card | None, tmp_path: Path, make_model: MakeModel
) -> None:
    files = engine_files(tmp_path) if listed is engine_files else set_files(tmp_path)
    put(files[number], card, make_model)
    said = (
        "is of no model|has no card"
        if card is None
        else rf"\({card.name} in {card.precision.name}\)"
    )
    with pytest.raises(UsageError, match=f"also writes {files[number].name}, .*({said})"):
        require_free_or_own(files[0], files, OWN, "fp32")


@pytest.mark.parametrize(("replace", "fix"), [(None, "remove .*"), (False, "add --replace")])
@pytest.mark.parametrize(
    ("card", "held"),
    [
        (OTHER, r"another model \(b in fp32\)"),
        (AGAIN, r"other weights of this network \(a in fp32\)"),
        (None, "that file (has no card of an export|is of no model that .*)"),
    ],
)
@pytest.mark.parametrize("name", ["x.onnx", "x.engine", "x.pt2"])
def test_a_named_file_of_other_weights_stays(
    name: str,
    card: Card | None,
    held: str,
    replace: bool | None,
    fix: str,
    tmp_path: Path,
    make_model: MakeModel,
) -> None:
    path = put(tmp_path / name, card, make_model)
    fix = fix if card is not None else "remove .*"
    with pytest.raises(UsageError, match=rf"--out .*{name}: .*{held}; .*, or {fix}"):
        require_free_or_own(path, [path], OWN, "fp32", replace=replace)


@pytest.mark.parametrize("name", ["x.onnx", "x.engine", "x.pt2"])
def test_another_model_is_replaced_where_that_is_asked_for_and_is_told(
    name: str, tmp_path: Path, make_model: MakeModel
) -> None:
    for card, said in (
        (OTHER, f"{name}, another model (b in fp32), is replaced"),
        (AGAIN, f"{name}, other weights of this network (a in fp32), is replaced"),
    ):
        path = put(tmp_path / name, card, make_model)
        assert require_free_or_own(path, [path], OWN, "fp32", replace=True) == [said]
    for file in tmp_path.iterdir():
        file.unlink()
    path = put(tmp_path / name, None, make_model)
    with pytest.raises(UsageError, match=rf"choose another --out, or remove .*{name}"):
        require_free_or_own(path, [path], OWN, "fp32", replace=True)


@pytest.mark.parametrize("listed", [engine_files, set_files])
def test_files_beside_are_replaced_with_the_named_one_alone(
    listed: object, tmp_path: Path, make_model: MakeModel
) -> None:
    files = engine_files(tmp_path) if listed is engine_files else set_files(tmp_path)
    put(files[1], OTHER, make_model)
    with pytest.raises(UsageError, match=r"also writes .*choose another --out, or move"):
        require_free_or_own(files[0], files, OWN, "fp32", replace=True)
    put(files[0], AGAIN, make_model)
    put(files[2], OTHER.replace(weights_sha256="3"), make_model)
    with pytest.raises(UsageError, match=r"also writes .*choose another --out, or move"):
        require_free_or_own(files[0], files, OWN, "fp32", replace=True)


@pytest.mark.parametrize("card", [OWN, INT8])
@pytest.mark.parametrize("name", ["x.onnx", "x.engine"])
def test_a_named_file_of_the_same_weights_is_replaced(
    name: str, card: Card, tmp_path: Path, make_model: MakeModel
) -> None:
    path = put(tmp_path / name, card, make_model)
    assert card_at(path) == card
    assert require_free_or_own(path, [path], OWN, "fp32") == []


def test_files_that_belong_together_are_replaced_together(
    tmp_path: Path, make_model: MakeModel
) -> None:
    for files in (engine_files(tmp_path), set_files(tmp_path)):
        for file in files:
            put(file, AGAIN.replace(precision=Precision("fp16")), make_model)
        assert len(require_free_or_own(files[0], files, OWN, "fp32", replace=True)) == 1
        for file in files:
            put(file, INT8, make_model)
        assert require_free_or_own(files[0], files, OWN, "fp32") == []


def test_the_same_weights_in_the_same_precision_are_replaced_aloud(
    tmp_path: Path, make_model: MakeModel
) -> None:
    files = engine_files(tmp_path)
    put(files[2], OWN, make_model)
    assert require_free_or_own(files[0], files, OWN, "fp32") == ["x.onnx (a in fp32) is replaced"]
    assert require_free_or_own(files[0], files, OWN, "fp32", files[2].read_bytes()) == []


def test_a_damaged_engine_is_built_anew_from_the_graph_beside_it(
    tmp_path: Path, make_model: MakeModel
) -> None:
    files = engine_files(tmp_path)
    content = put(files[2], OWN, make_model).read_bytes()
    for file in files[:2]:
        put(file, None, make_model)
    assert require_free_or_own(files[0], files, OWN, "fp32", content) == []
    put(files[1], OTHER, make_model)
    with pytest.raises(UsageError, match=r"x\.engine: that file holds another model \(b in fp32\)"):
        require_free_or_own(files[0], files, OWN, "fp32", content)
