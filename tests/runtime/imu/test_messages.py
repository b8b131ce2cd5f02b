"""Rows, objects and events in messages, good and garbage, and from several senders."""

from __future__ import annotations

import json
import socket
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import pytest

from edgehuman.errors import DataError, UsageError
from edgehuman.preprocess.imu.recording import ImuFormat
from edgehuman.runtime.imu.messages import MessageFeed
from edgehuman.runtime.imu.ring import SampleBlock
from edgehuman.runtime.imu.source import open_source
from edgehuman.runtime.imu.windows import WindowMaker
from edgehuman.runtime.loop.senders import Senders
from edgehuman.runtime.loop.source import Source
from tests.runtime import hostile
from tests.runtime.listening import ended, entered_and_left, is_free

HEADER = "t,ax,ay,az,gx,gy,gz"


def row(i: int) -> str:
    """A row at 50 Hz that tells its number."""
    return f"{i / 50:.2f},{i / 100:.2f},0,1,0.1,0.2,0.3"


# ---- datagrams ----


@pytest.fixture
def receiver() -> Iterator[tuple[Source[SampleBlock], Callable[[bytes], object]]]:
    """An open source on a free port, and what sends to it."""
    source = open_source("udp://127.0.0.1:0", format=ImuFormat(stamp_unit="s"))
    assert isinstance(source.feed, MessageFeed)
    address = source.feed.address
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender, source:
        yield source, lambda data: sender.sendto(data, address)


def test_datagrams_of_both_forms_and_garbage(
    receiver: tuple[Source[SampleBlock], Callable[[bytes], object]],
) -> None:
    source, send = receiver
    keys = HEADER.split(",")
    begin_ns = time.monotonic_ns()
    for garbage in (b"\xff\x00\x01", b"", b"hello", b"{", b'{"t": 1}', b"1,2,3"):
        send(garbage)
    for i in range(50):
        cells = map(float, row(i).split(","))
        as_json = json.dumps(dict(zip(keys, cells, strict=True)))
        send((as_json if i % 2 else row(i)).encode())
    count, blocks = 0, iter(source)
    stamps: list[float] = []
    while count < 50:
        block = next(blocks)
        count += len(block)
        stamps += [float(t) for t in block.stamp_s_T]
        assert (block.arrival_ns_T > begin_ns).all()
    assert stamps == pytest.approx([i / 50 for i in range(50)])
    report = source.report()
    assert (report["rows"], report["datagrams"], report["garbage_datagrams"]) == (50, 56, 6)
    assert len(report["first_bad"]) == 3
    assert source.live


def android(name: str, i: int, xyz: list[float]) -> bytes:
    """A datagram of SensaGram."""
    event = {"type": f"android.sensor.{name}", "timestamp": 7_000_000_000 + 20_000_000 * i}
    return json.dumps({**event, "values": xyz, "accuracy": 3}).encode()


def test_a_phone_that_sends_one_sensor_a_datagram_beside_another_sender() -> None:
    """Both sensors are joined, and nothing of the other sender gets in."""
    source = open_source("udp://127.0.0.1:0")
    assert isinstance(source.feed, MessageFeed)
    address, count, blocks = source.feed.address, 0, []
    kind = socket.AF_INET, socket.SOCK_DGRAM
    with source, socket.socket(*kind) as phone, socket.socket(*kind) as other:
        for i in range(150):
            phone.sendto(android("accelerometer", i, [0.0, float(i), 9.8]), address)
            phone.sendto(android("gyroscope", i, [0.5, 0.0, float(i)]), address)
            other.sendto(row(i).encode(), address)
            time.sleep(0.001)
        for block in source:
            blocks.append(block)
            count += len(block)
            if count >= 150 or not len(block):
                break
    imu_TC = np.concatenate([block.imu_TC for block in blocks])
    np.testing.assert_allclose(imu_TC[:, 1], np.arange(150))
    np.testing.assert_allclose(imu_TC[:, 5], np.arange(150))
    np.testing.assert_allclose(
        np.concatenate([block.stamp_s_T for block in blocks]), 7 + np.arange(150) / 50
    )
    assert blocks[-1].gyro_stated
    report = source.report()
    assert (report["bad_rows"], report["refused_datagrams"]) == (0, 150)
    assert report["sensors"]["read"] == ["accelerometer", "gyroscope"]
    assert [remark.split(",")[0] for remark in report["remarks"]] == [
        "another sender",
        "both sensors are joined by their stamps: accelerometer + gyroscope",
    ]


def test_a_sender_is_for_datagrams() -> None:
    with pytest.raises(UsageError, match=r"--sender is for a source udp:.* mqtt:.*, not sim"):
        open_source("simulated", sender="10.0.0.1")
    with pytest.raises(UsageError, match="--sender is 'phone'; give an IP address"):
        open_source("udp://127.0.0.1:0", sender="phone")


def test_a_port_that_is_taken() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
        holder.bind(("127.0.0.1", 0))
        port = holder.getsockname()[1]
        with pytest.raises(DataError, match=rf"cannot listen on udp://127.0.0.1:{port}"):
            open_source(f"udp://127.0.0.1:{port}")


def test_a_source_is_read_once_and_given_back_unread() -> None:
    source = open_source("udp://127.0.0.1:0")
    assert isinstance(source.feed, MessageFeed)
    source.close()
    assert is_free(source.feed.address)
    read = open_source("simulated", minutes=0.01)
    with read:
        assert sum(map(len, read))
    for used in (source, read):
        with pytest.raises(UsageError, match="was read or closed already; open it again"), used:
            pass


def test_a_quiet_port_can_be_left() -> None:
    ended(lambda: entered_and_left(open_source("udp://127.0.0.1:0")))


# ---- floods ----


class Sent:
    """Datagrams of one sender, or of several, without a socket between: as many as are read."""

    name, address = "udp://127.0.0.1:0", ("", 0)

    def __init__(
        self,
        sent: Iterable[tuple[bytes, int]],
        apart: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.count, self._apart = 0, apart  # each number on an address of its own
        self._senders, self._sent = Senders(clock=clock), sent

    @property
    def changes(self) -> int:
        return self._senders.changes

    def __iter__(self) -> Iterator[bytes | None]:
        for data, port in self._sent:
            host = f"10.0.0.{port}" if self._apart else "127.0.0.1"
            for each in self._senders.admit(data, (host, port)):
                self.count += 1
                yield each

    def heard(self, rows: bool, garbage: bool, trouble: str = "") -> None:
        self._senders.heard(rows, garbage)

    def report(self) -> dict[str, Any]:
        senders = self._senders
        counts = {"datagrams": self.count, "refused_datagrams": senders.refused}
        return {**counts, "remarks": senders.remarks}

    def close(self) -> None:
        """Nothing to close."""


def windows_of(sent: Iterable[tuple[bytes, int]]) -> tuple[int, dict[str, Any], WindowMaker]:
    """The windows that a live listener makes of datagrams, and both reports."""
    feed = MessageFeed(Sent(sent), ImuFormat())
    maker = WindowMaker(patient=True)
    found = sum(len(maker.push(block)) for block in feed) + len(maker.close())
    return found, {**feed.report(), **maker.report.as_dict()}, maker


def good(count: int = 400) -> Iterator[tuple[bytes, int]]:
    """An hour later than the flood, so that no stamp of it is near."""
    return ((hostile.row(n, 4000 + n / 50), 1) for n in range(count))


@pytest.mark.slow
@pytest.mark.parametrize("name", hostile.SAMPLES)
def test_nothing_that_one_sender_sends_ends_the_listener_or_keeps_memory(name: str) -> None:
    flood = [(hostile.SAMPLES[name](n), 1) for n in range(3 if name in hostile.HEAVY else 20)]
    windows_of(flood[:2])
    tracemalloc.start()
    found, report, maker = windows_of([*flood, *good()])
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del maker
    assert (kept, peak) < (2_000_000, 6_000_000)
    lost = report["bad_rows"] + report["impossible_rows"] + report["refused"]
    assert found >= 1 or lost or report["sensors"]
    assert len(report["remarks"]) + len(report["notes"]) < 60
    assert len(json.dumps(report)) < 40_000


@pytest.mark.slow
@pytest.mark.parametrize("name", ["noise", "keys", "headers", "no time between", "nan rows"])
def test_the_work_for_garbage_grows_with_its_length(name: str) -> None:
    """Calls are counted, not seconds: what is quadratic fails on any machine."""

    def calls(count: int) -> int:
        flood = hostile.SAMPLES
        sent = [(flood[name](n) if name in flood else b"nan,nan", 1) for n in range(count)]
        return hostile.work(lambda: windows_of(sent))

    calls(4)
    few, many = calls(20), calls(40)
    assert many < 2.3 * few


def test_line_ends_alone_are_passed_once() -> None:
    """60,000 in one datagram took two seconds as each was cut off a list."""
    begin_s = time.process_time()
    windows_of([(hostile.SAMPLES["line ends"](0), 1)])
    assert time.process_time() - begin_s < 1.5


def test_a_header_of_somebody_else_never_moves_columns() -> None:
    swapped = b"t,gx,gy,gz,ax,ay,az"
    sent = [(swapped, 2), (b"t,ax,ay,az,gx,gy,gz\n" + hostile.row(0), 1)]
    rows = []
    for n in range(1, 300):
        sent += [(swapped, 2), (hostile.row(n), 1), (b"\xff", 3)]
    feed = MessageFeed(Sent(sent), ImuFormat())
    rows = [block.imu_TC for block in feed]
    imu_TC = np.concatenate(rows)
    assert len(imu_TC) > 290
    np.testing.assert_allclose(imu_TC[:, 2], 1.0)
    assert feed.report()["refused_datagrams"] > 290
    assert any("another sender" in remark for remark in feed.report()["remarks"])


def test_another_sender_is_read_with_its_own_columns_and_units() -> None:
    clock = [0.0]

    def sent() -> Iterator[tuple[bytes, int]]:
        yield b"gx,gy,gz,ax (mg),ay (mg),az (mg),t", 1
        for n in range(30):
            yield b"0.1,0.2,0.3,0,0,1000,%.2f" % (n / 50), 1
        clock[0] = 9.0  # started again: no header this time
        for n in range(30):
            yield hostile.row(n, 100 + n / 50), 2

    feed = MessageFeed(Sent(sent(), clock=lambda: clock[0]), ImuFormat())
    blocks = [block for block in feed if len(block)]
    imu_TC = np.concatenate([block.imu_TC for block in blocks])
    np.testing.assert_allclose(imu_TC[:, 2], 1.0, rtol=1e-6)
    assert len(imu_TC) == 60
    assert feed.report()["rows"] == 60


@pytest.mark.parametrize(
    "stray",
    [
        b"1,2,3,4,5,6,7",
        b"nan,1,1,1,1,1,1",
        b"inf,nan,nan,nan,nan,nan,nan",
        b"9" * 5000 + b",0,0,1,0,0,0",
        b"0,1e99,0,0,0,0,0",
        b'{"type": "android.sensor.gyroscope", "timestamp": 1, "values": [NaN, 0, 0]}',
        b"t,gx,gy,gz,ax,ay,az",
    ],
)
def test_one_stray_datagram_silences_nobody(stray: bytes) -> None:
    """The right sender is read from five seconds after it."""
    clock = [0.0]

    def sent() -> Iterator[tuple[bytes, int]]:
        yield stray, 2
        for n in range(300):
            clock[0] = 2.0 + n / 50
            yield hostile.row(n, 100 + n / 50), 1

    feed = MessageFeed(Sent(sent(), apart=True, clock=lambda: clock[0]), ImuFormat())
    assert sum(map(len, feed)) >= 145
    assert feed.report()["refused_datagrams"] <= 152
    assert any("is silent; 10.0.0.1:1 is read" in said for said in feed.report()["remarks"])


def test_rows_of_no_numbers_prove_nobody() -> None:
    nan = b"nan,nan,nan,nan,nan,nan,nan"
    sent = [(b"t,ax,ay,az,gx,gy,gz", 2), *[(nan, 2)] * 3, *good()]
    found, report, _ = windows_of(sent)
    assert found >= 1
    assert report["refused_datagrams"] == 0


def test_a_wrong_clock_is_said_once_and_the_right_one_is_read() -> None:
    sent = [(hostile.row(n, f"{7 + n * 1e-11:.14f}"), 1) for n in range(1000)]
    found, report, _ = windows_of([*sent, *good()])
    assert found >= 5
    assert report["impossible_rows"] >= 900
    assert sum("rows a second" in remark for remark in report["remarks"]) == 1


def test_a_rate_that_is_too_low_is_said_once_and_counted() -> None:
    found, report, _ = windows_of((hostile.row(n, n / 5), 1) for n in range(400))
    assert found == 0
    assert report["refused"] > 300
    assert sum("it needs at least 10" in note for note in report["notes"]) == 1
