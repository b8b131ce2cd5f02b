"""`edgehuman sign`: one signature beside a model, over all files of it.

edgehuman sign activity.onnx --key k.pem       activity.sig: the ONNX, its parts, its engine
edgehuman sign runs/activity --key k.pem       runs/activity/model.sig: a whole folder
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional

from edgehuman.card import sha256_of_file
from edgehuman.errors import UsageError
from edgehuman.files import require_apart, require_usable_file, write_together
from edgehuman.outcome import Outcome
from edgehuman.runtime.engine.onnx_file import open_file
from edgehuman.runtime.engine.plan_file import read_engine
from edgehuman.runtime.provenance.bundle import Manifest, bundle_json, payload_of
from edgehuman.runtime.provenance.keys import PrivateKey, read_private
from edgehuman.runtime.provenance.members import Members, members_of
from edgehuman.runtime.zoo import file_of


@dataclass(frozen=True, slots=True, kw_only=True)
class SignConfig:
    """Sign models, so that devices can refuse any other.

    Attributes:
        models: model files, folders or zoo:NAME. All files of a model are signed together: graph,
            engine, side file, parts.
        key: the private key, a PEM file of `edgehuman keys new` or of openssl.
    """

    models: Positional[tuple[str, ...]]
    key: Path


def sign(config: SignConfig) -> Outcome:
    """`edgehuman sign`.

    Raises:
        UsageError: no model, a key that cannot be read, or a folder that cannot be written to.
        ArtefactError: a file is damaged, changed or not sealed; nothing was signed.
        MissingDependencyError: `cryptography` is not installed.
    """
    if not config.models:
        raise UsageError("no model is given; give a model file, a folder or zoo:NAME")
    key = read_private(config.key)
    models = [members_of(file_of(each)) for each in config.models]
    for model in models:
        require_usable_file(model.signature, f"{model.signature}")
    _require_own(config.key, models)
    signed = [(model, _signature(model, key)) for model in models]
    write_together({model.signature: content for model, (_, content) in signed}, UsageError)
    rows = [
        {
            "model": model.name,
            "signature": str(model.signature),
            "files": dict(manifest.files),
            "algorithm": key.public.algorithm,
            "key": key.public.hint,
        }
        for model, (manifest, _) in signed
    ]
    lines = [
        f"{model.signature}: {', '.join(manifest.files)} signed by {key.public.hint[:12]} "
        f"({key.public.algorithm})"
        for model, (manifest, _) in signed
    ]
    return Outcome({"signed": rows}, "\n".join(lines))


def _require_own(key: Path, models: Sequence[Members]) -> None:
    """Raise UsageError for a signature that would replace the key, or a file that is signed."""
    inputs = [("--key", key)]
    inputs += [
        (f"the model's {name}", file) for each in models for name, file in each.files.items()
    ]
    for model in models:
        for flag, file in inputs if model.signature.exists() else ():
            require_apart({flag: file, f"the signature of {model.name},": model.signature})


def _signature(model: Members, key: PrivateKey) -> tuple[Manifest, bytes]:
    """What is signed of a model, and the bytes of its signature file."""
    if not model.files:
        raise UsageError(f"{model.folder} has no files to sign")
    files = {name: _digest(file) for name, file in model.files.items()}
    manifest = Manifest(model.name, files, model.ignored)
    return manifest, bundle_json(key.sign(payload_of(manifest)))


def _digest(path: Path) -> str:
    """The hash of a file; of a model, after its seal was checked: damage is not signed."""
    if path.suffix == ".onnx":
        return open_file(path).sha256
    if path.suffix == ".engine":
        read_engine(path)
    return sha256_of_file(path)
