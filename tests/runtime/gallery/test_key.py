"""The key of encrypted galleries: made once, read from a file or the environment."""

from __future__ import annotations

import hashlib
import hmac
import os
from pathlib import Path

import pytest

from edgehuman.errors import UsageError
from edgehuman.runtime.gallery.key import KEY_VARIABLE, Key, derived, read_key
from tests.runtime.gait_words import run
from tests.runtime.gallery.made import write_key

Capture = pytest.CaptureFixture[str]


def test_a_key_is_new_its_owners_alone_and_never_replaced(capsys: Capture, tmp_path: Path) -> None:
    path = tmp_path / "new" / "k.key"
    code, out, _ = run(capsys, "gallery", "key", "--out", path)
    assert (code, "Keep it" in out) == (0, True)
    assert "edgehuman-gallery-key-1" not in out
    content = path.read_text()
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o077 == 0
    code, _, err = run(capsys, "gallery", "key", "--out", path)
    assert (code, "is there already" in err) == (2, True)
    assert path.read_text() == content
    assert write_key(tmp_path / "other.key").read_text() != content


def test_it_is_read_from_a_file_or_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_key(tmp_path / "k.key")
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    assert read_key(None) is None
    found = read_key(path)
    assert found is not None
    assert len(found.secret) == 32
    for value in (str(path), path.read_text(), path.read_text().strip()):
        monkeypatch.setenv(KEY_VARIABLE, value)
        again = read_key(None)
        assert again is not None
        assert again.secret == found.secret
        assert found.secret.hex() not in again.where
    other = write_key(tmp_path / "other.key")
    chosen = read_key(other)
    assert chosen is not None
    assert chosen.secret != found.secret  # the flag goes before the environment


@pytest.mark.parametrize(
    "content", [b"", b"edgehuman-gallery-key-1 12", b"\xff" * 100, b"x" * 10_000, b"-----BEGIN"]
)
def test_what_is_no_key_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "k.key"
    path.write_bytes(content)
    with pytest.raises(UsageError, match="is no key of a gallery"):
        read_key(path)


def test_a_file_that_cannot_be_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in (tmp_path / "none.key", tmp_path):
        with pytest.raises(UsageError, match=r"--key: cannot read .*; give the key that"):
            read_key(path)
    monkeypatch.setenv(KEY_VARIABLE, str(tmp_path / "none.key"))
    with pytest.raises(UsageError, match=f"{KEY_VARIABLE}: cannot read"):
        read_key(None)


def test_keys_are_derived_as_the_standard_says() -> None:
    """RFC 5869, appendix A.1, of which 32 bytes are the first block."""
    made = Key(b"\x0b" * 22, "here")
    salt, info = bytes(range(13)), bytes(range(0xF0, 0xFA))
    extracted = hmac.digest(salt, made.secret, hashlib.sha256)
    assert extracted.hex().startswith("077709362c2e32df0ddc3f0dc47bba63")
    expanded = hmac.digest(extracted, info + b"\x01", hashlib.sha256)
    assert expanded.hex().startswith("3cb25f25faacd57a90434f64d0362f2a")
    assert derived(made, salt, "use") == hmac.digest(extracted, b"use\x01", hashlib.sha256)
