"""Where samples come from: a file, standard input, the network, a phone's app, or the simulator.

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
| `tcp://host:port`, `serial:DEVICE` | the same, line by line (`lines.tcp`, `lines.serial`) |
| `mqtt://host/topic` | the same, published on a topic (`mqtt.messages`) |
| `sensorlogger://:port` | what Sensor Logger pushes over HTTP (`imu.phones.push`) |
| `phyphox://host` | what phyphox is asked for (`imu.phones.phyphox`) |
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
from edgehuman.records import IMU_RATE_HZ
from edgehuman.runtime.imu.feeds import JoinedFeed, SimulatedFeed, TextFeed
from edgehuman.runtime.imu.messages import MessageFeed
from edgehuman.runtime.imu.ring import SampleBlock, SampleRing
from edgehuman.runtime.lines.messages import Messages
from edgehuman.runtime.lines.udp import UdpMessages
from edgehuman.runtime.loop.address import (
    SCHEMES,
    Address,
    parse_address,
    scheme_forms,
    scheme_of,
    without_secret,
)
from edgehuman.runtime.loop.source import Feed, Source
from edgehuman.runtime.loop.text import MAX_LINE, open_file, standard_input

LOSSLESS_CAPACITY = 16384
LIVE_CAPACITY = 2048  # about 40 s at 50 Hz; older data is useless live
LIVE = tuple(SCHEMES)
SENDING = ("udp", "tcp", "mqtt", "mqtts", "sensorlogger")
"""Where several may send to one place."""
LOGGING = ("mqtt", "mqtts", "sensorlogger", "tcp", "udp")
"""Where Sensor Logger's JSON may come from."""
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
    wanted_hz: float = IMU_RATE_HZ,
) -> Source[SampleBlock]:
    """Open a source: `FILE.csv`, `FILE.jsonl`, `-`, an address of a live one, or `simulated`.

    Args:
        spec: the source; `simulated:PLACEMENT` says where the simulated sensor sits.
        format: the declared units and axes of the stream.
        realtime: files and the simulator keep the pace of their stamps; late samples are dropped.
        seed: of the simulated person.
        placement: where the simulated sensor sits, unless `spec` says it.
        minutes: length of the simulated stream; None: it never ends.
        sender: of several that send to one port or topic, which is read: the "ADDRESS" or
            "ADDRESS:PORT" of UDP and TCP, the topic or device of MQTT, the device of Sensor Logger;
            None: the first.
        wanted_hz: samples a second that the model needs: an app that sends fewer is told.

    Raises:
        UsageError: unknown source, or a sender or phone of something that has none.
        DataError: a missing, empty or foreign file; a port that is taken; nobody to connect to.
        MissingDependencyError: the package that reads it is not installed.
    """
    format = ImuFormat() if format is None else format
    word, _, rest = spec.partition(":")
    scheme = scheme_of(spec)
    if sender is not None and scheme not in SENDING:
        raise UsageError(
            f"--sender is for a source {scheme_forms(SENDING)}, not {without_secret(spec)}; leave "
            "it out"
        )
    if format.phone is not None:
        _require_logging(spec, scheme)
    if scheme:
        address = parse_address(spec, LIVE, "FILE.csv, FILE.jsonl, -, simulated, ")
        messages = open_messages(address, format, sender)
        return source_of(MessageFeed(messages, format, wanted_hz), live=True)
    if word == SIMULATED:
        walker = SimulatedFeed(seed, rest or placement, minutes)
        return source_of(walker, live=realtime, paced=realtime)
    if is_joined(spec):
        return source_of(JoinedFeed(spec, format), live=realtime, paced=realtime)
    return source_of(_text(spec, format), live=realtime, paced=realtime)


def _require_logging(spec: str, scheme: str) -> None:
    """Raises UsageError for a --phone that nothing would be read with."""
    is_table = not scheme and Path(spec).suffix.lower() in (".csv", ".tsv", ".txt")
    is_other = spec.partition(":")[0] == SIMULATED or is_table or is_joined(spec)
    if is_other or (scheme and scheme not in LOGGING):
        raise UsageError(
            f"--phone is for Sensor Logger's JSON, from {scheme_forms(LOGGING)}, a pipe or a file; "
            "leave it out. Of an iPhone's CSV files: --axes -x-y-z --gyro-axes +x+y+z"
        )


def open_messages(address: Address, format: ImuFormat, sender: str | None) -> Messages:
    """Open what brings the messages of an address; what is optional is imported here.

    Raises:
        UsageError, DataError, MissingDependencyError: as `open_source`.
    """
    if address.scheme == "udp":
        return UdpMessages(address.shown, sender)
    if address.scheme == "tcp":
        from edgehuman.runtime.lines.tcp import ConnectedMessages, ListeningMessages

        if "listen" in address.options:
            return ListeningMessages(address, sender)
        if sender is not None:
            raise UsageError(f"--sender is for tcp://…?listen; {address.shown} is one sender")
        return ConnectedMessages(address)
    if address.scheme == "serial":
        from edgehuman.runtime.lines.serial import SerialMessages

        return SerialMessages(address)
    if address.scheme == "phyphox":
        from edgehuman.runtime.imu.phones.phyphox import PhyphoxMessages

        return PhyphoxMessages(address)
    from edgehuman.runtime.imu.phones.sessions import LoggedMessages

    if address.scheme == "sensorlogger":
        from edgehuman.runtime.imu.phones.push import PushedMessages

        if format.phone is None:
            raise UsageError(
                f"{address.shown} needs --phone ios, android or standard: an iPhone's acceleration "
                "has the opposite sign, and nothing in what it sends says so"
            )
        return LoggedMessages(PushedMessages(address), format.phone, sender)
    from edgehuman.runtime.mqtt.messages import BrokerMessages

    if set(address.path) & set("+#"):  # several topics, of which the sender is one
        return LoggedMessages(BrokerMessages(address, sender), format.phone)
    return LoggedMessages(BrokerMessages(address), format.phone, sender)


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
    others = (
        ""
        if path.suffix in TEXT_SUFFIXES
        else ", or -, udp://HOST:PORT, mqtt://HOST/TOPIC or simulated"
    )
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
