"""`edgehuman keys new`: a key to sign models with."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional

from edgehuman.errors import UsageError
from edgehuman.files import cannot_write, require_usable_file, write_together
from edgehuman.outcome import Outcome
from edgehuman.placing import making_folders
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
    private, public = _files(config.name)
    for path in (private, public):
        if os.path.lexists(path):
            raise _taken(path)
        require_usable_file(path, f"{path}")
    passphrase = None
    if config.passphrase:
        passphrase = ask_passphrase("passphrase of the new key: ", twice=True)
        if passphrase is None:
            raise UsageError(
                f"--passphrase needs a passphrase: set {PASSPHRASE_KEY}, or run this in a terminal"
            )
    secret, known = new_key(config.algorithm, passphrase)
    with _claimed({private: _PRIVATE, public: _PUBLIC}):
        write_together({private: secret, public: known}, UsageError, mode=_PRIVATE)
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


def _files(name: Path) -> tuple[Path, Path]:
    """The private and the public file of a name."""
    plain = name.name.removesuffix(".pem").removesuffix(".pub")
    if plain in ("", ".", ".."):
        raise UsageError(f"{str(name)!r} is no name of a key; give one, such as {name / 'factory'}")
    return name.with_name(f"{plain}.pem"), name.with_name(f"{plain}.pub.pem")


@contextlib.contextmanager
def _claimed(files: Mapping[Path, int]) -> Iterator[None]:
    """Create these files, empty, with their modes, for the block to replace; each is new, also
    where another program makes the same key now. If the block fails they are removed.

    Raises:
        UsageError: one is there, or cannot be created.
    """
    made: list[Path] = []
    try:
        with making_folders(files, _PRIVATE), contextlib.ExitStack() as failed:
            for path, mode in files.items():
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode))
                failed.callback(path.unlink, missing_ok=True)
                made.append(path)
            yield
            failed.pop_all()
    except FileExistsError:
        raise _taken([*files][len(made)]) from None
    except OSError as error:
        raise UsageError(cannot_write([*files][-1], error)) from None


def _taken(path: Path) -> UsageError:
    return UsageError(f"{path} is there already, and what it signed needs it; choose another name")
