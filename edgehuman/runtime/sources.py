"""Where samples come from: a file, standard input, UDP, or the simulator.

    with open_source("walk.csv", format=ImuFormat()) as source:
        for block in source:
            ...
    print(source.report())
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, runtime_checkable

from edgehuman.preprocess.imu_format import ImuFormat
from edgehuman.runtime.ring import SampleBlock


@runtime_checkable
class Source(Protocol):
    """A context manager that iterates over blocks of samples, read on a thread of its own.

    Attributes:
        name: the id that results carry.
        live: True where samples come at their own pace and the newest win.
    """

    name: str
    live: bool

    def __enter__(self) -> Source: ...
    def __exit__(self, *exception: object) -> None: ...
    def __iter__(self) -> Iterator[SampleBlock]: ...
    def report(self) -> dict[str, Any]: ...


def open_source(
    spec: str,
    *,
    format: ImuFormat | None = None,
    realtime: bool = False,
    seed: int = 0,
    placement: str = "waist",
    minutes: float | None = None,
) -> Source:
    """A source from its words: `FILE.csv`, `FILE.jsonl`, `-`, `udp://host:port` or `simulated`.

    Args:
        spec: the words.
        format: what is declared of the stream.
        realtime: files and the simulator keep the pace of their stamps, and the newest samples win.
        seed: of the simulated person.
        placement: where the simulated sensor sits.
        minutes: length of the simulated stream; None: it never ends.

    Raises:
        UsageError: words that name no source.
        DataError: a missing, empty or foreign file.
    """
    raise NotImplementedError
