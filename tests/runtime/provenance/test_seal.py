"""`edgehuman seal`: files of an earlier version get a seal, unless they were changed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import onnx
import pytest

from edgehuman.cli import main
from edgehuman.runtime.engine.onnx_file import GRAPH_SEAL_KEY, open_file, read_onnx
from edgehuman.runtime.engine.plan_file import read_engine, side_path
from edgehuman.runtime.provenance import seal
from tests.runtime.conftest import MakeModel
from tests.runtime.played_gpu import write_played


def as_before(path: Path) -> None:
    """Give an unsealed model the seal of an earlier version, over its graph alone."""
    model = onnx.load(path)
    seal = read_onnx(path.read_bytes(), "it").graph_sha256
    model.metadata_props.append(onnx.StringStringEntryProto(key=GRAPH_SEAL_KEY, value=seal))
    onnx.save(model, path)


def test_an_earlier_file_is_sealed_and_its_graph_and_card_stay(
    make_model: MakeModel, capsys: pytest.CaptureFixture[str]
) -> None:
    path = make_model(seal=False)
    as_before(path)
    before = onnx.load(path).graph
    assert main(["info", str(path)]) == 1
    assert f"edgehuman seal {path}" in capsys.readouterr().err
    assert main(["seal", str(path)]) == 0
    assert onnx.load(path).graph == before
    assert open_file(path).card.name == "tiny"
    once = path.read_bytes()
    assert main(["seal", str(path)]) == 0
    assert "has its seal already" in capsys.readouterr().out
    assert path.read_bytes() == once


def test_parts_are_sealed_with_the_whole(make_model: MakeModel) -> None:
    paths = [make_model(seal=False, name=f"w{part}.onnx") for part in ("", ".frame", ".head")]
    assert main(["seal", str(paths[0])]) == 0
    assert [open_file(path).card.name for path in paths] == ["tiny"] * 3


def test_a_changed_graph_is_not_sealed(
    make_model: MakeModel, capsys: pytest.CaptureFixture[str]
) -> None:
    path = make_model(seal=False)
    as_before(path)
    path.write_bytes(path.read_bytes().replace(b"\0\0\x80\x40", b"\0\0\x80\x41"))
    before = path.read_bytes()
    assert main(["seal", str(path)]) == 1
    assert "was changed after its export" in capsys.readouterr().err
    assert path.read_bytes() == before


def test_a_broken_seal_is_not_renewed(tiny: Path) -> None:
    tiny.write_bytes(tiny.read_bytes().replace(b"walking", b"talking"))
    assert main(["seal", str(tiny)]) == 1


def test_an_engine_s_side_file_is_sealed(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    engine = write_played(tiny)
    side = side_path(engine)
    sealed = side.read_bytes()
    side.write_bytes(sealed.replace(b'"seal"', b'"sale"'))
    assert main(["info", str(engine)]) == 1
    assert f"edgehuman seal {engine}" in capsys.readouterr().err
    assert main(["seal", str(engine)]) == 0
    assert read_engine(engine).card.name == "tiny"
    engine.write_bytes(b"another plan")
    side.write_bytes(sealed.replace(b'"seal"', b'"sale"'))
    assert main(["seal", str(engine)]) == 1


def test_what_has_no_seal(tmp_path: Path, make_model: MakeModel) -> None:
    assert main(["seal", str(make_model(with_card=False, seal=False))]) == 1
    other = tmp_path / "notes.txt"
    other.write_text("x")
    assert main(["seal", str(other)]) == 2
    assert main(["seal", str(tmp_path / "absent.onnx")]) == 1
    assert main(["seal"]) == 2


@pytest.mark.parametrize("word", ["/", ".", "..", ""])
def test_no_word_ends_in_a_traceback(
    word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["seal", word]) == 2


def test_who_else_seals_a_file_is_waited_for(
    make_model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A seal is read, changed and written: what came between would be lost."""
    path = make_model(seal=False)
    held: list[Path] = []

    @contextlib.contextmanager
    def noted(path: Path, *args: object) -> Iterator[None]:
        held.append(path)
        yield
        held.remove(path)

    def written(contents: dict[Path, bytes]) -> None:
        assert {*contents} == {*held} == {path}

    monkeypatch.setattr(seal, "locked", noted)
    monkeypatch.setattr(seal, "write_together", written)
    assert main(["seal", str(path)]) == 0
