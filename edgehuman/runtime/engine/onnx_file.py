"""An ONNX file as bytes: its metadata, its card and its seal, without the onnx package.

    file = open_file(path)           one read; the seal holds, or an ArtefactError says why not
    session = open_session(file.content, ...)      what runs is what was checked

An ONNX file is one protobuf message, ModelProto; two of its fields matter here: 7, the graph with
its weights, and 14, the metadata as key and value. The wire format has four rules
(https://protobuf.dev/programming-guides/encoding), so a device needs no protobuf library for it.

The seal is the SHA-256 of the whole file, with the 64 digits of the seal itself read as zeros. It
finds damage and careless edits. It is not a signature: whoever can write the file can seal it again
(`edgehuman sign` is for that).
"""

from __future__ import annotations

import hashlib
import mmap
import os
import sys
import weakref
from dataclasses import dataclass, field
from pathlib import Path

from edgehuman.card import CARD_KEY, Card, from_json
from edgehuman.errors import ArtefactError
from edgehuman.limits.sizes import MOST_MODEL, read_bounded, require_size
from edgehuman.runtime.engine.wire import BYTES, fields, is_whole, reason_against
from edgehuman.runtime.zoo import FETCHED

SEAL_KEY = "edgehuman.file_sha256"
"""Metadata key of the seal (the card has the hash of the weights)."""
GRAPH_SEAL_KEY = "edgehuman.graph_sha256"
"""Of the seal of earlier versions, which covers the graph alone; `edgehuman seal` renews it."""
_OURS = (CARD_KEY, SEAL_KEY, GRAPH_SEAL_KEY)
_UNSEALED = b"0" * 64
_GRAPH, _METADATA = 7, 14
_NODE, _OPERATOR = 1, 4
_LARGE, _BLOCK = 64 << 20, 1 << 20


class Held(mmap.mmap):
    """The bytes of a large file in memory of their own, which has a path: a library that reads it
    there makes no copy of its own. Linux alone; nobody can change them any more.

    Attributes:
        place: the path, while this object lives.
    """

    place: str


@dataclass(frozen=True, slots=True)
class OnnxFile:
    """Attributes:
    where: its path, for messages.
    content: all bytes, read once.
    metadata: the file's `metadata_props`.
    graph: the position of the graph's bytes, weights included.
    seals: the positions of the seal's value: one, or the file is not sealed.
    """

    where: str
    content: bytes | Held = field(repr=False)
    metadata: dict[str, str]
    graph: slice
    seals: tuple[slice, ...]

    @property
    def sha256(self) -> str:
        """Of the whole file."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def plain(self) -> bytes:
        """The content as bytes; a copy of a large one."""
        return self.content if isinstance(self.content, bytes) else bytes(self.content)

    @property
    def identity(self) -> str:
        """What no other file has: the seal, or else the hash of the whole file."""
        return self.metadata[SEAL_KEY] if len(self.seals) == 1 else self.sha256

    @property
    def graph_sha256(self) -> str:
        """Of the graph's bytes: files of the same graph may have other cards."""
        return hashlib.sha256(memoryview(self.content)[self.graph]).hexdigest()

    @property
    def operators(self) -> frozenset[str]:
        """The kinds of the graph's nodes."""
        graph = memoryview(self.content)[self.graph]
        return frozenset(
            bytes(name).decode("utf-8", "replace")
            for number, node, _ in fields(graph)
            if number == _NODE
            for inner, name, _ in fields(node)
            if inner == _OPERATOR
        )

    @property
    def is_ours(self) -> bool:
        """Whether edgehuman wrote it: it has a card or a seal, of whatever version."""
        return any(key in self.metadata for key in _OURS)

    @property
    def card(self) -> Card:
        """The card inside.

        Raises:
            ArtefactError: none, or an unreadable one.
        """
        text = self.metadata.get(CARD_KEY)
        if text is None:
            raise ArtefactError(
                f"{self.where} has no card, so its input, units and labels are unknown; "
                "create the file with `edgehuman export`, which adds the card"
            )
        return from_json(text, self.where)

    def require_seal(self) -> None:
        """Raise ArtefactError unless every byte is as it was sealed. A foreign file has no seal."""
        if not self.is_ours:
            return
        # A fetched model from before the seal: its whole hash stands in the table.
        if not self.seals and self.sha256 in {each.sha256 for each in FETCHED.values()}:
            return
        if len(self.seals) != 1:
            raise ArtefactError(f"{self.where} {self._unsealed()}")
        found, recorded = _digest(self.content, self.seals[0]), self.metadata[SEAL_KEY]
        if found != recorded:
            raise ArtefactError(
                f"{self.where} has sha256 {found[:12]}…, but {recorded[:12]!r} was recorded; the "
                "file was changed after its export, or damaged. Copy it or export it again"
            )

    def _unsealed(self) -> str:
        fix = (
            "export it again; or, if you know where it comes from, seal it: "
            f"`edgehuman seal {self.where}`"
        )
        if self.seals:
            return f"has {len(self.seals)} seals, and a file has one; {fix}"
        if GRAPH_SEAL_KEY in self.metadata:
            return (
                "was sealed by an earlier edgehuman, whose seal covers the graph but not the card; "
                f"{fix}"
            )
        return (
            f"has a card of edgehuman but no seal, so it is not known whether it was changed; {fix}"
        )


def open_file(path: Path) -> OnnxFile:
    """Read an ONNX file once, and check its seal; a foreign file has none.

    Raises:
        ArtefactError: no such file, not an ONNX file, or ours but changed or not sealed.
    """
    file = read_onnx(content_of(path), str(path))
    file.require_seal()
    return file


def read_onnx(content: bytes | Held, where: str) -> OnnxFile:
    """Read the parts of an ONNX file's bytes, none of which leads out; the seal is not checked.

    Raises:
        ArtefactError: not an ONNX file, or truncated; or it needs another file, or a library of
            custom operators.
    """
    metadata: dict[str, str] = {}
    graph: slice | None = None
    seals = []
    reaches = ""
    try:
        reaches = reason_against(memoryview(content))
        for number, value, span in fields(memoryview(content)):
            if number == _GRAPH:
                graph = slice(span.stop - len(value), span.stop)
            elif number == _METADATA:
                key, text = _entry(value)
                metadata[key] = text
                if key == SEAL_KEY:
                    seals.append(_place_of_seal(value, span))
    except (IndexError, ValueError):
        graph = None
    if graph is None or graph.start == graph.stop:
        raise _incomplete(where, len(content))
    if reaches:
        raise ArtefactError(
            f"{where}: {reaches}; a model is one file that needs nothing else, because what it "
            "names would be opened or run here. Save it whole with the operators of ONNX, e.g. "
            "onnx.save(onnx.load(PATH), NEW)"
        )
    return OnnxFile(where, content, metadata, graph, tuple(seals))


def _incomplete(where: str, size: int) -> ArtefactError:
    return ArtefactError(
        f"{where} ({size} bytes) is not a complete ONNX file: it is truncated or has another "
        "format; copy it again, or export the model again"
    )


def _place_of_seal(entry: memoryview, span: slice) -> slice:
    """Where in the file the digits of a seal stand.

    Raises:
        ValueError: the value is not 64 bytes long.
    """
    begin = span.stop - len(entry)
    values = [(value, place) for number, value, place in fields(entry) if number == 2]
    if len(values) != 1 or len(values[0][0]) != len(_UNSEALED):
        raise ValueError("a seal of another length")
    stop = begin + values[0][1].stop
    return slice(stop - len(_UNSEALED), stop)


def _digest(content: bytes | Held, seal: slice) -> str:
    """The SHA-256 of a file, with the digits of its seal read as zeros."""
    view = memoryview(content)
    digest = hashlib.sha256(view[: seal.start])
    digest.update(_UNSEALED)
    digest.update(view[seal.stop :])
    return digest.hexdigest()


def sealed(content: bytes | Held) -> bytes:
    """The ONNX file with a seal, which `open_file` checks, in place of any that it has.

    Raises:
        ArtefactError: not an ONNX file.
    """
    read_onnx(content, "the model to seal")
    content = _with_metadata(content, GRAPH_SEAL_KEY, None)
    content = _with_metadata(content, SEAL_KEY, _UNSEALED.decode())
    (seal,) = read_onnx(content, "the model to seal").seals
    digest = _digest(content, seal).encode()
    return b"".join((content[: seal.start], digest, content[seal.stop :]))


def with_card(content: bytes | Held, card: Card) -> bytes:
    """The ONNX file with this card in place of its own, sealed; the graph is the same, bit by bit.

    Raises:
        ArtefactError: not an ONNX file.
    """
    read_onnx(content, "the model of another card")
    return sealed(_with_metadata(content, CARD_KEY, card.to_json()))


def _with_metadata(content: bytes | Held, key: str, text: str | None) -> bytes:
    """The file with this entry in place of those of its key; None: without one."""
    kept = b"".join(
        content[span]
        for number, value, span in fields(memoryview(content))
        if number != _METADATA or _entry(value)[0] != key
    )
    if text is None:
        return kept
    entry = _bytes_field(1, key.encode()) + _bytes_field(2, text.encode())
    return kept + _bytes_field(_METADATA, entry)


def read_card(path: Path) -> Card:
    """Read the card inside an ONNX file, whose seal is checked.

    Raises:
        ArtefactError: as `open_file`, or no card or an unreadable one.
    """
    return open_file(path).card


def content_of(path: Path) -> bytes | Held:
    """All bytes of an ONNX file; of a large one only if its outermost fields are whole.

    Raises:
        ArtefactError: no such file, no regular one, over 2 GB, or large and of another form.
    """
    try:
        require_size(path, MOST_MODEL, ArtefactError, "model")
        size = path.stat().st_size
        if size >= _LARGE:
            with path.open("rb") as stream:
                if not is_whole(stream, size):
                    raise _incomplete(str(path), size)
            if held := _held(path, size):
                return held
        return read_bounded(path, MOST_MODEL, ArtefactError, "model")
    except FileNotFoundError:
        raise ArtefactError(f"{path}: no such file; give the path of an .onnx file") from None
    except OSError as error:
        raise ArtefactError(f"cannot read {path}: {error.strerror}") from None


def _held(path: Path, size: int) -> Held | None:
    """A large file's bytes, read once; None: this system cannot hold them so.

    onnxruntime copies bytes that it is given before it reads them, and a large model would be in
    memory three times.
    """
    if sys.platform != "linux":
        return None
    import fcntl

    made = os.memfd_create("edgehuman", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        with path.open("rb") as stream, open(made, "wb", closefd=False) as copy:
            while size > 0 and (block := stream.read(min(_BLOCK, size))):
                size -= copy.write(block)
        fixed = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL
        fcntl.fcntl(made, fcntl.F_ADD_SEALS, fixed)
        held = Held(made, 0, prot=mmap.PROT_READ)
    except BaseException:
        os.close(made)
        raise
    held.place = f"/proc/self/fd/{made}"
    weakref.finalize(held, os.close, made)
    return held if os.path.exists(held.place) else None


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
