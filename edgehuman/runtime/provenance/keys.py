"""Keys that sign and verify: Ed25519, and ECDSA on P-256, P-384 and P-521, as PEM files.

    private, public = new_key("ed25519", passphrase)    bytes of two PEM files
    key = read_private(Path("factory.pem"))             asks for the passphrase if it has one
    keys = read_public(Path("factory.pub.pem"))         a file, or a folder of them

`cryptography` does the arithmetic. It is imported where it is needed: a device that verifies
nothing does without. A passphrase comes from the environment or a prompt, never from the words.
"""

from __future__ import annotations

import contextlib
import getpass
import hashlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from edgehuman.errors import SignatureError, UsageError
from edgehuman.install import not_installed
from edgehuman.runtime.provenance.bundle import Bundle, signed_bytes
from edgehuman.runtime.provenance.guarded import require_guarded

Algorithm = Literal["ed25519", "ecdsa-p256"]
PASSPHRASE_KEY = "EDGEHUMAN_KEY_PASSPHRASE"
"""Environment variable of the passphrase of a private key; else it is asked for."""
SUFFIXES = (".pem", ".pub")
_LARGEST = 1 << 16
_MOST_KEYS = 1000
_LONGEST_PASSPHRASE = 1023  # of OpenSSL
_CURVES = {"secp256r1": "SHA256", "secp384r1": "SHA384", "secp521r1": "SHA512"}


@dataclass(frozen=True, slots=True)
class PublicKey:
    """Attributes:
    path: where it was read.
    key: of `cryptography`.
    hint: SHA-256 of its PEM, by which a signature names it.
    algorithm: "ed25519", or "ecdsa-" and the curve.
    """

    path: Path
    key: Any
    hint: str
    algorithm: str

    def verifies(self, bundle: Bundle) -> bool:
        """Whether it signed the bundle."""
        from cryptography.exceptions import InvalidSignature

        with contextlib.suppress(InvalidSignature, ValueError):
            words = (bundle.signature, signed_bytes(bundle.payload))
            self.key.verify(*words, *_ecdsa(self.key))
            return True
        return False


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """Attributes:
    key: of `cryptography`.
    public: its public half.
    """

    key: Any
    public: PublicKey

    def sign(self, payload: bytes) -> Bundle:
        """A bundle of this payload."""
        signature = self.key.sign(signed_bytes(payload), *_ecdsa(self.public.key))
        return Bundle(payload, signature, self.public.hint)


def new_key(algorithm: Algorithm, passphrase: bytes | None) -> tuple[bytes, bytes]:
    """Make a key: the PEM of the private and of the public half.

    Args:
        passphrase: encrypts the private half; None: plain.

    Raises:
        MissingDependencyError: `cryptography` is not installed.
    """
    serialization = _serialization()
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    key: Any = (
        ed25519.Ed25519PrivateKey.generate()
        if algorithm == "ed25519"
        else ec.generate_private_key(ec.SECP256R1())
    )
    encryption = (
        serialization.NoEncryption()
        if passphrase is None
        else serialization.BestAvailableEncryption(passphrase)
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
    )
    return private, _pem(key.public_key())


def read_private(path: Path) -> PrivateKey:
    """Read a private key; one with a passphrase takes it from the environment, or asks.

    Raises:
        UsageError: no such file, not a private key, a wrong or missing passphrase, or another kind.
        MissingDependencyError: `cryptography` is not installed.
    """
    serialization = _serialization()
    content = _read(path)
    if b"PRIVATE KEY" not in content:
        found = "a public key" if b"PUBLIC KEY" in content else "no key in PEM"
        raise UsageError(f"{path} is {found}; --key takes the private key that signs")
    try:
        key = serialization.load_pem_private_key(content, None)
    except TypeError:  # it is encrypted
        key = _opened(path, content)
    except _refusals() as error:
        raise UsageError(f"{path} is not a private key that can be read: {_said(error)}") from None
    return PrivateKey(key, _public(path, key.public_key()))


def _opened(path: Path, content: bytes) -> Any:
    passphrase = ask_passphrase(f"passphrase of {path}: ")
    if passphrase is None:
        raise UsageError(
            f"{path} has a passphrase; set {PASSPHRASE_KEY}, or run this in a terminal, which asks"
        )
    try:
        return _serialization().load_pem_private_key(content, passphrase)
    except _refusals():
        raise UsageError(f"the passphrase of {path} is wrong, or the file is damaged") from None


def ask_passphrase(prompt: str, twice: bool = False) -> bytes | None:
    """The passphrase of the environment, or of whoever sits at the terminal; None: neither.

    Args:
        twice: ask again, as a slip would lose what is encrypted with it.

    Raises:
        UsageError: longer than any key takes, not text, given up, or two that differ.
    """
    if said := os.environ.get(PASSPHRASE_KEY):
        passphrase = os.fsencode(said)  # the bytes as they were given, text or not
    elif sys.stdin is None or not sys.stdin.isatty():
        return None
    else:
        passphrase = _typed(prompt)
        if twice and passphrase and _typed("the same again: ") != passphrase:
            raise UsageError("the two passphrases differ; nothing was written. Try again")
    if len(passphrase) > _LONGEST_PASSPHRASE:
        raise UsageError(
            f"the passphrase has {len(passphrase)} bytes; a key takes up to {_LONGEST_PASSPHRASE}"
        )
    return passphrase or None


def _typed(prompt: str) -> bytes:
    try:
        return getpass.getpass(prompt, stream=sys.stderr).encode()
    except EOFError:
        raise UsageError("no passphrase was given; nothing was done") from None
    except UnicodeError:
        raise UsageError(
            f"the passphrase is no text in the encoding of this terminal; set {PASSPHRASE_KEY}"
        ) from None


def read_public(path: Path) -> Sequence[PublicKey]:
    """Read the public keys of a file, or of all .pem and .pub files of a folder.

    Raises:
        UsageError: no such path, a file in it that is no public key, of another kind, or that
            anyone on this machine may replace.
        MissingDependencyError: `cryptography` is not installed.
    """
    if not path.exists():
        raise UsageError(f"{path}: no such file or folder; give a public key, or a folder of them")
    if not path.is_dir():
        return [_read_public(path)]
    require_guarded(path)
    files = sorted(file for file in path.iterdir() if file.suffix in SUFFIXES and file.is_file())
    if len(files) > _MOST_KEYS:
        raise UsageError(f"{path} holds {len(files)} keys; at most {_MOST_KEYS} are read")
    return [_read_public(file) for file in files]


def _read_public(path: Path) -> PublicKey:
    serialization = _serialization()
    require_guarded(path)
    content = _read(path)
    if b"PRIVATE KEY" in content:
        raise UsageError(
            f"{path} is a private key, which belongs where models are signed; give its public half"
        )
    try:
        key = serialization.load_pem_public_key(content)
    except _refusals() as error:
        raise UsageError(f"{path} is not a public key in PEM: {_said(error)}") from None
    return _public(path, key)


def verified_by(bundle: Bundle, keys: Sequence[PublicKey], where: str) -> PublicKey:
    """The key that signed a bundle.

    Raises:
        SignatureError: none of these did.
    """
    named = [key for key in keys if bundle.hint in ("", key.hint)]
    for key in named:
        if key.verifies(bundle):
            return key
    if named and bundle.hint:
        raise SignatureError(
            f"{where} names the key {named[0].path}, which did not sign it: the signature was "
            "changed or damaged; copy it again, or sign the model again"
        )
    known = ", ".join(str(key.path) for key in keys[:3]) or "none"
    raise SignatureError(
        f"{where} is signed by an unknown key ({bundle.hint[:12] or 'it names none'}…); trusted: "
        f"{known}. If you trust the signer, add their public key"
    )


def _public(path: Path, key: Any) -> PublicKey:
    return PublicKey(path, key, hashlib.sha256(_pem(key)).hexdigest(), _algorithm(path, key))


def _algorithm(path: Path, key: Any) -> str:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    if isinstance(key, ed25519.Ed25519PublicKey):
        return "ed25519"
    curve = key.curve.name if isinstance(key, ec.EllipticCurvePublicKey) else ""
    if curve not in _CURVES:
        raise UsageError(
            f"{path} is a key of another kind ({type(key).__name__.strip('_')}); use Ed25519, or "
            "ECDSA on P-256, P-384 or P-521"
        )
    return f"ecdsa-{curve.replace('secp', 'p').removesuffix('r1')}"


def _ecdsa(key: Any) -> tuple[Any, ...]:
    """What ECDSA needs besides the bytes: its hash, by the curve. Ed25519 needs nothing."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    if not isinstance(key, ec.EllipticCurvePublicKey):
        return ()
    return (ec.ECDSA(getattr(hashes, _CURVES[key.curve.name])()),)


def _pem(key: Any) -> bytes:
    serialization = _serialization()
    pem = key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return cast(bytes, pem)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            content = stream.read(_LARGEST + 1)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}; give a key file") from None
    if len(content) > _LARGEST:
        raise UsageError(f"{path} is over {_LARGEST >> 10} kB, which no key is")
    return content


def _serialization() -> Any:
    try:
        from cryptography.hazmat.primitives import serialization
    except ImportError:
        raise not_installed("cryptography", "a signature") from None
    return serialization


def _refusals() -> tuple[type[Exception], ...]:
    from cryptography.exceptions import UnsupportedAlgorithm

    return ValueError, TypeError, UnsupportedAlgorithm


def _said(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:120]
