"""Where samples come from: a file, standard input, UDP, or the simulator.

    with open_source("walk.csv", format=ImuFormat()) as source:
        for block in source:
            ...
    print(source.report())

| source | what it is |
|---|---|
| `FILE.csv`, `FILE.jsonl` | columns `t ax ay az gx gy gz` in any order, with a header; `label` is
  passed on |
| a folder, `FILE.zip` | a file per sensor, as phones write them |
| `-` | the same, from standard input |
| `udp://host:port` | the same, a row or an object per datagram, of one sender |
| `simulated`, `simulated:wrist` | a simulated person's sensor |

A file, a pipe and the simulator lose nothing: their reader waits. A socket, and anything with
`realtime`, keeps the pace of its samples; if the loop is too slow, the oldest are dropped and
counted.
"""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from edgehuman.catalogue import SIMULATED
from edgehuman.errors import DataError, UsageError
from edgehuman.files import decoded, unix_ends
from edgehuman.preprocess.imu.format import ImuFormat
from edgehuman.preprocess.imu.text.documents import is_document, read_text
from edgehuman.preprocess.imu.text.header import MAX_BEFORE
from edgehuman.preprocess.imu.text.intervals import INTERVALS
from edgehuman.preprocess.imu.text.lines import NOT_TEXT
from edgehuman.preprocess.imu.text.sensors import beside
from edgehuman.preprocess.imu.text.whole import columns_of, is_prose, is_recording, parser_of
from edgehuman.runtime.imu.feeds import DatagramFeed, JoinedFeed, SimulatedFeed, TextFeed
from edgehuman.runtime.imu.ring import SampleBlock, SampleRing
from edgehuman.runtime.loop.datagrams import SCHEME
from edgehuman.runtime.loop.source import Feed, Source
from edgehuman.runtime.loop.text import MAX_LINE, open_file, standard_input

LOSSLESS_CAPACITY = 16384
LIVE_CAPACITY = 2048  # about 40 s at 50 Hz; older data is useless live
TEXT_SUFFIXES = (".csv", ".jsonl", ".json", ".ndjson", ".txt", ".tsv")


def open_source(
    spec: str,
    *,
    format: ImuFormat | None = None,
    realtime: bool = False,
    seed: int = 0,
    placement: str = "waist",
    minutes: float | None = None,
    sender: str | None = None,
) -> Source[SampleBlock]:
    """Open a source: `FILE.csv`, `FILE.jsonl`, `-`, `udp://host:port` or `simulated`.

    Args:
        spec: the source; `simulated:PLACEMENT` says where the simulated sensor sits.
        format: the declared units and axes of the stream.
        realtime: files and the simulator keep the pace of their stamps; late samples are dropped.
        seed: of the simulated person.
        placement: where the simulated sensor sits, unless `spec` says it.
        minutes: length of the simulated stream; None: it never ends.
        sender: of a UDP port, whose datagrams are read, "ADDRESS" or "ADDRESS:PORT"; None: those of
            the first that sends.

    Raises:
        UsageError: unknown source, or a sender of something that is not UDP.
        DataError: a missing, empty or foreign file; a port that is taken.
    """
    format = ImuFormat() if format is None else format
    word, _, rest = spec.partition(":")
    if sender is not None and not spec.startswith(SCHEME):
        raise UsageError(f"--sender is for a source udp://HOST:PORT, not {spec}; leave it out")
    if word == SIMULATED:
        walker = SimulatedFeed(seed, rest or placement, minutes)
        return source_of(walker, live=realtime, paced=realtime)
    if spec.startswith(SCHEME):
        return source_of(DatagramFeed(spec, format, sender), live=True)
    if "://" in spec:
        raise UsageError(
            f"source {spec!r}: {word} is not supported; "
            "give FILE.csv, FILE.jsonl, -, udp://host:port or simulated"
        )
    if is_joined(spec):
        return source_of(JoinedFeed(spec, format), live=realtime, paced=realtime)
    return source_of(_text(spec, format), live=realtime, paced=realtime)


def is_joined(spec: str) -> bool:
    """Whether the source is a folder or zip with a file per sensor."""
    return Path(spec).is_dir() or Path(spec).suffix.lower() == ".zip"


def recordings_in(path: Path, rate_hz: float | None = None) -> list[Path]:
    """The recordings of a path: the files of a folder of complete ones; else the path itself, as a
    folder with a file per sensor.

    Args:
        rate_hz: rows per second, for rows without stamps.

    Raises:
        DataError: a file beside complete recordings that is none, but looks like one.
    """
    if not path.is_dir():
        return [path]
    complete, other = [], {}
    files = (file for file in path.iterdir() if not file.name.lower().endswith(INTERVALS))
    for file in sorted(file for file in files if file.is_file() and is_recording(file)):
        try:
            columns_of(file, rate_hz)
            complete.append(file)
        except DataError as error:
            other[file] = error
    if not complete:
        return [path]
    for file, why in other.items():
        if not is_prose(file):
            raise why
    return complete


def source_of(feed: Feed[SampleBlock], live: bool, paced: bool = False) -> Source[SampleBlock]:
    """A feed that is read into a ring.

    Args:
        live: True: the oldest samples are dropped if the loop is late. False: the reader waits.
        paced: the reader keeps the pace of the stamps.
    """
    ring = SampleRing(LIVE_CAPACITY if live else LOSSLESS_CAPACITY, lossless=not live)
    return Source(feed, ring, paced)


def _text(spec: str, format: ImuFormat) -> TextFeed:
    """Standard input, or an open file whose header has been checked."""
    if spec == "-":
        descriptor = standard_input("CSV or JSON lines")
        return TextFeed("standard input", descriptor, format, owned=False)
    path = Path(spec)
    others = "" if path.suffix in TEXT_SUFFIXES else ", or -, udp://host:port or simulated"
    descriptor = open_file(path, ".csv or .jsonl", others)
    try:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            beginning = os.read(descriptor, MAX_LINE)
            if is_document(beginning):
                packed = descriptor
                descriptor, beginning = _as_lines(path)
                os.close(packed)
            os.lseek(descriptor, 0, os.SEEK_SET)
            _require_readable(path, beginning, format)
    except BaseException:
        os.close(descriptor)
        raise
    return TextFeed(str(path), descriptor, format)


def _as_lines(path: Path) -> tuple[int, bytes]:
    """A document's lines in a nameless file: its descriptor, and their beginning."""
    text = read_text(path)
    with tempfile.TemporaryFile() as file:
        file.write(text)
        file.flush()
        return os.dup(file.fileno()), text[:MAX_LINE]


def _require_readable(path: Path, beginning: bytes, format: ImuFormat) -> None:
    """Raises DataError early for a file that is empty, binary or without the columns."""
    if not beginning.strip():
        raise DataError(f"{path} is empty; give a CSV file with a header, or JSON lines")
    if b"\0" in beginning:
        raise DataError(f"{path} {NOT_TEXT}")
    lines = unix_ends(beginning.lstrip()).split(b"\n")
    parser = parser_of(str(path), format)
    try:
        parser.parse([decoded(line) for line in lines[:MAX_BEFORE]])
    except DataError as error:
        raise DataError(f"{error}{beside(path)}") from None
