"""`edgehuman verify`: every file of a model is ok, changed, missing or extra."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edgehuman.cli import main
from edgehuman.runtime.provenance.trusted import KEYS_KEY
from tests.runtime.played_gpu import write_played
from tests.runtime.provenance.signed import make_key, public_of, sign_with

Capture = pytest.CaptureFixture[str]


def verified(capsys: Capture, *words: str | Path) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    code = main(["verify", *map(str, words), "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_each_file_has_its_state(tiny: Path, tmp_path: Path, capsys: Capture) -> None:
    key = make_key(tmp_path)
    engine = write_played(tiny)
    side = engine.with_name("tiny.engine.json")
    sign_with(key, tiny)
    code, said = verified(capsys, tiny, "--key", public_of(key))
    assert (code, said["verified"]) == (0, True)
    assert said["models"][0]["files"] == dict.fromkeys((engine.name, side.name, tiny.name), "ok")

    engine.write_bytes(b"another plan")
    side.unlink()
    tiny.with_name("tiny.frame.onnx").write_bytes(b"planted")
    code, said = verified(capsys, tiny, "--key", public_of(key))
    assert (code, said["verified"]) == (1, False)
    states = {
        "tiny.engine": "changed",
        "tiny.engine.json": "missing",
        "tiny.frame.onnx": "extra",
        "tiny.onnx": "ok",
    }
    assert said["models"][0]["files"] == states
    assert main(["verify", str(tiny), "--key", str(public_of(key))]) == 1
    text = capsys.readouterr().out
    assert "NOT VERIFIED" in text
    for name, state in states.items():
        assert f"{state:<8} {name}" in text


def test_a_folder_counts_every_file(tmp_path: Path, capsys: Capture) -> None:
    key, folder = make_key(tmp_path), tmp_path / "runs"
    (folder / "logs").mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(b"\2" + bytes(7) + b"{}")
    sign_with(key, folder)
    assert verified(capsys, folder, "--key", public_of(key))[0] == 0
    (folder / "logs" / "new.txt").write_text("x")
    code, said = verified(capsys, folder, "--key", public_of(key))
    assert code == 1
    assert said["models"][0]["files"] == {"model.safetensors": "ok", "logs/new.txt": "extra"}


def test_no_signature_and_a_strange_one_are_reasons_not_ends(
    tiny: Path, tmp_path: Path, capsys: Capture
) -> None:
    key, other = make_key(tmp_path), make_key(tmp_path, "other")
    code, said = verified(capsys, tiny, "--key", public_of(key))
    assert (code, said["models"][0]["reason"].count("is not signed")) == (1, 1)
    sign_with(other, tiny)
    code, said = verified(capsys, tiny, tiny, "--key", public_of(key))
    assert code == 1
    assert "unknown key" in said["models"][0]["reason"]
    tiny.with_suffix(".sig").write_bytes(b"{}")
    code, said = verified(capsys, tiny, "--key", public_of(key))
    assert (code, "is not a signature" in said["models"][0]["reason"]) == (1, True)


def test_the_keys_of_the_machine_are_the_default(
    tiny: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEYS_KEY, str(tmp_path / "trusted"))
    assert main(["verify", str(tiny)]) == 2
    assert "holds no public key" in capsys.readouterr().err
    key = make_key(tmp_path)
    sign_with(key, tiny)
    (tmp_path / "trusted").mkdir()
    public_of(key).rename(tmp_path / "trusted" / "f.pub.pem")
    assert main(["verify", str(tiny)]) == 0


def test_another_place_of_the_signature(tiny: Path, tmp_path: Path, capsys: Capture) -> None:
    key = make_key(tmp_path)
    sign_with(key, tiny)
    (tmp_path / "kept").mkdir()
    moved = tiny.with_suffix(".sig").rename(tmp_path / "kept" / "it.sig")
    words = ["--key", str(public_of(key)), "--signature", str(moved)]
    assert main(["verify", str(tiny), *words]) == 0
    assert main(["verify", str(tiny), str(tiny), *words]) == 2
    assert "--signature is of one model" in capsys.readouterr().err
