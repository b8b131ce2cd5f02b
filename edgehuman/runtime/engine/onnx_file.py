"""Read an ONNX file's metadata and its graph's hash without the onnx package.

An ONNX file is one protobuf message, ModelProto; two of its fields matter here: 7, the graph with
its weights, and 14, the metadata as key and value. The wire format has four rules
(https://protobuf.dev/programming-guides/encoding), so a device needs no protobuf library for it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from edgehuman.card import CARD_KEY, Card, from_json
from edgehuman.errors import ArtefactError
from edgehuman.runtime.engine.wire import BYTES, fields, reason_against

SEAL_KEY = "edgehuman.graph_sha256"
"""Metadata key of the graph's hash (the card has the hash of the weights)."""

_GRAPH, _METADATA = 7, 14


@dataclass(frozen=True, slots=True)
class OnnxFile:
    """Attributes:
    metadata: the file's `metadata_props`.
    graph_sha256: hash of the graph's bytes in the file, weights included. The metadata is outside,
        so a file can contain the hash of its own graph.
    """

    metadata: dict[str, str]
    graph_sha256: str


def read_onnx(content: bytes, where: str) -> OnnxFile:
    """Read the metadata and the graph's hash from an ONNX file's bytes; nothing in them leads out.

    Raises:
        ArtefactError: not an ONNX file, or truncated; or it needs another file, or a library of
            custom operators.
    """
    metadata: dict[str, str] = {}
    graph: memoryview | None = None
    reaches = ""
    try:
        reaches = reason_against(content)
        for number, value, _ in fields(memoryview(content)):
            if number == _GRAPH:
                graph = value
            elif number == _METADATA:
                key, text = _entry(value)
                metadata[key] = text
    except (IndexError, ValueError):
        graph = None
    if graph is None:
        raise ArtefactError(
            f"{where} ({len(content)} bytes) is not a complete ONNX file: it is truncated or has "
            "another format; copy it again, or export the model again"
        )
    if reaches:
        raise ArtefactError(
            f"{where}: {reaches}; a model is one file that needs nothing else, because what it "
            "names would be opened or run here. Save it whole with the operators of ONNX, e.g. "
            "onnx.save(onnx.load(PATH), NEW)"
        )
    return OnnxFile(metadata, hashlib.sha256(graph).hexdigest())


def sealed(content: bytes) -> bytes:
    """The ONNX file with its graph's hash in its metadata, which `read_card` checks.

    Raises:
        ArtefactError: not an ONNX file.
    """
    found = read_onnx(content, "the model to seal")
    return _with_metadata(content, SEAL_KEY, found.graph_sha256)


def with_card(content: bytes, card: Card) -> bytes:
    """The ONNX file with this card in place of its own; the graph is the same, bit by bit.

    Raises:
        ArtefactError: not an ONNX file.
    """
    read_onnx(content, "the model of another card")
    return _with_metadata(content, CARD_KEY, card.to_json())


def _with_metadata(content: bytes, key: str, text: str) -> bytes:
    kept = b"".join(
        content[span]
        for number, value, span in fields(memoryview(content))
        if number != _METADATA or _entry(value)[0] != key
    )
    entry = _bytes_field(1, key.encode()) + _bytes_field(2, text.encode())
    return kept + _bytes_field(_METADATA, entry)


def read_card(path: Path) -> Card:
    """Read the card inside an ONNX file; a sealed graph is checked against its hash.

    Raises:
        ArtefactError: no such file, not an ONNX file, no card or an unreadable one, or a graph that
            was changed after the export.
    """
    found = read_onnx(_content(path), str(path))
    text = found.metadata.get(CARD_KEY)
    if text is None:
        raise ArtefactError(
            f"{path} has no card, so its input, units and labels are unknown; "
            "create the file with `edgehuman export`, which adds the card"
        )
    seal = found.metadata.get(SEAL_KEY, found.graph_sha256)
    if seal != found.graph_sha256:
        raise ArtefactError(
            f"{path}: its graph has sha256 {found.graph_sha256[:12]}…, but {seal[:12]}… was "
            "recorded; the file was changed after its export. Copy it or export it again"
        )
    return from_json(text, str(path))


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ArtefactError(f"{path}: no such file; give the path of an .onnx file") from None
    except OSError as error:
        raise ArtefactError(f"cannot read {path}: {error.strerror}") from None


def _entry(message: memoryview) -> tuple[str, str]:
    """Key and value of one metadata entry."""
    parts = {number: bytes(value).decode() for number, value, _ in fields(message)}
    return parts.get(1, ""), parts.get(2, "")


def _bytes_field(number: int, content: bytes) -> bytes:
    """A length-delimited field of a message."""
    return _as_varint(number << 3 | BYTES) + _as_varint(len(content)) + content


def _as_varint(value: int) -> bytes:
    digits = bytearray()
    while value > 0x7F:
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    digits.append(value)
    return bytes(digits)
