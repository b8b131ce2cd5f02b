"""Reading an ONNX file by hand agrees with the onnx package; every damage is told apart."""

from __future__ import annotations

import gc
import hashlib
import os
import random
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

from edgehuman.errors import ArtefactError
from edgehuman.runtime.engine import onnx_file
from edgehuman.runtime.engine.onnx_file import (
    GRAPH_SEAL_KEY,
    SEAL_KEY,
    Held,
    content_of,
    open_file,
    read_card,
    read_onnx,
    sealed,
    with_card,
)
from edgehuman.runtime.engine.open import open_engine
from edgehuman.runtime.zoo import Fetched
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


def test_no_flipped_byte_passes(tiny: Path) -> None:
    good, rng = tiny.read_bytes(), random.Random(5)
    for i in range(1500):  # over the whole file: graph, card, seal and all between
        bad = bytearray(good)
        bad[round(i * (len(good) - 1) / 1499)] ^= rng.randrange(1, 256)
        with pytest.raises(ArtefactError):
            read_onnx(bytes(bad), "it").require_seal()
        if i % 100 == 0:
            tiny.write_bytes(bad)
            for read in (read_card, open_engine):
                with pytest.raises(ArtefactError):
                    read(tiny)
    tiny.write_bytes(good)
    assert read_card(tiny) == tiny_card()


def test_no_byte_more_or_less_passes(tiny: Path) -> None:
    good = tiny.read_bytes()
    more = [b"\x00", b"\x08\x09", good, _bytes_of_metadata("note", "hello")]
    for bad in (*(good[:-size] for size in (1, 50, 99)), *(good + each for each in more)):
        tiny.write_bytes(bad)
        with pytest.raises(ArtefactError):
            read_card(tiny)


def _bytes_of_metadata(key: str, value: str) -> bytes:
    model = onnx.ModelProto()
    model.metadata_props.append(onnx.StringStringEntryProto(key=key, value=value))
    return bytes(model.SerializeToString())


def test_ours_without_a_seal_is_refused_and_told_how_to_get_one(make_model: MakeModel) -> None:
    path = make_model(seal=False)
    with pytest.raises(ArtefactError, match=rf"no seal.*export it again.*`edgehuman seal {path}`"):
        read_card(path)
    before = path.read_bytes()
    graph = read_onnx(before, "it").graph_sha256
    path.write_bytes(before + _bytes_of_metadata(GRAPH_SEAL_KEY, graph))
    with pytest.raises(ArtefactError, match=r"seal covers the graph but not the card; .*seal"):
        read_card(path)
    path.write_bytes(sealed(before) + _bytes_of_metadata(SEAL_KEY, "0" * 64))
    with pytest.raises(ArtefactError, match="has 2 seals"):
        read_card(path)


def test_a_seal_of_another_length_is_none(make_model: MakeModel) -> None:
    path = make_model(seal=False)
    for seal in ("", "0" * 63, "0" * 65):
        path.write_bytes(path.read_bytes() + _bytes_of_metadata(SEAL_KEY, seal))
        with pytest.raises(ArtefactError, match="not a complete ONNX file"):
            read_card(path)


def test_a_foreign_file_needs_no_seal(make_model: MakeModel) -> None:
    file = open_file(make_model(with_card=False, seal=False))
    assert not file.is_ours
    assert file.identity == file.sha256 == hashlib.sha256(file.content).hexdigest()


def test_a_released_file_from_before_the_seal_has_its_hash_in_the_table(
    make_model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_model(seal=False)
    content = path.read_bytes()
    row = Fetched(len(content), hashlib.sha256(content).hexdigest(), "ImuWindow")
    monkeypatch.setattr(onnx_file, "FETCHED", {"tiny": row})
    assert read_card(path) == tiny_card()
    path.write_bytes(content.replace(b"walking", b"talking"))
    with pytest.raises(ArtefactError, match="no seal"):
        read_card(path)


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


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds a file in memory with a path")
def test_a_large_file_is_held_once_beside_the_session_and_cannot_be_changed(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx_file, "_LARGE", 1)
    monkeypatch.setattr(Path, "read_bytes", None)  # not read in any other way
    file = open_file(tiny)
    assert isinstance(file.content, Held)
    assert file.card == tiny_card()
    place = Path(file.content.place)
    with place.open("r+b", buffering=0) as stream, pytest.raises(OSError, match="not permitted"):
        stream.write(b"x")
    assert open_engine(tiny).run(np.ones((1, 128, 6), np.float32)).tolist() == [[4, 4, 4]]
    assert file.plain == bytes(file.content)
    del file
    gc.collect()
    assert not place.exists()  # nothing is left open


@pytest.mark.skipif(sys.platform == "win32", reason="holes, devices and pipes")
@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\x08\x0a",  # a version, and then nothing
        b"\x08\x0a\x3a" + bytes([0xFA, 0xFF, 0xFF, 0xFF, 0x05]),  # a graph of a hole
        b"\x12" + bytes([0xFA, 0xFF, 0xFF, 0xFF, 0x05]),  # a name of a hole, and no graph
    ],
)
def test_nothing_is_held_of_a_file_that_is_no_model(
    head: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sparse files of 1.5 GB; not a block of them is copied."""
    monkeypatch.setattr(os, "memfd_create", None, raising=False)
    monkeypatch.setattr(onnx_file, "read_bounded", None)
    path = tmp_path / "hole.onnx"
    path.write_bytes(head)
    os.truncate(path, 0x5FFFFFFA + len(head))
    with pytest.raises(ArtefactError, match="is not a complete ONNX file"):
        content_of(path)
    os.truncate(path, 1 << 32)
    with pytest.raises(ArtefactError, match="a model may have 2,147,483,648"):
        content_of(path)


@pytest.mark.skipif(sys.platform == "win32", reason="holes, devices and pipes")
def test_a_model_is_a_regular_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.onnx")
    (tmp_path / "zero.onnx").symlink_to("/dev/zero")
    for path in tmp_path.iterdir():
        with pytest.raises(ArtefactError, match="is no regular file"):
            open_file(path)
