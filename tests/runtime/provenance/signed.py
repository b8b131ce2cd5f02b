"""Keys and signed models of the tests."""

from __future__ import annotations

from pathlib import Path

from edgehuman.runtime.provenance.commands import NewKeyConfig, new
from edgehuman.runtime.provenance.keys import Algorithm
from edgehuman.runtime.provenance.sign import SignConfig, sign


def make_key(folder: Path, name: str = "factory", algorithm: Algorithm = "ed25519") -> Path:
    """A key pair NAME.pem and NAME.pub.pem in a folder; the path of the private half."""
    new(NewKeyConfig(folder / name, algorithm))
    return folder / f"{name}.pem"


def public_of(key: Path) -> Path:
    return key.with_name(f"{key.stem}.pub.pem")


def sign_with(key: Path, *models: Path) -> None:
    sign(SignConfig(models=tuple(map(str, models)), key=key))
