"""`edgehuman verify`: every file of a model against its signature: ok, changed, missing or extra.

edgehuman verify activity.onnx --key factory.pub.pem
edgehuman verify runs/activity                           by the trusted keys of this machine
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tyro.conf import Positional

from edgehuman.card import sha256_of_file
from edgehuman.errors import SignatureError, UsageError
from edgehuman.outcome import Outcome
from edgehuman.runtime.provenance.bundle import WHOLE, Manifest, manifest_of, read_bundle
from edgehuman.runtime.provenance.keys import PublicKey, read_public, verified_by
from edgehuman.runtime.provenance.members import Members, members_of, signatures_of
from edgehuman.runtime.provenance.trusted import trusted_keys
from edgehuman.runtime.zoo import file_of

State = Literal["ok", "changed", "missing", "extra"]
_NOT_SIGNED = "NOT VERIFIED"


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyConfig:
    """Check the signatures of models, file by file. Exit code 1: something is not as signed.

    Attributes:
        models: model files, folders or zoo:NAME.
        key: the public key, or a folder of them; default: the trusted keys of this machine.
        signature: another place of the signature, for one model.
    """

    models: Positional[tuple[str, ...]]
    key: Path | None = None
    signature: Path | None = None


def verify(config: VerifyConfig) -> Outcome:
    """`edgehuman verify`.

    Raises:
        UsageError: no model, no such file, or keys that cannot be read.
        MissingDependencyError: `cryptography` is not installed.
    """
    if not config.models:
        raise UsageError("no model is given; give a model file, a folder or zoo:NAME")
    if config.signature is not None and len(config.models) > 1:
        raise UsageError("--signature is of one model; give one, or remove the flag")
    place = config.key or trusted_keys()
    keys = read_public(place) if config.key or place.exists() else []
    if not keys:
        raise UsageError(f"{place} holds no public key; give one: --key KEY.pub.pem")
    files = {model: file_of(model) for model in config.models}
    rows = [_verified(model, file, keys, config.signature) for model, file in files.items()]
    good = all(row["verified"] for row in rows)
    return Outcome({"verified": good, "models": rows}, "\n".join(map(_text, rows)), int(not good))


def _verified(
    model: str, file: Path, keys: Sequence[PublicKey], signature: Path | None
) -> dict[str, Any]:
    """The result for one model; a signature that does not hold is its reason."""
    members = members_of(file)
    found = [signature] if signature else [members.signature]
    if signature is None and not members.signature.is_file():
        found = signatures_of(file) or found
    row: dict[str, Any] = {"model": model, "signature": str(found[0]), "verified": False}
    try:
        if not found[0].is_file():
            raise SignatureError(
                f"{file} is not signed: no {found[0].name} beside it; sign it: "
                f"`edgehuman sign {file} --key KEY.pem`"
            )
        bundle = read_bundle(found[0])
        key = verified_by(bundle, keys, str(found[0]))
        manifest = manifest_of(bundle.payload, str(found[0]))
    except SignatureError as error:
        return {**row, "reason": str(error), "files": {}}
    states = states_of(members, manifest, file)
    good = all(state == "ok" for state in states.values())
    signer = {"key": key.hint, "algorithm": key.algorithm, "key_file": str(key.path)}
    return {**row, **signer, "verified": good, "files": states}


def states_of(members: Members, manifest: Manifest, file: Path) -> dict[str, State]:
    """What became of every file that was signed, and of those that were not.

    Args:
        file: the file that was named, which a signature of a whole file means.
    """
    signed: Mapping[str, str] = manifest.files
    present = dict(members.files)
    if (*signed,) == (WHOLE,):
        signed = {file.name: signed[WHOLE]} if manifest.name == file.name else signed
        present = {file.name: file}
    elif members.folder != file:
        # A signature of a whole folder also covers files of other models.
        beside = {name: members.folder / name for name in signed}
        present |= {name: path for name, path in beside.items() if path.is_file()}
    ignored = {*manifest.ignored, members.signature.name}
    states: dict[str, State] = {}
    for name, digest in signed.items():
        if name not in present:
            states[name] = "missing"
        else:
            states[name] = "ok" if sha256_of_file(present[name]) == digest else "changed"
    for name in present:
        if name not in signed and not any(_is_in(name, each) for each in ignored):
            states[name] = "extra"
    return states


def _is_in(name: str, ignored: str) -> bool:
    return name == ignored or name.startswith(f"{ignored}/")


def _text(row: Mapping[str, Any]) -> str:
    if "reason" in row:
        return f"{row['model']}: {_NOT_SIGNED}. {row['reason']}"
    head = "verified" if row["verified"] else _NOT_SIGNED
    said = f"{row['model']}: {head}, signed by {row['key'][:12]} ({row['algorithm']})"
    return "\n".join([said, *(f"  {state:<8} {name}" for name, state in row["files"].items())])
