"""Load pickles of arrays and plain containers only: loading never runs code from the pickle.

A pickle can name any function of any module, and the functions of numpy that it names for an array
trust their arguments: a crafted file makes them corrupt memory. So no named object is imported
here. `pickletools` splits the file into its instructions; every name becomes a stand-in written
below, and an array is built from bytes with `numpy.frombuffer`, once its type is on the list and
its shape fits the bytes. Anything else is refused. Protocols 0 to 5.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman.errors import DataError
from edgehuman.limits.sizes import read_bounded

# A walk of 10,000 silhouettes has 41 MB.
MAX_BYTES = 1 << 28
# An instruction of one byte can make a container of 64 bytes; nested lists share parts.
MAX_STEPS = 3_000_000
MAX_DEPTH = 32
_ENTRY_BYTES = 64  # of a dict
_MAX_DIMENSIONS = 8
_MAX_SIDE = 1 << 31

_CORE = ("numpy.core", "numpy._core")
_KNOWN = {
    ("numpy", "ndarray"): "ndarray",
    # Of an array that was mapped from a file; its pickle holds the numbers themselves.
    ("numpy", "memmap"): "ndarray",
    ("numpy", "dtype"): "dtype",
    **{(f"{core}.multiarray", "_reconstruct"): "reconstruct" for core in _CORE},
    **{(f"{core}.multiarray", "scalar"): "scalar" for core in _CORE},
    **{(f"{core}.numeric", "_frombuffer"): "frombuffer" for core in _CORE},
    ("collections", "OrderedDict"): "dict",
    # Used for bytes by old protocols.
    ("_codecs", "encode"): "encode",
}
_TYPES = frozenset(["b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"])


class _Refused(Exception):
    """The pickle holds something else than arrays and plain containers."""


@dataclass(slots=True)
class _Name:
    """Stands for a name that arrays need."""

    what: str


@dataclass(slots=True)
class _Type:
    """Stands for `numpy.dtype`."""

    code: str
    order: str = "="


@dataclass(slots=True)
class _Array:
    """Stands for an array, until it is built.

    Attributes:
        state: shape, type, whether the first axis is the fastest (Fortran), data; None: not given.
        scalar: whether it is a single number.
    """

    state: tuple[Any, Any, bool, Any] | None = None
    scalar: bool = False
    built: NDArray[Any] | None = None


@dataclass(slots=True)
class _Machine:
    """Runs the instructions of a pickle, as `pickle.py` documents them, on stand-ins."""

    stack: list[Any] = field(default_factory=list)
    made: int = 0  # bytes, by calls: a short call can copy a long value
    below: list[list[Any]] = field(default_factory=list)
    memo: dict[int, Any] = field(default_factory=dict)

    def run(self, data: bytes) -> Any:
        for steps, (code, value, _) in enumerate(pickletools.genops(data)):
            if steps > MAX_STEPS:
                raise _Refused(f"it has over {MAX_STEPS:,} instructions")
            if code.name == "STOP":
                return self.stack.pop()
            if code.name in _CONSTANTS:
                self.stack.append(value)
            elif code.name in _STEPS:
                _STEPS[code.name](self, value)
            elif code.name not in ("PROTO", "FRAME"):
                raise _Refused(f"it has the instruction {code.name}")
        raise ValueError("it has no end")

    def since_mark(self) -> list[Any]:
        items, self.stack = self.stack, self.below.pop()
        return items

    def mark(self) -> None:
        self.below.append(self.stack)
        self.stack = []

    def tuple_of(self, count: int) -> None:
        if len(self.stack) < count:
            raise ValueError("it takes more than it has")
        items = tuple(self.stack[len(self.stack) - count :])
        del self.stack[len(self.stack) - count :]
        self.stack.append(items)

    def append(self, items: list[Any]) -> None:
        held = self.stack[-1]
        if not isinstance(held, list):
            raise _Refused(f"it appends to {_said(held)}")
        held.extend(items)

    def put_items(self, items: list[Any]) -> None:
        held = self.stack[-1]
        if not isinstance(held, dict):
            raise _Refused(f"it sets items of {_said(held)}")
        _update(held, items)

    def one(self) -> list[Any]:
        return [self.stack.pop()]

    def two(self) -> list[Any]:
        value, key = self.stack.pop(), self.stack.pop()
        return [key, value]

    def named(self, module: Any, name: Any) -> None:
        if not (isinstance(module, str) and isinstance(name, str)):
            raise _Refused("it names something without a name")
        if (module, name) not in _KNOWN:
            raise _Refused(f"it names {module}.{name}"[:200])
        self.stack.append(_Name(_KNOWN[module, name]))

    def reduce(self) -> None:
        arguments, called = self.stack.pop(), self.stack.pop()
        if not (isinstance(called, _Name) and isinstance(arguments, tuple)):
            raise _Refused(f"it calls {_said(called)}")
        found = _called(called.what, arguments)
        self.made = _within(self.made + _size_of(found))
        self.stack.append(found)

    def build(self) -> None:
        state = self.stack.pop()
        _set_state(self.stack[-1], state)


_CONSTANTS = frozenset(
    [
        "INT",
        "BININT",
        "BININT1",
        "BININT2",
        "LONG",
        "LONG1",
        "LONG4",
        "FLOAT",
        "BINFLOAT",
        "STRING",
        "BINSTRING",
        "SHORT_BINSTRING",
        "UNICODE",
        "BINUNICODE",
        "SHORT_BINUNICODE",
        "BINUNICODE8",
        "BINBYTES",
        "SHORT_BINBYTES",
        "BINBYTES8",
        "BYTEARRAY8",
    ]
)
_STEPS: dict[str, Callable[[_Machine, Any], Any]] = {
    "NONE": lambda on, _: on.stack.append(None),
    "NEWTRUE": lambda on, _: on.stack.append(True),
    "NEWFALSE": lambda on, _: on.stack.append(False),
    "MARK": lambda on, _: on.mark(),
    "POP": lambda on, _: on.stack.pop() if on.stack else on.since_mark(),
    "POP_MARK": lambda on, _: on.since_mark(),
    "DUP": lambda on, _: on.stack.append(on.stack[-1]),
    "EMPTY_LIST": lambda on, _: on.stack.append([]),
    "EMPTY_TUPLE": lambda on, _: on.stack.append(()),
    "EMPTY_DICT": lambda on, _: on.stack.append({}),
    "LIST": lambda on, _: _push(on, on.since_mark()),
    "TUPLE": lambda on, _: _push(on, tuple(on.since_mark())),
    "DICT": lambda on, _: _push(on, _update({}, on.since_mark())),
    "TUPLE1": lambda on, _: on.tuple_of(1),
    "TUPLE2": lambda on, _: on.tuple_of(2),
    "TUPLE3": lambda on, _: on.tuple_of(3),
    "APPEND": lambda on, _: on.append(on.one()),
    "APPENDS": lambda on, _: on.append(on.since_mark()),
    "SETITEM": lambda on, _: on.put_items(on.two()),
    "SETITEMS": lambda on, _: on.put_items(on.since_mark()),
    "GLOBAL": lambda on, value: on.named(*value.split(" ", 1)),
    "STACK_GLOBAL": lambda on, _: on.named(*on.two()),
    "REDUCE": lambda on, _: on.reduce(),
    "BUILD": lambda on, _: on.build(),
    "MEMOIZE": lambda on, _: on.memo.__setitem__(len(on.memo), on.stack[-1]),
    **dict.fromkeys(
        ("PUT", "BINPUT", "LONG_BINPUT"),
        lambda on, value: on.memo.__setitem__(value, on.stack[-1]),
    ),
    **dict.fromkeys(
        ("GET", "BINGET", "LONG_BINGET"), lambda on, value: on.stack.append(on.memo[value])
    ),
}


def _push(on: _Machine, value: Any) -> None:
    on.stack.append(value)


def _update(held: dict[Any, Any], items: list[Any]) -> dict[Any, Any]:
    """Set keys and values in turn; only keys whose hash cannot be made slow or deep."""
    if len(items) % 2:
        raise ValueError("a key has no value")
    for key, value in zip(items[::2], items[1::2], strict=True):
        if not isinstance(key, (str, bytes)) and not _is_whole(key):
            raise _Refused(f"it has {_said(key)} as a key")
        held[key] = value
    return held


def _size_of(value: Any) -> int:
    """Bytes, roughly, of what a call makes."""
    if isinstance(value, bytes):
        return len(value)
    return _ENTRY_BYTES * len(value) if isinstance(value, dict) else 0


def _within(made: int) -> int:
    """Raises _Refused if what the instructions make is larger than a file may be."""
    if made > MAX_BYTES:
        raise _Refused(f"its values take over {MAX_BYTES >> 20} MB when they are built")
    return made


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and abs(value) <= _MAX_SIDE


def _called(what: str, arguments: tuple[Any, ...]) -> Any:
    """What a call of a known name gives."""
    if what == "encode":
        text, encoding = arguments
        if isinstance(text, str) and encoding in ("latin1", "latin-1"):
            return text.encode("latin-1")
    elif what == "dict":
        pairs = arguments[0] if arguments else []
        if len(arguments) < 2 and isinstance(pairs, list):
            return _update({}, [one for key, value in pairs for one in (key, value)])
    elif what == "reconstruct":
        if isinstance(arguments[0], _Name) and arguments[0].what == "ndarray":
            return _Array()
    elif what == "dtype":
        return _type_of(arguments[0])
    elif what == "scalar":
        kind, data = arguments
        return _Array(((), kind, False, data), scalar=True)
    elif what == "frombuffer":
        data, kind, shape, order = arguments
        return _Array((shape, kind, order == "F", data))
    raise _Refused(f"it calls numpy's {what} with something else than an array's values")


def _type_of(code: Any) -> _Type:
    if not isinstance(code, str) or code.lstrip("<>=|") not in _TYPES:
        raise _Refused(f"it holds an array of {str(code)[:20]!r}, not of numbers")
    return _Type(code.lstrip("<>=|"), code[0] if code[0] in "<>" else "=")


def _set_state(held: Any, state: Any) -> None:
    """Give an array its values, or a type its byte order."""
    if isinstance(held, _Array) and held.state is None and isinstance(state, tuple):
        _, shape, kind, fortran, data = state
        held.state = (shape, kind, bool(fortran), data)
    elif isinstance(held, _Type) and isinstance(state, tuple):
        order, *fields = state[1:5]
        if order not in ("<", ">", "|", "=") or fields != [None, None, None]:
            raise _Refused("it holds an array of records, not of numbers")
        held.order = order if order in "<>" else "="
    else:
        raise _Refused(f"it changes {_said(held)}")


def _built(stand_in: _Array) -> NDArray[Any]:
    """The array of a stand-in, without a copy where its numbers are native.

    Raises:
        ValueError: the shape does not fit the bytes.
    """
    if stand_in.state is None:
        raise ValueError("an array has no values")
    shape, kind, fortran, data = stand_in.state
    data = data.encode("latin-1") if isinstance(data, str) else data
    if not (isinstance(kind, _Type) and isinstance(data, (bytes, bytearray))):
        raise _Refused("it holds an array of objects, not of numbers")
    if not (isinstance(shape, tuple) and len(shape) <= _MAX_DIMENSIONS):
        raise ValueError("an array has no shape")
    if not all(_is_whole(side) and side >= 0 for side in shape):
        raise ValueError("an array has an impossible shape")
    needed = prod(shape) * int(kind.code[1])
    if needed != len(data):
        raise ValueError(f"an array of {shape} needs {needed} bytes and has {len(data)}")
    if kind.code == "b1":  # numpy trusts that a truth value is 0 or 1
        flat: NDArray[Any] = np.frombuffer(data, np.uint8) != 0
    else:
        stored = np.dtype(kind.order + kind.code)
        flat = np.frombuffer(data, stored) if data else np.empty(0, stored)
        flat = flat.astype(stored.newbyteorder("="), copy=False)
    return flat.reshape(shape, order="F" if fortran else "C")


@dataclass(slots=True)
class _Finish:
    """Replaces every stand-in inside a value by what it stands for."""

    parts: int = 0
    made: int = 0

    def real(self, value: Any, depth: int = 0) -> Any:
        self.parts += 1
        if self.parts > MAX_STEPS or depth > MAX_DEPTH:
            raise _Refused(f"it has over {MAX_STEPS:,} parts or {MAX_DEPTH} levels")
        if isinstance(value, _Array):
            if value.built is None:
                value.built = _built(value)
                self.made = _within(self.made + value.built.nbytes)
            return value.built[()] if value.scalar else value.built
        if isinstance(value, (list, tuple)):
            return type(value)([self.real(item, depth + 1) for item in value])
        if isinstance(value, dict):
            return {key: self.real(item, depth + 1) for key, item in value.items()}
        if isinstance(value, (_Name, _Type)):
            raise _Refused("it holds a name instead of an array")
        return value


def _said(value: Any) -> str:
    """What something is, in words; never its value, which may be deep."""
    kinds = {_Name: "a name", _Type: "a type", _Array: "an array"}
    return kinds.get(type(value), f"a {type(value).__name__}")


def load_arrays(path: Path) -> Any:
    """Load a pickle of arrays and plain containers. Arrays may share memory, and are read-only.

    Raises:
        DataError: it cannot be read, is too large, is damaged, or names anything except arrays.
    """
    try:
        data = read_bounded(path, MAX_BYTES, DataError, "pickle")
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}; copy it again") from None
    return arrays_in(data, str(path))


def arrays_in(data: bytes, where: str) -> Any:
    """As `load_arrays`, of the bytes of a file.

    Raises:
        DataError: damaged, or names anything except arrays.
    """
    try:
        return _Finish().real(_Machine().run(data))
    except _Refused as error:
        raise DataError(
            f"{where}: not a pickle of arrays ({error}); only numpy arrays and plain containers "
            "are allowed, because other pickles can run code. Save numpy.asarray(it) with pickle"
        ) from None
    except Exception as error:
        # A damaged pickle can raise any exception.
        raise DataError(
            f"{where}: damaged pickle ({type(error).__name__}: {str(error)[:200]}); copy it again"
        ) from None
