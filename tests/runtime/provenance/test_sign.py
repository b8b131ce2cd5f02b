"""`edgehuman sign`: whole models, nothing that is damaged, and signatures that OpenSSF's own
command verifies.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from edgehuman.cli import main
from edgehuman.runtime.provenance.verify import VerifyConfig, verify
from tests import leaving
from tests.runtime.conftest import MakeModel
from tests.runtime.played_gpu import write_played
from tests.runtime.provenance.signed import make_key, public_of, sign_with

# The command of the package model-signing: here, or where the variable says.
THEIRS = os.environ.get("EDGEHUMAN_MODEL_SIGNING") or shutil.which("model_signing")
needs_theirs = pytest.mark.skipif(
    THEIRS is None, reason="pip install model-signing, or set EDGEHUMAN_MODEL_SIGNING"
)


def test_one_signature_covers_the_graph_the_engine_and_its_side_file(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_played(tiny)
    key = make_key(tmp_path)
    assert main(["sign", str(tiny), "--key", str(key), "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["signed"]
    assert [*row["files"]] == ["tiny.engine", "tiny.engine.json", "tiny.onnx"]
    assert row["signature"] == str(tiny.with_suffix(".sig"))


def test_a_damaged_file_is_not_signed(
    make_model: MakeModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key, good, bad = make_key(tmp_path), make_model(), make_model(name="bad.onnx")
    content = bytearray(bad.read_bytes())
    content[-90] ^= 1
    bad.write_bytes(content)
    assert main(["sign", str(good), str(bad), "--key", str(key)]) == 1
    assert "bad.onnx" in capsys.readouterr().err
    assert list(tmp_path.glob("*.sig")) == []
    bad.unlink()
    write_played(good).write_bytes(b"another plan")
    assert main(["sign", str(good), "--key", str(key)]) == 1


def test_wrong_words_are_told(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = make_key(tmp_path)
    empty = tmp_path / "empty"
    empty.mkdir()
    for words, said in (
        ([str(tiny)], "--key"),
        ([str(tiny), "--key", str(tmp_path / "absent.pem")], "No such file"),
        ([str(tmp_path / "absent.onnx"), "--key", str(key)], "no such file"),
        ([str(empty), "--key", str(key)], "has no files to sign"),
        (["--key", str(key)], ""),
    ):
        assert main(["sign", *words]) == 2, words
        assert said in capsys.readouterr().err


def theirs(*words: str | Path) -> subprocess.CompletedProcess[str]:
    assert THEIRS is not None
    return leaving.run([THEIRS, *words], capture_output=True, text=True, check=False, timeout=50)


@needs_theirs
@pytest.mark.long
def test_their_command_verifies_our_ecdsa_and_we_verify_theirs(
    make_model: MakeModel, tmp_path: Path
) -> None:
    keys = tmp_path / "keys"
    keys.mkdir()
    key = make_key(keys, algorithm="ecdsa-p256")
    models = tmp_path / "models"
    models.mkdir()
    tiny = Path(shutil.copy(make_model(), models))
    folder = models / "folder"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "a.txt").write_text("a")
    shutil.copy(tiny, folder / "b.onnx")
    sign_with(key, tiny, folder)
    said = ["--public_key", str(public_of(key))]
    ours: list[tuple[Path, Path, list[str]]] = [
        (folder, folder / "model.sig", []),
        (models, models / "tiny.sig", ["--ignore_unsigned_files"]),
    ]
    for place, signature, more in ours:
        done = theirs("verify", "key", place, "--signature", signature, *said, *more)
        assert done.returncode == 0, done.stderr
    (folder / "deep" / "a.txt").write_text("A")
    done = theirs("verify", "key", folder, "--signature", folder / "model.sig", *said)
    assert done.returncode != 0
    assert "mismatch" in done.stdout + done.stderr

    for place, signature in ((folder, folder / "model.sig"), (tiny, models / "tiny.sig")):
        signature.unlink()
        words = ("sign", "key", place, "--private_key", key, "--signature", signature)
        done = theirs(*words)
        assert done.returncode == 0, done.stderr
        found = verify(VerifyConfig(models=(str(place),), key=public_of(key)))
        assert found.exit_code == 0, found.text


@needs_theirs
@pytest.mark.long
def test_their_command_takes_no_ed25519(tiny: Path, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.mkdir()
    key = make_key(keys)
    sign_with(key, tiny)
    words = ("--signature", tiny.with_suffix(".sig"), "--public_key", public_of(key))
    done = theirs("verify", "key", tmp_path, *words, "--ignore_unsigned_files")
    # Once it does, docs/howto/signing.md may say so.
    assert done.returncode != 0
    assert "no attribute 'curve'" in done.stdout + done.stderr
