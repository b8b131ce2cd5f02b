"""Keys: each kind signs and verifies, and what is no key, or the wrong half, is told."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa, x25519

from edgehuman.errors import MissingDependencyError, SignatureError, UsageError
from edgehuman.runtime.provenance.bundle import Bundle
from edgehuman.runtime.provenance.keys import (
    PASSPHRASE_KEY,
    Algorithm,
    ask_passphrase,
    new_key,
    read_private,
    read_public,
    verified_by,
)
from tests.runtime.provenance.signed import make_key, public_of

PEM = serialization.Encoding.PEM


@pytest.mark.parametrize("algorithm", ["ed25519", "ecdsa-p256"])
def test_what_a_key_signs_its_public_half_verifies(algorithm: Algorithm, tmp_path: Path) -> None:
    key = make_key(tmp_path, algorithm=algorithm)
    (public,) = read_public(public_of(key))
    bundle = read_private(key).sign(b"a payload")
    assert public.algorithm == algorithm
    assert verified_by(bundle, [public], "it") is public
    for changed in (
        Bundle(b"A payload", bundle.signature, bundle.hint),
        Bundle(bundle.payload, bundle.signature[:-1], bundle.hint),
        Bundle(bundle.payload, b"", bundle.hint),
    ):
        with pytest.raises(SignatureError, match="did not sign it"):
            verified_by(changed, [public], "it")


@pytest.mark.parametrize(
    ("curve", "name"), [(ec.SECP384R1(), "ecdsa-p384"), (ec.SECP521R1(), "ecdsa-p521")]
)
def test_the_larger_curves_are_taken_too(
    curve: ec.EllipticCurve, name: str, tmp_path: Path
) -> None:
    path = tmp_path / "k.pem"
    key = ec.generate_private_key(curve)
    form = serialization.PrivateFormat.TraditionalOpenSSL
    path.write_bytes(key.private_bytes(PEM, form, serialization.NoEncryption()))
    found = read_private(path)
    assert found.public.algorithm == name
    assert found.public.verifies(found.sign(b"x"))


def test_the_key_of_somebody_else_is_unknown(tmp_path: Path) -> None:
    one, other = make_key(tmp_path, "one"), make_key(tmp_path, "other")
    bundle = read_private(one).sign(b"x")
    with pytest.raises(SignatureError, match="signed by an unknown key"):
        verified_by(bundle, read_public(public_of(other)), "it")
    # Without a name, every trusted key is tried.
    nameless = Bundle(bundle.payload, bundle.signature, "")
    both = [*read_public(public_of(other)), *read_public(public_of(one))]
    assert verified_by(nameless, both, "it") is both[1]
    with pytest.raises(SignatureError, match="it names none"):
        verified_by(nameless, both[:1], "it")


def test_a_passphrase_comes_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "k.pem"
    path.write_bytes(new_key("ed25519", b"open sesame")[0])
    monkeypatch.setattr("sys.stdin", io.StringIO())
    with pytest.raises(UsageError, match=f"has a passphrase; set {PASSPHRASE_KEY}"):
        read_private(path)
    monkeypatch.setenv(PASSPHRASE_KEY, "wrong")
    with pytest.raises(UsageError, match=r"passphrase of .* is wrong"):
        read_private(path)
    monkeypatch.setenv(PASSPHRASE_KEY, "open sesame")
    assert read_private(path).public.algorithm == "ed25519"


def test_the_wrong_half_and_what_is_no_key_are_told(tmp_path: Path) -> None:
    key = make_key(tmp_path)
    with pytest.raises(UsageError, match="is a public key; --key takes the private"):
        read_private(public_of(key))
    with pytest.raises(UsageError, match="is a private key, which belongs where models are"):
        read_public(key)
    for content in (b"", b"\xff" * 100, b"-----BEGIN PRIVATE KEY-----\nAAAA\n"):
        (tmp_path / "bad.pem").write_bytes(content)
        for read in (read_private, read_public):
            with pytest.raises(UsageError, match=r"bad\.pem"):
                read(tmp_path / "bad.pem")
    (tmp_path / "bad.pem").write_bytes(b"PRIVATE KEY" * 10_000)
    with pytest.raises(UsageError, match="over 64 kB"):
        read_private(tmp_path / "bad.pem")
    with pytest.raises(UsageError, match="no such file or folder"):
        read_public(tmp_path / "absent")


def test_other_kinds_of_keys_are_named(tmp_path: Path) -> None:
    path = tmp_path / "k.pub.pem"
    others: list[Any] = [
        rsa.generate_private_key(65537, 1024),
        ec.generate_private_key(ec.SECP256K1()),
        x25519.X25519PrivateKey.generate(),
    ]
    for key in others:
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        path.write_bytes(key.public_key().public_bytes(PEM, form))
        with pytest.raises(UsageError, match="a key of another kind"):
            read_public(path)


def test_a_folder_of_keys_that_anyone_may_write_to_is_not_trusted(tmp_path: Path) -> None:
    trusted = tmp_path / "trusted"
    trusted.mkdir()
    key = make_key(trusted)
    key.unlink()
    (trusted / "README").write_text("not a key")
    assert [each.path.name for each in read_public(trusted)] == ["factory.pub.pem"]
    for place in (trusted, trusted / "factory.pub.pem"):
        before = place.stat().st_mode
        place.chmod(0o777)
        with pytest.raises(UsageError, match=r"anyone may write to .*chmod o-w"):
            read_public(trusted)
        place.chmod(before)


def test_without_the_package_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = make_key(tmp_path)
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives", None)
    with pytest.raises(MissingDependencyError, match="the extra `sign` brings it"):
        read_public(public_of(key))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def typed(monkeypatch: pytest.MonkeyPatch, *answers: str | Exception) -> None:
    """Have these typed at a terminal, one after the other."""
    left = list(answers)

    def answer(prompt: str, stream: object) -> str:
        said = left.pop(0)
        if isinstance(said, Exception):
            raise said
        return said

    monkeypatch.delenv(PASSPHRASE_KEY, raising=False)
    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("getpass.getpass", answer)


def test_a_new_passphrase_is_typed_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    typed(monkeypatch, "open", "open")
    assert ask_passphrase("?", twice=True) == b"open"
    typed(monkeypatch, "open", "opne")
    with pytest.raises(UsageError, match="the two passphrases differ"):
        ask_passphrase("?", twice=True)
    typed(monkeypatch, "open")
    assert ask_passphrase("?") == b"open"
    typed(monkeypatch, "")
    assert ask_passphrase("?", twice=True) is None


def test_a_passphrase_that_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for said in (
        EOFError(),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"),
        "x" * 1024,
        "\ud800",
    ):
        typed(monkeypatch, said, said)
        with pytest.raises(UsageError, match="passphrase"):
            ask_passphrase("?", twice=True)
    monkeypatch.setattr("sys.stdin", None)  # closed
    assert ask_passphrase("?") is None
    monkeypatch.setenv(PASSPHRASE_KEY, "x" * 1024)
    with pytest.raises(UsageError, match="has 1024 bytes; a key takes up to 1023"):
        ask_passphrase("?")


@pytest.mark.parametrize("said", [b"\xff\xfe", b"x" * 1023])
def test_any_bytes_that_openssl_takes_are_a_passphrase(
    said: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSPHRASE_KEY, os.fsdecode(said))
    path = tmp_path / "k.pem"
    path.write_bytes(new_key("ed25519", ask_passphrase("?"))[0])
    assert b"ENCRYPTED" in path.read_bytes()
    assert read_private(path).public.algorithm == "ed25519"
