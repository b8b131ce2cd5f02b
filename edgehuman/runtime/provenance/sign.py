"""`edgehuman sign`: one signature beside a model, over all files of it.

edgehuman sign activity.onnx --key k.pem       activity.sig: the ONNX, its parts, its engine
edgehuman sign runs/activity --key k.pem       runs/activity/model.sig: a whole folder
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional

from edgehuman.card import WEIGHTS, sha256_of_file
from edgehuman.errors import UsageError
from edgehuman.files import require_apart, require_usable_file, write_together
from edgehuman.outcome import Outcome
from edgehuman.runtime.engine.onnx_file import open_file
from edgehuman.runtime.engine.plan_file import read_engine
from edgehuman.runtime.provenance.bundle import Manifest, bundle_json, payload_of
from edgehuman.runtime.provenance.keys import PrivateKey, read_private
from edgehuman.runtime.provenance.members import Members, members_of
from edgehuman.runtime.provenance.trusted import Noted
from edgehuman.runtime.provenance.weights_file import read_weights_file
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
        ArtefactError, CheckpointError: a file is damaged, changed or not sealed; none is signed.
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
    manifest = Manifest(model.name, _digests(model), model.ignored)
    return manifest, bundle_json(key.sign(payload_of(manifest)))


def _digest(path: Path) -> str:
    """The hash of a file; of a model, of the bytes whose seal was checked: damage is not signed."""
    if path.suffix == ".onnx":
        return open_file(path).sha256
    if path.name == WEIGHTS and (weights := read_weights_file(path)).is_ours:
        weights.require_seal()
        return weights.sha256
    return sha256_of_file(path)


def _digests(model: Members) -> dict[str, str]:
    """The hash of every file; an engine and its side file are of one look at both."""
    seen = Noted({})
    for file in model.files.values():
        if file.suffix == ".engine":
            read_engine(file, seen)
    read = {name: seen.files.get(file) for name, file in model.files.items()}
    return {name: digest or _digest(model.files[name]) for name, digest in read.items()}
