"""Run only what a trusted key signed: `--require-signed`, or the environment for a whole device.

    EDGEHUMAN_REQUIRE_SIGNED=1       what the flag does, for every command and for Python
    EDGEHUMAN_TRUSTED_KEYS=PATH      the public keys, a file or a folder; default:
                                     ~/.config/edgehuman/trusted

    trust = trust_of_environment()                 None: nothing has to be signed
    trust.require(path, sha256)                    of the bytes that are about to be loaded

The hash is that of the bytes in memory, not of the file: what runs is what was verified. A
signature does not say that a model is the newest: an older one of the same signer is valid too.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from edgehuman.errors import SignatureError, UsageError
from edgehuman.files import own_folder

REQUIRE_KEY, KEYS_KEY = "EDGEHUMAN_REQUIRE_SIGNED", "EDGEHUMAN_TRUSTED_KEYS"


class Requires(Protocol):
    """What is told of every file that is read, before it is used."""

    def require(self, path: Path, sha256: str) -> None:
        """Raise SignatureError for what may not be used."""


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose signatures count.

    Attributes:
        keys: a public key, or a folder of them.
    """

    keys: Path

    def require(self, path: Path, sha256: str) -> None:
        """Check that a trusted key signed these bytes under this name.

        Args:
            path: of the file, whose signature stands beside it.
            sha256: of the bytes that will be loaded.

        Raises:
            SignatureError: no signature, of an unknown key, of other files, or of other bytes.
            UsageError: there are no trusted keys, or they cannot be read.
            MissingDependencyError: `cryptography` is not installed.
        """
        # Here: a device that requires no signatures spares them the memory.
        from edgehuman.runtime.provenance.bundle import WHOLE, manifest_of, read_bundle
        from edgehuman.runtime.provenance.keys import read_public, verified_by
        from edgehuman.runtime.provenance.members import OF_A_FOLDER, signatures_of, stem_of

        keys = read_public(self.keys) if self.keys.exists() else []
        if not keys:
            raise UsageError(
                f"a signature is required, but {self.keys} holds no public key; copy those that "
                f"you trust there, or set {KEYS_KEY} (--trusted-key)"
            )
        found = signatures_of(path)
        if not found:
            stem = stem_of(path)  # what is no model by itself is signed with its folder
            signature, what = (OF_A_FOLDER, path.parent) if stem is None else (f"{stem}.sig", path)
            raise SignatureError(
                f"{path} is not signed (no {signature} beside it), and a signature is required; "
                f"sign it: `edgehuman sign {what} --key KEY.pem`"
            )
        where = found[0]
        bundle = read_bundle(where)
        verified_by(bundle, keys, str(where))
        manifest = manifest_of(bundle.payload, str(where))
        name = WHOLE if (*manifest.files,) == (WHOLE,) and manifest.name == path.name else path.name
        signed = manifest.files.get(name)
        if signed is None:
            listed = ", ".join([*manifest.files][:4])
            raise SignatureError(
                f"{where} is the signature of other files ({listed}), not of {path.name}; sign "
                "that too, or remove it"
            )
        if signed != sha256:
            raise SignatureError(
                f"{path} has sha256 {sha256[:12]}…, but {signed[:12]}… was signed: it was changed "
                "after it was signed, and is not loaded. Copy it again with its signature"
            )


@dataclass(frozen=True, slots=True)
class Exactly:
    """Trust in what one of our own processes wrote.

    Attributes:
        files: name -> SHA-256.
    """

    files: Mapping[str, str]

    def require(self, path: Path, sha256: str) -> None:
        """Raise SignatureError for other bytes."""
        if self.files.get(path.name) != sha256:
            raise SignatureError(f"{path} is not what the builder wrote, so it is not loaded")


@dataclass(frozen=True, slots=True)
class Noted:
    """No trust yet: notes what was read, for whoever signs it.

    Attributes:
        files: path -> SHA-256 of the bytes that were checked.
    """

    files: dict[Path, str]

    def require(self, path: Path, sha256: str) -> None:
        """Note it."""
        self.files[path] = sha256


def unsigned(name: str) -> SignatureError:
    """The error for a name of the catalogue where a signature is required."""
    return SignatureError(
        f"{name} is a network with random weights, which nobody signed, and a signature is "
        "required; give the file of a model"
    )


def trust_of_environment() -> Trust | None:
    """What the environment requires; None: no signature.

    Raises:
        UsageError: a value that says neither yes nor no.
    """
    said = os.environ.get(REQUIRE_KEY, "")
    if said in ("", "0"):
        return None
    if said != "1":
        raise UsageError(f"{REQUIRE_KEY} is {said!r}; set it to 1 (signatures are required) or 0")
    return Trust(trusted_keys())


def trusted_keys() -> Path:
    """Where the trusted public keys of this machine are.

    Raises:
        UsageError: nothing says so, and this user has no home.
    """
    if said := os.environ.get(KEYS_KEY):
        return Path(said)
    return own_folder("XDG_CONFIG_HOME", ".config", KEYS_KEY) / "trusted"


@contextlib.contextmanager
def requiring(keys: Path | None = None) -> Iterator[None]:
    """Require signatures inside the block, also of the processes that it starts.

    Args:
        keys: whose; None: those of the environment.
    """
    changed = {REQUIRE_KEY: "1"} | ({} if keys is None else {KEYS_KEY: str(keys.absolute())})
    before = {name: os.environ.get(name) for name in changed}
    os.environ.update(changed)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
