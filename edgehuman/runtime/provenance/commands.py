"""`edgehuman keys new`: a key to sign models with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional

from edgehuman.errors import UsageError
from edgehuman.files import require_usable_file, write_whole
from edgehuman.outcome import Outcome
from edgehuman.runtime.provenance.keys import (
    PASSPHRASE_KEY,
    Algorithm,
    ask_passphrase,
    new_key,
    read_public,
)

_PRIVATE, _PUBLIC = 0o600, 0o644


@dataclass(frozen=True, slots=True)
class NewKeyConfig:
    """Make a key: NAME.pem signs and stays with you, NAME.pub.pem goes onto the devices.

    Attributes:
        name: of the key, with the folder to write to; neither file may exist.
        algorithm: ed25519, or ecdsa-p256, which the `model_signing` command of OpenSSF verifies
            too.
        passphrase: encrypt the private key; the passphrase is asked for, or is that of
            EDGEHUMAN_KEY_PASSPHRASE.
    """

    name: Positional[Path]
    algorithm: Algorithm = "ed25519"
    passphrase: bool = False


def new(config: NewKeyConfig) -> Outcome:
    """`edgehuman keys new`.

    Raises:
        UsageError: a file is there already, cannot be written, or no passphrase was given.
        MissingDependencyError: `cryptography` is not installed.
    """
    name = config.name.name.removesuffix(".pem").removesuffix(".pub")
    private = config.name.with_name(f"{name}.pem")
    public = config.name.with_name(f"{name}.pub.pem")
    for path in (private, public):
        if path.exists() or path.is_symlink():
            raise UsageError(
                f"{path} is there already, and what it signed needs it; choose another name"
            )
        require_usable_file(path, f"{path}")
    passphrase = None
    if config.passphrase:
        passphrase = ask_passphrase("passphrase of the new key: ")
        if passphrase is None:
            raise UsageError(
                f"--passphrase needs a passphrase: set {PASSPHRASE_KEY}, or run this in a terminal"
            )
    secret, known = new_key(config.algorithm, passphrase)
    write_whole(private, secret, UsageError, mode=_PRIVATE)
    write_whole(public, known, UsageError, mode=_PUBLIC)
    (key,) = read_public(public)
    data = {
        "private": str(private),
        "public": str(public),
        "algorithm": key.algorithm,
        "key": key.hint,
        "passphrase": config.passphrase,
    }
    text = (
        f"{private} signs, {public} verifies ({key.algorithm}, {key.hint[:12]}). Keep the first, "
        "and copy the second into ~/.config/edgehuman/trusted of every device"
    )
    return Outcome(data, text)
