"""`--require-signed`: only what a trusted key signed is loaded, byte by byte, on every path."""

from __future__ import annotations

import dataclasses
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import edgehuman
from edgehuman.card import sha256_of_file
from edgehuman.cli import main
from edgehuman.errors import ArtefactError, SignatureError, UsageError
from edgehuman.runtime.engine.onnx_file import with_card
from edgehuman.runtime.engine.open import EngineRequest, open_engine
from edgehuman.runtime.engine.parts import open_parts
from edgehuman.runtime.engine.plan_file import read_engine, side_path
from edgehuman.runtime.engine.rebuild import plan_build
from edgehuman.runtime.provenance.trusted import (
    KEYS_KEY,
    REQUIRE_KEY,
    Exactly,
    Trust,
    requiring,
    trust_of_environment,
    trusted_keys,
)
from edgehuman.runtime.zoo import cached
from tests.runtime.conftest import MakeModel, tiny_card
from tests.runtime.played_gpu import edit_side, write_played
from tests.runtime.provenance.signed import make_key, public_of, sign_with

Capture = pytest.CaptureFixture[str]
ZEROS = np.zeros((1, 128, 6), np.float32)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    folder = tmp_path / "keys"
    folder.mkdir()
    return make_key(folder)


@pytest.fixture
def signed(tiny: Path, key: Path) -> Path:
    """The tiny model, signed."""
    sign_with(key, tiny)
    return tiny


def load_signed(path: Path, key: Path) -> Any:
    return edgehuman.load(path, trusted_keys=public_of(key))


def test_a_signed_model_runs(signed: Path, key: Path) -> None:
    assert load_signed(signed, key).logits(ZEROS).shape == (1, 3)
    key.unlink()  # a folder of public keys
    assert edgehuman.load(signed, trusted_keys=str(key.parent)).card.name == "tiny"


def garbage(path: Path) -> None:
    path.with_suffix(".sig").write_bytes(b"\xff" * 1000)


def truncated(path: Path) -> None:
    sig = path.with_suffix(".sig")
    sig.write_bytes(sig.read_bytes()[:-40])


def huge(path: Path) -> None:
    os.truncate(path.with_suffix(".sig"), 1 << 40)


def removed(path: Path) -> None:
    path.with_suffix(".sig").unlink()


def changed(path: Path) -> None:
    path.write_bytes(
        with_card(path.read_bytes(), tiny_card(recipe="another"))
    )  # sealed again, by anybody


@pytest.mark.parametrize(
    ("attack", "said"),
    [
        (removed, r"is not signed \(no tiny\.sig beside it\)"),
        (garbage, "is not a signature of OpenSSF"),
        (truncated, "is not a signature of OpenSSF"),
        (huge, "over 4 MB"),
        (changed, "changed after it was signed"),
    ],
)
def test_each_fault_has_its_own_words(
    attack: Callable[[Path], None], said: str, signed: Path, key: Path, capsys: Capture
) -> None:
    attack(signed)
    with pytest.raises(SignatureError, match=said):
        load_signed(signed, key)
    words = ["--source", "simulated", "--seconds", "3", "--trusted-key", str(public_of(key))]
    assert main(["run", str(signed), *words]) == 1
    assert "Traceback" not in capsys.readouterr().err
    edgehuman.load(signed)  # without the flag it runs as before


def test_the_signature_of_another_model_does_not_count(
    signed: Path, key: Path, make_model: MakeModel
) -> None:
    other = make_model(gain=9.0, name="other.onnx")
    shutil.copy(signed.with_suffix(".sig"), other.with_suffix(".sig"))
    with pytest.raises(SignatureError, match=r"is the signature of other files \(tiny\.onnx\)"):
        load_signed(other, key)
    # Renamed with its own signature, it is another name than the one that was signed.
    shutil.copy(signed, other)
    with pytest.raises(SignatureError, match="is the signature of other files"):
        load_signed(other, key)


def test_an_unknown_key_no_key_and_a_wrong_place_of_keys(
    signed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = make_key(tmp_path, "stranger")
    with pytest.raises(SignatureError, match="signed by an unknown key"):
        load_signed(signed, stranger)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    assert trusted_keys() == tmp_path / "config" / "edgehuman" / "trusted"
    with pytest.raises(UsageError, match="holds no public key; copy those that you trust there"):
        edgehuman.load(signed, require_signed=True)


def test_damage_to_a_signature_never_passes(signed: Path, key: Path) -> None:
    sig, rng = signed.with_suffix(".sig"), random.Random(5)
    good, trust = sig.read_bytes(), Trust(public_of(key))
    wrong = "0" * 64
    for place in rng.sample(range(len(good)), 250):
        bad = bytearray(good)
        bad[place] ^= 1 << rng.randrange(8)
        sig.write_bytes(bad)
        with pytest.raises(SignatureError):  # whatever is damaged, other bytes are never right
            trust.require(signed, wrong)


def test_the_environment_requires_for_the_whole_device(
    signed: Path, key: Path, make_model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    unsigned = make_model(name="unsigned.onnx")
    monkeypatch.setenv(REQUIRE_KEY, "1")
    monkeypatch.setenv(KEYS_KEY, str(public_of(key)))
    edgehuman.load(signed)
    list(edgehuman.stream(str(signed), "simulated", seconds=3.0))
    for open_it in (
        lambda: edgehuman.load(unsigned),
        lambda: edgehuman.stream(str(unsigned), "simulated"),
        lambda: edgehuman.load("imuvit_512x5"),
    ):
        with pytest.raises(SignatureError, match=r"is not signed|which nobody signed"):
            open_it()
    words = ["--source", "simulated", "--seconds", "3"]
    assert main(["run", str(unsigned), *words]) == 1
    assert main(["run", str(signed), *words]) == 0
    monkeypatch.setenv(REQUIRE_KEY, "yes please")
    with pytest.raises(UsageError, match="set it to 1"):
        edgehuman.load(signed)
    monkeypatch.setenv(REQUIRE_KEY, "0")
    edgehuman.load(unsigned)


@pytest.mark.parametrize(
    "words",
    [
        ["run", "--source", "simulated", "--seconds", "3"],
        ["evaluate"],
        ["bench"],
        ["adapt", "--data", "walk.csv", "--out", "a.onnx"],
        ["export", "--format", "tensorrt", "--on-device", "--out", "bundle"],
    ],
    ids=lambda words: words[0],
)
def test_every_command_that_loads_a_model_has_the_flag(
    words: list[str],
    tiny: Path,
    key: Path,
    tmp_path: Path,
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "walk.csv").write_text("t,ax,ay,az,gx,gy,gz,label\n0,0,0,1,0,0,0,walking\n")
    command, *rest = words
    flags = ["--require-signed", "--trusted-key", str(public_of(key))]
    assert main([command, str(tiny), *rest, *flags]) == 1
    assert "is not signed" in capsys.readouterr().err
    assert main([command, "--help"]) == 0
    assert trust_of_environment() is None  # the flag is for one command


def test_commands_that_load_none_do_not_have_it(capsys: Capture) -> None:
    assert main(["doctor", "--require-signed"]) == 2
    assert "--require-signed" in capsys.readouterr().err
    assert main(["run", "zoo:activity", "--trusted-key"]) == 2


def test_what_runs_is_what_was_verified(
    signed: Path, key: Path, make_model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    evil = make_model(gain=-4.0, name="evil.onnx").read_bytes()
    verify = Trust.require

    def swapped_after(self: Trust, path: Path, sha256: str) -> None:
        verify(self, path, sha256)
        path.write_bytes(evil)  # right after the check

    monkeypatch.setattr(Trust, "require", swapped_after)
    model = load_signed(signed, key)
    up = ZEROS.copy()
    up[..., 0] = 1.0
    assert model.logits(up)[0].tolist() == [4.0, 0.0, 0.0]


def test_the_parts_of_a_model_are_signed_too(
    make_model: MakeModel, key: Path, tmp_path: Path
) -> None:
    whole, frame, head = (make_model(name=f"w{part}.onnx") for part in ("", ".frame", ".head"))
    sign_with(key, whole)
    request = EngineRequest(trust=Trust(public_of(key)))
    assert open_parts(whole, tiny_card(), request) is not None
    shutil.copy(make_model(gain=9.0, name="x.onnx"), head)
    with pytest.raises(SignatureError, match="changed after"):
        open_parts(whole, tiny_card(), request)
    assert open_parts(whole, tiny_card(), EngineRequest()) is not None
    assert frame.is_file()


def test_engines_and_their_side_files_are_signed_too(tiny: Path, key: Path) -> None:
    engine = write_played(tiny)
    trust = Trust(public_of(key))
    with pytest.raises(SignatureError, match="is not signed"):
        read_engine(engine, trust)
    sign_with(key, tiny)
    assert read_engine(engine, trust).card.name == "tiny"
    edit_side(engine, gpu="another")  # sealed again, but not signed
    with pytest.raises(SignatureError, match=r"tiny\.engine\.json has sha256"):
        read_engine(engine, trust)
    write_played(tiny)
    engine.write_bytes(b"another plan")
    with pytest.raises(SignatureError, match=r"tiny\.engine has sha256"):
        read_engine(engine, trust)


def test_a_rebuild_takes_its_options_from_a_signed_side_file_alone(tiny: Path, key: Path) -> None:
    engine = write_played(tiny)
    with pytest.raises(SignatureError):
        plan_build(engine, EngineRequest(rebuild=True, trust=Trust(public_of(key))))


def test_what_the_builder_did_not_write_is_not_loaded(tiny: Path) -> None:
    engine = write_played(tiny)
    files = {path.name: sha256_of_file(path) for path in (engine, side_path(engine))}
    assert read_engine(engine, Exactly(files)).card.name == "tiny"
    edit_side(engine, gpu="another")
    with pytest.raises(SignatureError, match="is not what the builder wrote"):
        read_engine(engine, Exactly(files))


def test_a_folder_s_signature_covers_the_models_in_it(signed: Path, key: Path) -> None:
    signed.with_suffix(".sig").unlink()
    folder = signed.parent / "models"
    folder.mkdir()
    moved = Path(shutil.move(signed, folder))
    sign_with(key, folder)
    assert load_signed(moved, key).card.name == "tiny"


def test_requiring_leaves_the_environment_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(REQUIRE_KEY, raising=False)
    monkeypatch.setenv(KEYS_KEY, "before")
    with requiring(Path("/keys")):
        assert trust_of_environment() == Trust(Path("/keys"))
    assert trust_of_environment() is None
    assert os.environ[KEYS_KEY] == "before"


def test_a_request_keeps_its_trust(signed: Path, key: Path) -> None:
    request = EngineRequest(trust=Trust(public_of(key)))
    assert dataclasses.replace(request, rebuild=False).trust == request.trust
    removed(signed)
    with pytest.raises(ArtefactError, match="is not signed"):
        open_engine(signed, request)


def test_a_user_without_a_home_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", KEYS_KEY):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(UsageError, match=f"has no home.*set {KEYS_KEY}"):
        trusted_keys()
    assert main(["models"]) == main(["info", "zoo:activity"]) == 0  # they are there without
    with pytest.raises(UsageError, match="set XDG_CACHE_HOME"):
        cached("person-garments")
    monkeypatch.setenv("XDG_CACHE_HOME", "/cache")
    assert cached("person-garments").parent == Path("/cache/edgehuman/zoo")
