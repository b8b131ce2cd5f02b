"""What somebody hostile, or broken, sends to a live listener: made here, of any length."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any

from tests.runtime.gait_models import ANNA, walk

Flood = Callable[[int], bytes]
FULL = 60_000  # bytes: about the largest datagram
MUCH = 6000  # where each byte costs something
HEAVY = frozenset({"line ends", "tiny rows", "many joints", "one wide header", "headers", "keys"})


def row(n: int, stamp: object = None) -> bytes:
    """A row at 50 Hz, lying still."""
    return f"{n / 50 if stamp is None else stamp},0,0,1,0.01,0.02,{n % 7 / 100}".encode()


def _long(key: str, n: int) -> bytes:
    return json.dumps({key: "\x1b]0;x\x07" * (FULL // 20), "n": n}).encode()


def _pose(n: int, **changes: Any) -> bytes:
    return json.dumps({**walk(ANNA, 1)[0], "t": n / 24, **changes}).encode()


# Floods of samples of a wearable: the n-th datagram of each.
SAMPLES: Mapping[str, Flood] = {
    "noise": lambda n: bytes((n * k * k) % 256 for k in range(400)),
    "no line at all": lambda n: b"",
    "line ends": lambda n: b"\n" * FULL,
    "tiny rows": lambda n: b"1,2\n" * (MUCH // 4),
    "headers": lambda n: "\n".join(f"a{n}x{k},b,c,d,e,f,g" for k in range(50)).encode(),
    "one wide header": lambda n: ",".join(f"acc{n}_{k}" for k in range(300)).encode(),
    "keys": lambda n: json.dumps({f"acc_{n}_{k}": k for k in range(300)}).encode(),
    "deep lists": lambda n: b"[" * FULL,
    "deep objects": lambda n: b'{"a":' * (FULL // 5),
    "deep payload": lambda n: b'{"t":0,"payload":' * 800 + b"{}" + b"}" * 800,
    "long numbers": lambda n: b",".join([b"9" * 5000] * 7),
    "long whole numbers": lambda n: b'{"buffer": {"acc_time": {"buffer": [' + b"9" * 400 + b"]}}}",
    "a phyphox of them": lambda n: json.dumps(
        {f"{s}{x}": [10**400] for s in ("acc", "gyr") for x in ("X", "Y", "Z", "_time")}
    ).encode(),
    "long names": lambda n: _long("type", n),
    "sensors without end": lambda n: json.dumps(
        {"type": f"sensor{n}", "timestamp": n, "values": [1, 2, 3]}
    ).encode(),
    "long labels": lambda n: b"t,ax,ay,az,gx,gy,gz,label\n" + row(n) + b"," + b"%d" % n * 9000,
    "far stamps": lambda n: row(n, f"{'-' if n % 2 else ''}1e300"),
    "stamps that jump": lambda n: row(n, n * 3e7 * (-1) ** n),
    "one stamp for ever": lambda n: row(n, 5),
    "no time between": lambda n: row(n, f"{7 + n * 1e-11:.14f}"),
    "not a number": lambda n: row(n, "nan"),
    "huge values": lambda n: f"{n / 50},1e39,1e300,-1e308,inf,nan,1".encode(),
    "two sensors in turn": lambda n: f"{n / 50},{n % 2 * 9},{n % 2},{1 - n % 2},0,0,0".encode(),
    "five a second": lambda n: row(n, n / 5),
    "no gravity in reach": lambda n: f"{n / 50},4000,3000,90000,0,0,0".encode(),
}
# The same of poses.
POSES: Mapping[str, Flood] = {
    **{name: SAMPLES[name] for name in ("noise", "no line at all", "line ends", "tiny rows")},
    **{name: SAMPLES[name] for name in ("deep lists", "deep objects", "long names", "keys")},
    "ids without end": lambda n: _pose(n, id=f"{n}"),
    "long ids": lambda n: _pose(n, id=f"{n}" * 5000),
    "ids that a terminal obeys": lambda n: _pose(n, id=f"\x1b]0;{n}\x07"),
    "sizes without end": lambda n: _pose(
        n, joints=[[0.1 + k / 99, 0.5, 0.9] for k in range(18)], width=100 + n, height=90 + n
    ),
    "far stamps": lambda n: _pose(n, t=(-1) ** n * 1e300),
    "stamps that jump": lambda n: _pose(n, t=n * 3e7 * (-1) ** n),
    "no time between": lambda n: _pose(n, t=7 + n * 1e-11),
    "one stamp for ever": lambda n: _pose(n, t=5),
    "long numbers": lambda n: b'{"t": ' + b"9" * 5000 + b', "joints": []}',
    "far joints": lambda n: _pose(n, joints=[[1e300, -1e300, 1e300]] * 18),
    "many joints": lambda n: _pose(n, joints=[[1, 2, 0.5]] * 3000),
    "jumps": lambda n: _pose(n, joints=[[n % 2 * 9e5 + k, k, 0.9] for k in range(18)]),
}


def work(call: Callable[[], object]) -> int:
    """Function calls of this thread in Python and C while it runs: a measure of work that does not
    depend on how busy the machine is.
    """
    count = 0

    def look(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(look)
    try:
        call()
    finally:
        sys.setprofile(None)
    return count
