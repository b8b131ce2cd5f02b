"""`edgehuman keys new`: a private key that only its owner reads, and nothing replaced."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest

from edgehuman.cli import main
from edgehuman.errors import UsageError
from edgehuman.runtime.provenance import commands
from edgehuman.runtime.provenance.keys import PASSPHRASE_KEY, new_key, read_private, read_public
from tests.runtime.provenance.signed import make_key, public_of


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_the_private_half_is_for_its_owner_alone(umask: int, tmp_path: Path) -> None:
    before = os.umask(umask)
    try:
        key = make_key(tmp_path)
    finally:
        os.umask(before)
    assert key.stat().st_mode & 0o777 == 0o600
    assert public_of(key).stat().st_mode & 0o022 == 0
    assert sorted(os.listdir(tmp_path)) == ["factory.pem", "factory.pub.pem"]


def test_a_key_is_never_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = make_key(tmp_path)
    before = key.read_bytes()
    for name in ("factory", "factory.pem", "factory.pub.pem"):
        assert main(["keys", "new", str(tmp_path / name)]) == 2
        assert "is there already, and what it signed needs it" in capsys.readouterr().err
    assert key.read_bytes() == before
    public_of(key).unlink()
    os.symlink("/nowhere", public_of(key))
    key.unlink()
    assert main(["keys", "new", str(key)]) == 2
    assert not key.exists()


def test_a_passphrase_encrypts_and_is_no_word_of_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSPHRASE_KEY, "open sesame")
    assert main(["keys", "new", str(tmp_path / "k"), "--passphrase", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["algorithm"] == "ed25519"
    assert b"ENCRYPTED" in (tmp_path / "k.pem").read_bytes()
    assert main(["keys", "new", str(tmp_path / "l"), "--passphrase", "secret"]) == 2
    monkeypatch.delenv(PASSPHRASE_KEY)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert main(["keys", "new", str(tmp_path / "m"), "--passphrase"]) == 2
    assert "--passphrase needs a passphrase" in capsys.readouterr().err
    assert not (tmp_path / "m.pem").exists()


def test_a_folder_that_is_not_there_is_made_or_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["keys", "new", str(tmp_path / "new" / "k")]) == 0
    assert main(["keys", "new", "/proc/k"]) == 2
    assert "/proc" in capsys.readouterr().err
    assert main(["keys"]) == 2
    assert "needs a second word" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["", ".", "/", "..", "a/..", ".pem", "a/.pub.pem"])
def test_what_names_no_key(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["keys", "new", name]) == 2
    assert "is no name of a key" in capsys.readouterr().err
    assert not os.listdir(tmp_path)


def test_of_two_programs_that_make_one_key_one_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The other looked before the first wrote: here, the first comes while the second has looked
    and makes its key.
    """
    real, first = new_key, tmp_path / "k"

    def overtaken(*args: Any) -> tuple[bytes, bytes]:
        monkeypatch.setattr(commands, "new_key", real)
        make_key(tmp_path, "k")
        return real(*args)

    monkeypatch.setattr(commands, "new_key", overtaken)
    assert main(["keys", "new", str(first)]) == 2
    assert "is there already" in capsys.readouterr().err
    private, (public,) = read_private(tmp_path / "k.pem"), read_public(tmp_path / "k.pub.pem")
    assert private.public.hint == public.hint
    assert sorted(os.listdir(tmp_path)) == ["k.pem", "k.pub.pem"]


def test_a_key_that_cannot_be_written_leaves_no_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object, **named: object) -> None:
        raise UsageError("full")

    monkeypatch.setattr(commands, "write_together", full)
    assert main(["keys", "new", str(tmp_path / "new" / "k")]) == 2
    assert not os.listdir(tmp_path)
