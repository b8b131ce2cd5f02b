"""`edgehuman gallery key`: the key of encrypted galleries, and where it is read from.

edgehuman gallery key --out known.key
edgehuman gallery list known.gallery --key known.key

A key is 32 random bytes, written as one line of text in a file of its own, outside the gallery:
whoever has both can read the gallery, whoever has one cannot.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from edgehuman.errors import UsageError
from edgehuman.files import cannot_write, require_usable_file
from edgehuman.install import not_installed
from edgehuman.outcome import Outcome
from edgehuman.placing import making_folders

KEY_VARIABLE = "EDGEHUMAN_GALLERY_KEY"
"""Environment variable of the key: its text, or the path of its file."""
_MARK = "edgehuman-gallery-key-1"
_KEY = re.compile(rf"{_MARK}[ \t]+([0-9a-f]{{64}})\s*")
_LARGEST = 4096
_PRIVATE = 0o600


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryKeyConfig:
    """Make a key for encrypted galleries.

    Attributes:
        out: the file to write, which may not exist; only its owner may read it. Keep it apart from
            the gallery and from its back-ups: without it nobody can read the gallery.
    """

    out: Path


@dataclass(frozen=True, slots=True)
class Key:
    """Attributes:
    secret: 32 bytes.
    where: where it was read, for messages.
    """

    secret: bytes
    where: str

    def __repr__(self) -> str:
        return f"Key({self.where!r})"


def key(config: GalleryKeyConfig) -> Outcome:
    """`edgehuman gallery key`.

    Raises:
        UsageError: the file is there already, or cannot be written.
        MissingDependencyError: `cryptography` is not installed.
    """
    require_cryptography()
    require_usable_file(config.out, f"--out {config.out}")
    text = f"{_MARK} {secrets.token_hex(32)}\n"
    try:
        with making_folders([config.out], _PRIVATE):
            flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY
            with open(os.open(config.out, flags, _PRIVATE), "w", encoding="ascii") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
    except FileExistsError:
        raise UsageError(
            f"--out {config.out} is there already, and what it encrypted needs it; choose another "
            "name"
        ) from None
    except OSError as error:
        raise UsageError(cannot_write(config.out, error)) from None
    data = {"key": str(config.out)}
    return Outcome(
        data,
        f"{config.out} is a key for galleries. Keep it, and keep it apart from them: what it "
        "encrypts cannot be read without it",
    )


def read_key(path: Path | None) -> Key | None:
    """The key of a file, or of the environment; None: there is none.

    Args:
        path: of --key; None: that of EDGEHUMAN_GALLERY_KEY, which holds a path or the key itself.

    Raises:
        UsageError: no such file, or no key.
    """
    if path is not None:
        return _parsed(_content(path, "--key"), f"--key {path}")
    said = os.environ.get(KEY_VARIABLE, "")
    if not said:
        return None
    if said.startswith(_MARK):
        return _parsed(said, KEY_VARIABLE)
    return _parsed(_content(Path(said), KEY_VARIABLE), f"{KEY_VARIABLE} {said}")


def require_cryptography() -> None:
    """Raises MissingDependencyError where nothing can be encrypted."""
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    except ImportError:
        raise not_installed("cryptography", "an encrypted gallery", "vault") from None
    del AESGCM


def derived(key: Key, salt: bytes, use: str) -> bytes:
    """A key of 32 bytes for one use in one gallery: HKDF with SHA-256.

    Source: RFC 5869, section 2; one block is enough.
    """
    extracted = hmac.digest(salt, key.secret, hashlib.sha256)
    return hmac.digest(extracted, use.encode() + b"\x01", hashlib.sha256)


def _content(path: Path, flag: str) -> str:
    try:
        with path.open("rb") as stream:
            return stream.read(_LARGEST).decode("ascii", "replace")
    except OSError as error:
        raise UsageError(
            f"{flag}: cannot read {path} ({error.strerror}); give the key that "
            "`edgehuman gallery key` wrote"
        ) from None


def _parsed(text: str, where: str) -> Key:
    found = _KEY.fullmatch(text)
    if found is None:
        raise UsageError(
            f"{where} is no key of a gallery; give the file that `edgehuman gallery key` wrote"
        )
    return Key(bytes.fromhex(found[1]), where)
