"""What is encrypted opens where it was sealed, and nowhere else."""

from __future__ import annotations

import sys

import pytest

from edgehuman.errors import MissingDependencyError
from edgehuman.runtime.gallery.key import Key
from edgehuman.runtime.gallery.store.vault import Tampered, Vault

KEY, OTHER = Key(b"k" * 32, "here"), Key(b"o" * 32, "there")
ID = "ab" * 16


def vault(id: str = ID, space: str = "a", distance: str = "cosine", key: Key | None = KEY) -> Vault:
    return Vault(id, space, distance, key)


def test_a_record_comes_back_and_is_sealed_differently_each_time() -> None:
    secret, wrapped = vault().new_secret("p-1")
    assert vault().secret("p-1", wrapped) == secret
    cipher = vault().cipher(secret)
    first, second = (cipher.seal("walk", "1", b"a vector") for _ in range(2))
    assert first != second
    assert first[:12] != second[:12]  # the nonces
    assert b"a vector" not in first
    assert cipher.open("walk", "1", first) == b"a vector"


@pytest.mark.parametrize(
    ("kind", "record", "other"),
    [
        ("walk", "2", vault()),
        ("person", "1", vault()),
        ("walk", "1", vault(id="cd" * 16)),
        ("walk", "1", vault(space="b")),
        ("walk", "1", vault(distance="euclidean")),
    ],
    ids=["another record", "another kind", "another gallery", "another model", "another distance"],
)
def test_a_record_that_is_moved_does_not_open(kind: str, record: str, other: Vault) -> None:
    secret = b"s" * 32
    sealed = vault().cipher(secret).seal("walk", "1", b"a vector")
    with pytest.raises(Tampered, match=f"the {kind} {record}"):
        other.cipher(secret).open(kind, record, sealed)


def flipped(content: bytes, at: int) -> bytes:
    changed = bytearray(content)
    changed[at] ^= 1
    return bytes(changed)


def test_a_changed_bit_does_not_open() -> None:
    secret, wrapped = vault().new_secret("p-1")
    sealed = vault().cipher(secret).seal("walk", "1", b"a vector")
    cipher = vault().cipher(secret)
    for at in (0, 11, 12, len(sealed) - 1):
        with pytest.raises(Tampered):
            cipher.open("walk", "1", flipped(sealed, at))
        with pytest.raises(Tampered):
            vault().secret("p-1", flipped(wrapped, at))
    for short in (b"", b"x" * 12, b"x" * 20):
        with pytest.raises(Tampered):
            cipher.open("walk", "1", short)


def test_a_persons_key_opens_with_the_gallerys_alone() -> None:
    _, wrapped = vault().new_secret("p-1")
    for other, person in ((vault(key=OTHER), "p-1"), (vault(), "p-2"), (vault("cd" * 16), "p-1")):
        with pytest.raises(Tampered):
            other.secret(person, wrapped)


def test_every_use_has_a_key_of_its_own() -> None:
    one, two = vault(), vault("cd" * 16)
    assert one.key_id != two.key_id != vault(key=OTHER).key_id
    assert one.mac("a line") != two.mac("a line") != vault(key=None).mac("a line")
    with pytest.raises(Tampered):
        one.secret("p-1", one.own.seal("key", "p-1", b"s" * 32))


def test_without_a_key_all_goes_through() -> None:
    plain = vault(key=None)
    assert (plain.is_encrypted, plain.key_id, plain.rotation) == (False, "", None)
    assert plain.new_secret("p-1") == (b"", b"")
    cipher = plain.cipher(plain.secret("p-1", b""))
    assert cipher.open("walk", "1", cipher.seal("walk", "1", b"x")) == b"x"


def test_what_is_missing_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.ciphers.aead", None)
    with pytest.raises(
        MissingDependencyError, match=r"encrypted gallery .* extra `vault`.*vault\]"
    ):
        vault()
    vault(key=None)


def test_a_key_is_not_shown() -> None:
    assert "k" * 8 not in repr(KEY)
