"""Which files are one model, and where its signature stands."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edgehuman.errors import ArtefactError, UsageError
from edgehuman.runtime.provenance.members import members_of, signatures_of, stem_of

SET = ("w.engine", "w.engine.json", "w.frame.onnx", "w.head.onnx", "w.onnx", "w.text.onnx")


def put(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())


@pytest.mark.parametrize("named", SET)
def test_any_file_of_a_model_names_all_of_it(named: str, tmp_path: Path) -> None:
    put(tmp_path, *SET, "w-int8.onnx", "other.onnx", "w.sig", "notes.txt")
    found = members_of(tmp_path / named)
    assert (*found.files,) == SET
    assert (found.name, found.signature) == ("w", tmp_path / "w.sig")


def test_a_folder_is_all_its_files_but_the_signature_and_git(tmp_path: Path) -> None:
    put(tmp_path, "model.safetensors", "logs/a.txt", "model.sig", ".git/HEAD", ".gitignore")
    assert (*members_of(tmp_path).files,) == ("logs/a.txt", "model.safetensors")
    # Deeper, these names are files as any other.
    put(tmp_path, "logs/model.sig")
    assert "logs/model.sig" in members_of(tmp_path).files


def test_a_link_in_a_folder_is_refused(tmp_path: Path) -> None:
    put(tmp_path, "a.onnx")
    os.symlink("/etc", tmp_path / "etc")
    with pytest.raises(ArtefactError, match="etc is a link"):
        members_of(tmp_path)


def test_what_is_no_model(tmp_path: Path) -> None:
    put(tmp_path, "notes.txt")
    with pytest.raises(UsageError, match="not a model"):
        members_of(tmp_path / "notes.txt")
    with pytest.raises(UsageError, match="no such file"):
        members_of(tmp_path / "absent.onnx")


def test_the_signatures_that_may_cover_a_file(tmp_path: Path) -> None:
    put(tmp_path, *SET)
    assert signatures_of(tmp_path / "w.head.onnx") == []
    put(tmp_path, "model.sig", "w.sig")
    assert [each.name for each in signatures_of(tmp_path / "w.head.onnx")] == ["w.sig", "model.sig"]
    assert [each.name for each in signatures_of(tmp_path / "x.safetensors")] == ["model.sig"]
    assert stem_of(Path("a.b.onnx")) == "a.b"
    assert stem_of(Path("frame.onnx")) == "frame"
    assert stem_of(Path("w.onnx.bak")) is None
