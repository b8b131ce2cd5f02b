"""The wire format of ONNX files, and a walk that refuses what leads out of one.

onnxruntime up to 1.23 opens any file that a tensor names as its data, and newer ones read memory at
an address that a tensor names. Operators outside ONNX and onnxruntime's own need a library of
somebody's, and a few of onnxruntime's own run Python or load a compiled program from another file.
A model of ours needs none of it: it is one file. So every tensor and every operator is looked at,
wherever the format lets one stand (graphs, subgraphs of attributes, functions, training graphs,
sparse tensors), before a library sees the file.

Source: https://protobuf.dev/programming-guides/encoding, and onnx.proto of ONNX 1.19 (field
numbers).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

VARINT, _FIXED64, BYTES, _FIXED32 = 0, 1, 2, 5
_FIXED_SIZE = {_FIXED64: 8, _FIXED32: 4}
# Protobuf's own limit. Above it libraries cut the number off and would see another field.
_MOST_KEY = 1 << 32
_DEEPEST = 64
_MOST_OUTER = 1 << 17
_GRAPH, _HEAD = 7, 24

# What a message holds that is looked at: of each field, the kind of its message.
_WITHIN: dict[str, dict[int, str]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "graph": {1: "node", 5: "tensor", 15: "sparse tensor"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {
        5: "tensor",
        6: "graph",
        10: "tensor",
        11: "graph",
        22: "sparse tensor",
        23: "sparse tensor",
    },
    "sparse tensor": {1: "tensor", 2: "tensor"},
}
_FUNCTION_DOMAIN = 10
_NODE_TYPE, _NODE_DOMAIN = 4, 7
_TENSOR_DIMS, _TENSOR_NAME, _EXTERNAL_DATA, _DATA_LOCATION = 1, 8, 13, 14
_SPARSE_DIMS = 3
# The operators of onnx and of onnxruntime, for both of which no library is loaded.
_OWN = re.compile(r"(?:ai\.onnx(?:\.ml|\.preview(?:\.\w+)*|\.training)?|com\.microsoft(?:\.\w+)*)?")
_REACHING = {
    "EPContext": "a compiled program, which may lie in another file",
    "PythonOp": "Python",
    "PythonOpGrad": "Python",
}
# Four-bit numbers are the smallest; a tensor of any data has at least so many bytes.
_MOST_PER_BYTE = 8
_MOST_SPARSE = 1 << 28


class Damaged(ValueError):
    """The bytes are no message."""


@dataclass(slots=True)
class _Walk:
    """What is still to be looked at, as kind, message and depth, and what was seen.

    Attributes:
        own: domains of the model's own functions.
        foreign: domain -> an operator of it, where it is neither ONNX's nor onnxruntime's.
        reason: the first that was found against the file.
    """

    left: list[tuple[str, memoryview, int]]
    own: set[str] = field(default_factory=set)
    foreign: dict[str, str] = field(default_factory=dict)
    reason: str = ""

    def run(self) -> str:
        while self.left and not self.reason:
            kind, message, depth = self.left.pop()
            if depth > _DEEPEST:
                return f"its graphs are nested over {_DEEPEST} deep"
            if kind in _WITHIN:
                self.look_within(kind, message, depth)
            else:
                self.reason = _against_tensor(message)
        if self.reason:
            return self.reason
        for domain, operator in self.foreign.items():
            if domain not in self.own:
                return f"its operator {operator} is of {domain!r}, a library of custom operators"
        return ""

    def look_within(self, kind: str, message: memoryview, depth: int) -> None:
        within, operator, domain, count = _WITHIN[kind], "", "", 1
        for number, value, span in fields(message):
            if number in within:
                if message[span.start] & 7 == BYTES:
                    self.left.append((within[number], value, depth + 1))
            elif kind == "node" and number == _NODE_TYPE:
                operator = _text(value)
            elif kind == "node" and number == _NODE_DOMAIN:
                domain = _text(value)
            elif kind == "function" and number == _FUNCTION_DOMAIN:
                self.own.add(_text(value))
            elif kind == "sparse tensor" and number == _SPARSE_DIMS:
                count *= _product(value)
        if operator in _REACHING:
            self.reason = f"its operator {operator} runs {_REACHING[operator]}"
        elif domain and _OWN.fullmatch(domain) is None:
            self.foreign.setdefault(domain, operator)
        elif count > _MOST_SPARSE:
            self.reason = f"a sparse tensor of it has {count:,} numbers"


def reason_against(content: bytes | memoryview) -> str:
    """Why an ONNX file is not to be opened; empty if it needs nothing but itself.

    Raises:
        ValueError, IndexError: damaged.
    """
    return _Walk([("model", memoryview(content), 0)]).run()


def _against_tensor(message: memoryview) -> str:
    external, name, count = False, "", 1
    for number, value, _ in fields(message):
        if number == _TENSOR_DIMS:
            count *= _product(value)
        elif number == _TENSOR_NAME:
            name = _text(value)
        elif number == _EXTERNAL_DATA:
            external = True
        elif number == _DATA_LOCATION:
            external = external or len(value) != 1 or value[0] != 0
    if external:
        return f"its tensor {name!r} lies in another file"
    if count > _MOST_PER_BYTE * len(message):
        return f"its tensor {name!r} states {count:,} numbers and has {len(message):,} bytes"
    return ""


def _product(value: memoryview) -> int:
    """The product of sides, one or packed; not the exact one beyond 64 bits."""
    product, at = 1, 0
    while at < len(value):
        side, at = varint(value, at)
        product = min(product * side, 1 << 64)
    return product


def _text(value: memoryview) -> str:
    return bytes(value[:200]).decode("utf-8", "replace")


def fields(message: memoryview) -> Iterator[tuple[int, memoryview, slice]]:
    """Yield each field: its number, its bytes (of a number, as it is written), and its position
    with the key.

    Raises:
        ValueError: an unknown wire type, or a field that is longer than the message.
        IndexError: the message ends inside a number.
    """
    at = 0
    end = len(message)
    while at < end:
        start = at
        key = message[at]
        if key < 0x80:  # most keys; a call for each would double the time of a walk
            at += 1
        else:
            key, at = varint(message, at)
        number, wire_type = key >> 3, key & 7
        if key >= _MOST_KEY or not number:
            raise Damaged(f"field {number}")
        first = at
        if wire_type == BYTES:
            size = message[at]
            if size < 0x80:
                first = at + 1
            else:
                size, first = varint(message, at)
            at = first + size
        elif wire_type in _FIXED_SIZE:
            at += _FIXED_SIZE[wire_type]
        elif wire_type == VARINT:
            _, at = varint(message, at)
        else:
            raise Damaged(f"wire type {wire_type}")
        if at > end:
            raise Damaged(f"field {number} ends after the message")
        yield number, message[first:at], slice(start, at)


def is_whole(stream: BinaryIO, size: int) -> bool:
    """Whether a model's outermost fields fill the file, one of them a graph; only their keys and
    sizes are read, so a file of any size takes no memory.

    Raises:
        OSError: it cannot be read.
    """
    at, has_graph = 0, False
    for _ in range(_MOST_OUTER):
        if at >= size:
            break
        stream.seek(at)
        head = memoryview(stream.read(_HEAD))
        try:
            key, first = varint(head, 0)
            number, wire_type, length = key >> 3, key & 7, 0
            if wire_type == BYTES:
                length, first = varint(head, first)
            elif wire_type == VARINT:
                _, first = varint(head, first)
            else:
                length = _FIXED_SIZE[wire_type]
            if not number or key >= _MOST_KEY:
                return False
            # A graph of zeros, as a hole of a file has them, begins with no field.
            has_graph = has_graph or (number == _GRAPH and length > 0 and head[first] > 0)
        except (LookupError, ValueError):
            return False
        at += first + length
    return at == size and has_graph


def varint(message: memoryview, at: int) -> tuple[int, int]:
    """Read a number of seven bits per byte, lowest first; also return the position after it."""
    value = 0
    for shift in range(0, 70, 7):
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise Damaged("a number of more than ten bytes")
