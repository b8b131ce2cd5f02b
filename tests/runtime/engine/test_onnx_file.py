"""Reading an ONNX file by hand agrees with the onnx package; every damage is told apart."""

from __future__ import annotations

import hashlib
from pathlib import Path

import onnx
import pytest

from edgehuman.errors import ArtefactError
from edgehuman.runtime.engine.onnx_file import SEAL_KEY, read_card, read_onnx, sealed, with_card
from tests.runtime.conftest import MakeModel, tiny_card


def test_metadata_and_graph_are_what_the_onnx_package_reads(make_model: MakeModel) -> None:
    content = make_model(seal=False).read_bytes()
    model = onnx.load_from_string(content)
    found = read_onnx(content, "tiny")
    assert found.metadata == {prop.key: prop.value for prop in model.metadata_props}
    assert found.graph_sha256 == hashlib.sha256(model.graph.SerializeToString()).hexdigest()


def test_a_seal_leaves_the_model_as_it_was_and_can_be_renewed(tiny: Path) -> None:
    once = tiny.read_bytes()
    assert sealed(once) == once
    onnx.checker.check_model(onnx.load_from_string(once), full_check=True)
    keys = [prop.key for prop in onnx.load_from_string(once).metadata_props]
    assert keys.count(SEAL_KEY) == 1


def test_the_card_comes_back(tiny: Path) -> None:
    assert read_card(tiny) == tiny_card()


def test_another_card_leaves_the_graph_and_its_seal(tiny: Path) -> None:
    content, other = tiny.read_bytes(), tiny_card(name="other")
    tiny.write_bytes(with_card(content, other))
    assert read_card(tiny) == other
    assert onnx.load(tiny).graph == onnx.load_from_string(content).graph
    assert with_card(tiny.read_bytes(), other) == tiny.read_bytes()


def test_a_weight_changed_after_the_export_is_refused(tiny: Path) -> None:
    content = tiny.read_bytes()
    four = b"\x00\x00\x80\x40"  # the gain, 4.0
    assert content.count(four) == 1
    tiny.write_bytes(content.replace(four, b"\x00\x00\x80\x41"))
    with pytest.raises(ArtefactError, match="changed after its export"):
        read_card(tiny)


@pytest.mark.parametrize("kept", [0, 1, 10, 100, -400])
def test_a_truncated_file_is_refused(tiny: Path, kept: int) -> None:
    tiny.write_bytes(tiny.read_bytes()[:kept])
    with pytest.raises(ArtefactError, match=r"truncated|has no card"):
        read_card(tiny)


@pytest.mark.parametrize("content", [b"not a model at all\n" * 20, b"\xff" * 100, b"\x0a\x00"])
def test_another_format_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "foreign.onnx"
    path.write_bytes(content)
    with pytest.raises(ArtefactError, match="not a complete ONNX file"):
        read_card(path)


def test_a_file_without_a_card_says_how_to_get_one(make_model: MakeModel) -> None:
    with pytest.raises(ArtefactError, match=r"no card.*edgehuman export"):
        read_card(make_model(with_card=False))


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match="no such file"):
        read_card(tmp_path / "absent.onnx")
    with pytest.raises(ArtefactError, match=r"cannot read .*: Is a directory"):
        read_card(tmp_path)
