"""Readers of signatures: bundles, the statement in them, keys, and what seals are given to."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from edgehuman.errors import ArtefactError, SignatureError
from edgehuman.runtime.provenance.bundle import (
    Bundle,
    Manifest,
    bundle_json,
    manifest_of,
    payload_of,
    read_bundle,
)
from edgehuman.runtime.provenance.keys import new_key, read_private, read_public, verified_by
from edgehuman.runtime.provenance.members import members_of
from edgehuman.runtime.provenance.seal import SealConfig, seal
from edgehuman.runtime.provenance.trusted import Trust
from edgehuman.runtime.provenance.verify import states_of
from tests.fuzz.target import Target, written
from tests.fuzz.targets.models import onnx_seed, side_seeds

_PLAN = b"ftrt plan"
_MANIFEST = Manifest("walk", {"walk.onnx": "1" * 64, "walk.engine": "2" * 64}, ("walk.sig",))


@cache
def _keys() -> tuple[bytes, bytes]:
    return new_key("ed25519", None)


def _bundle(content: bytes, folder: Path) -> None:
    """A signature as a device reads it, and then as `edgehuman verify` does."""
    model, place = written(b"graph", folder, "walk.onnx"), written(content, folder, "walk.sig")
    keys = written(_keys()[1], folder, "trusted.pub")
    bundle = read_bundle(place)
    with contextlib.suppress(SignatureError):
        Trust(keys).require(model, "1" * 64)
    with contextlib.suppress(SignatureError):
        verified_by(bundle, read_public(keys), str(place))
    manifest_of(bundle.payload, str(place))


def _bundle_seeds() -> Sequence[bytes]:
    folder_of = payload_of(_MANIFEST)
    return [bundle_json(Bundle(folder_of, bytes(64), hint)) for hint in ("", "a" * 64)]


def _statement(content: bytes, folder: Path) -> None:
    """What was signed, as if its signature were right."""
    model = written(b"graph", folder, "walk.onnx")
    states_of(members_of(model), manifest_of(content, "walk.sig"), model)


def _public_key(content: bytes, folder: Path) -> None:
    keys = read_public(written(content, folder, "a.pub.pem"))
    keys[0].verifies(Bundle(b"{}", bytes(64), ""))


def _public_seeds() -> Sequence[bytes]:
    return [_keys()[1], new_key("ecdsa-p256", None)[1]]


def _private_key(content: bytes, folder: Path) -> None:
    read_private(written(content, folder, "a.pem")).sign(b"{}")


def _sealed(content: bytes, folder: Path) -> None:
    """`edgehuman seal` of a graph, and of an engine with this side file."""
    for name in ("a.onnx", "a.engine.json"):
        written(_PLAN, folder, "a.engine")
        path = written(content, folder, name)
        with contextlib.suppress(ArtefactError):
            seal(SealConfig((str(path).removesuffix(".json"),)))


TARGETS: dict[str, Target] = {
    "signature": Target(_bundle, _bundle_seeds, "json", needs="cryptography"),
    "statement": Target(_statement, lambda: [payload_of(_MANIFEST)], "json"),
    "public-key": Target(_public_key, _public_seeds, "lines", needs="cryptography"),
    "private-key": Target(_private_key, lambda: [_keys()[0]], "lines", needs="cryptography"),
    "seal": Target(_sealed, lambda: [onnx_seed()], needs=""),
    "seal-side": Target(_sealed, side_seeds, "json"),
}
