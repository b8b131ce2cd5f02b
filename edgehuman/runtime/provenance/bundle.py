"""A signature as OpenSSF Model Signing writes it: which files, with which hashes, signed by whom.

    bundle = read_bundle(Path("activity.sig"))          bounded; nothing in it is trusted yet
    manifest = manifest_of(bundle.payload, where)       only after `keys.verified_by`

The file is a Sigstore bundle of JSON. It holds a DSSE envelope, whose payload is an in-toto
statement; its predicate lists the files of a folder, each with its SHA-256. What is signed is the
payload with its type (`signed_bytes`).

Sources: the predicate https://model_signing/signature/v1.0, as written by the package model-signing
1.1; https://github.com/secure-systems-lab/dsse/blob/v1.0.0/protocol.md; Sigstore bundle 0.3. Left
out: signatures without a key of one's own (Sigstore's certificates and its log), shards.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from edgehuman.errors import SignatureError
from edgehuman.outcome import to_json
from edgehuman.reading.parsers import foreign, json_of

MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://model_signing/signature/v1.0"
LARGEST = 4 << 20
"""Bytes of a signature file: 20,000 files and more."""
WHOLE = "."
"""How model-signing names the one file of a model that is no folder."""
_DIGEST = re.compile(r"[0-9a-f]{64}")
_PARSING = (KeyError, TypeError, ValueError, IndexError, AttributeError)


@dataclass(frozen=True, slots=True)
class Bundle:
    """A signature that is read but not verified.

    Attributes:
        payload: the statement, as it was signed.
        signature: of `signed_bytes(payload)`.
        hint: SHA-256 of the PEM of the public key that it names; "": none.
    """

    payload: bytes
    signature: bytes
    hint: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was signed.

    Attributes:
        name: of the model, for people.
        files: path below the folder of the signature -> SHA-256; "." is a file named `name`.
        ignored: paths that were left out on purpose.
    """

    name: str
    files: Mapping[str, str]
    ignored: tuple[str, ...] = ()


def signed_bytes(payload: bytes) -> bytes:
    """What a key signs: DSSE's pre-authentication encoding of a payload."""
    head = f"DSSEv1 {len(PAYLOAD_TYPE)} {PAYLOAD_TYPE} {len(payload)} "
    return head.encode() + payload


def payload_of(manifest: Manifest) -> bytes:
    """The in-toto statement of a manifest."""
    names = sorted(manifest.files, key=lambda name: PurePosixPath(name).parts)
    digests = [manifest.files[name] for name in names]
    predicate = {
        "serialization": {
            "method": "files",
            "hash_type": "sha256",
            "allow_symlinks": False,
            "ignore_paths": list(manifest.ignored),
        },
        "resources": [
            {"name": name, "algorithm": "sha256", "digest": digest}
            for name, digest in zip(names, digests, strict=True)
        ],
    }
    subject = {"name": manifest.name, "digest": {"sha256": _root(digests)}}
    statement = {
        "_type": STATEMENT_TYPE,
        "subject": [subject],
        "predicateType": PREDICATE_TYPE,
        "predicate": predicate,
    }
    return to_json(statement).encode()


def bundle_json(bundle: Bundle) -> bytes:
    """The bytes of a signature file."""
    table = {
        "mediaType": MEDIA_TYPE,
        "verificationMaterial": {"publicKey": {"hint": bundle.hint}, "tlogEntries": []},
        "dsseEnvelope": {
            "payload": base64.b64encode(bundle.payload).decode(),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [{"sig": base64.b64encode(bundle.signature).decode(), "keyid": ""}],
        },
    }
    return to_json(table).encode()


def read_bundle(path: Path) -> Bundle:
    """Read a signature file.

    Raises:
        SignatureError: no such file, too large, or not a bundle of this format.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(LARGEST + 1)
    except OSError as error:
        raise SignatureError(
            f"cannot read {path}: {error.strerror}; sign the model again"
        ) from None
    if len(content) > LARGEST:
        raise SignatureError(f"{path} is over {LARGEST >> 20} MB, which no signature of a model is")
    try:
        return _bundle(content)
    except _PARSING as error:
        raise SignatureError(
            f"{path} is not a signature of OpenSSF Model Signing ({_reason(error)}); copy it "
            "again, or sign the model again"
        ) from None


def _bundle(content: bytes) -> Bundle:
    table = json_of(content, unique=True)
    if table["mediaType"] != MEDIA_TYPE:
        raise ValueError(f"its mediaType is not {MEDIA_TYPE}")
    material, envelope = table["verificationMaterial"], table["dsseEnvelope"]
    if "publicKey" not in material:
        raise ValueError("it was not made with a key; certificates are not supported")
    if envelope["payloadType"] != PAYLOAD_TYPE:
        raise ValueError(f"its payloadType is not {PAYLOAD_TYPE}")
    (one,) = envelope["signatures"]
    hint = material["publicKey"].get("hint") or ""
    if not isinstance(hint, str):
        raise TypeError("its hint is no text")
    return Bundle(_decoded(envelope["payload"]), _decoded(one["sig"]), hint)


def manifest_of(payload: bytes, where: str) -> Manifest:
    """Read a statement, after its signature was verified.

    Raises:
        SignatureError: another kind of statement, or one that contradicts itself.
    """
    try:
        return _manifest(json_of(payload, unique=True))
    except _PARSING as error:
        raise SignatureError(
            f"{where}: what was signed is not a list of a model's files ({_reason(error)}); sign "
            "the model again"
        ) from None


def _manifest(table: Any) -> Manifest:
    if table["_type"] != STATEMENT_TYPE or table["predicateType"] != PREDICATE_TYPE:
        raise ValueError(f"it is not a statement of {PREDICATE_TYPE}")
    (subject,), predicate = table["subject"], table["predicate"]
    said = predicate["serialization"]
    if (said["method"], said["hash_type"]) != ("files", "sha256"):
        raise ValueError("only the method files with sha256 is supported")
    files: dict[str, str] = {}
    for row in predicate["resources"]:
        name, digest = row["name"], row["digest"]
        if row["algorithm"] != "sha256" or not _DIGEST.fullmatch(digest):
            raise ValueError("a file's digest is not a SHA-256")
        if not _is_below(name) or name in files:
            raise ValueError("a file's name is given twice, or leads out of the folder")
        files[name] = digest
    if not files or _root(files.values()) != subject["digest"]["sha256"]:
        raise ValueError("its files do not add up to its own digest")
    ignored = tuple(str(path) for path in said.get("ignore_paths", ()))
    return Manifest(str(subject["name"]), files, ignored)


def _is_below(name: str) -> bool:
    path = PurePosixPath(name)
    plain = not path.is_absolute() and ".." not in path.parts and not set(name) & {"\\", "\0"}
    return bool(name) and plain and str(path) == name


def _root(digests: Iterable[str]) -> str:
    return hashlib.sha256(b"".join(map(bytes.fromhex, digests))).hexdigest()


def _decoded(text: str) -> bytes:
    try:
        with foreign():
            return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise ValueError(f"base64: {error}") from None


def _reason(error: BaseException) -> str:
    said = f"{type(error).__name__}: {error}" if isinstance(error, KeyError) else str(error)
    return said[:120] or type(error).__name__
