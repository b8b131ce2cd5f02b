"""What is encrypted in a gallery, and how: AES-256-GCM, a key per person, the key outside the file.

    vault = Vault(About(...), key)
    secret, wrapped = vault.new_secret(person)          stored: wrapped by the gallery's key
    sealed = vault.cipher(secret).seal("walk", record, content)

A person's walks are encrypted under a key of their own, which is stored only wrapped by a key that
the gallery's key gives. Where the wrapped key is gone, so are the walks, whatever remains of them
on the disk. Every use has a key of its own (HKDF, by the gallery's random id). A nonce is 96 random
bits: NIST SP 800-38D allows 2^32 of them under one key, and a person's key meets a few. Associated
data are the gallery's id, the model's hash, the distance, the kind and the id of the record, so
that no record can be moved to another person, gallery or model.

Without a key nothing is encrypted, and all goes through as it is.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Any, Final

from edgehuman.runtime.gallery.key import Key, derived, require_cryptography
from edgehuman.runtime.gallery.rotation import Rotation

_NONCE_BYTES, _SECRET_BYTES = 12, 32
_CONTEXT: Final = b"edgehuman gallery 2"


class Tampered(ValueError):
    """A record is not what was encrypted under this key."""


@dataclass(frozen=True, slots=True)
class Cipher:
    """Seals and opens records under one key.

    Attributes:
        context: what all records of the gallery have in common.
        aead: AESGCM; None: nothing is encrypted.
    """

    context: bytes
    aead: Any

    def seal(self, kind: str, record: str, content: bytes) -> bytes:
        """The nonce, the encrypted content and its tag."""
        if self.aead is None:
            return content
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed: bytes = self.aead.encrypt(nonce, content, self._about(kind, record))
        return nonce + sealed

    def open(self, kind: str, record: str, sealed: bytes) -> bytes:
        """The content.

        Raises:
            Tampered: changed, of another record, or of another key.
        """
        if self.aead is None:
            return sealed
        from cryptography.exceptions import InvalidTag

        nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            content: bytes = self.aead.decrypt(nonce, rest, self._about(kind, record))
        except (InvalidTag, ValueError):  # too short for a nonce or a tag
            raise Tampered(f"the {kind} {record}") from None
        return content

    def _about(self, kind: str, record: str) -> bytes:
        return b"\0".join([self.context, kind.encode(), record.encode()])


class Vault:
    """The keys of one gallery.

    Args:
        gallery: the id of the gallery, random.
        space: the hash of the model's weights.
        distance: how the vectors are compared.
        key: None: nothing is encrypted.

    Attributes:
        own: seals what is of no person.
        rotation: of the gallery's vectors; None without a key.
        key_id: tells keys apart, and nothing about them; empty without one.

    Raises:
        MissingDependencyError: `cryptography` is not installed.
    """

    def __init__(self, gallery: str, space: str, distance: str, key: Key | None) -> None:
        self._context = b"\0".join([_CONTEXT, gallery.encode(), space.encode(), distance.encode()])
        self.is_encrypted = key is not None
        self.rotation: Rotation | None = None
        self.key_id, self._audit = "", b""
        self._wrapping = self.own = Cipher(self._context, None)
        if key is not None:
            require_cryptography()
            salt = bytes.fromhex(gallery)
            self.key_id = derived(key, salt, "id").hex()[:16]
            self._wrapping = self.cipher(derived(key, salt, "wrap"))
            self.own = self.cipher(derived(key, salt, "own"))
            self._audit = derived(key, salt, "audit")
            self.rotation = Rotation(derived(key, salt, "rotation"))

    def cipher(self, secret: bytes) -> Cipher:
        """That of a key; of an empty one, which encrypts nothing."""
        if not secret:
            return Cipher(self._context, None)
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return Cipher(self._context, AESGCM(secret))

    def new_secret(self, person: str) -> tuple[bytes, bytes]:
        """A key for a person, and the same wrapped by the gallery's; both empty without one."""
        if not self.is_encrypted:
            return b"", b""
        secret = secrets.token_bytes(_SECRET_BYTES)
        return secret, self._wrapping.seal("key", person, secret)

    def secret(self, person: str, wrapped: bytes) -> bytes:
        """A person's key.

        Raises:
            Tampered: it is not what was wrapped.
        """
        return self._wrapping.open("key", person, wrapped) if self.is_encrypted else b""

    def mac(self, text: str) -> str:
        """The hash that chains the audit log: HMAC-SHA256, or without a key SHA-256."""
        if not self.is_encrypted:
            return hashlib.sha256(text.encode()).hexdigest()
        return hmac.new(self._audit, text.encode(), hashlib.sha256).hexdigest()
