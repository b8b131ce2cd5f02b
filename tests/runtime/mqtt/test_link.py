"""A connection to a broker: credentials, certificates, what is no broker, and what is refused."""

from __future__ import annotations

import contextlib
import gc
import os
import shutil
import socket
import sys
import threading
import types
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edgehuman.errors import DataError, MissingDependencyError, UsageError
from edgehuman.runtime.loop.address import parse_address
from edgehuman.runtime.mqtt.link import PASSWORD_KEY, USER_KEY, Link, require_topic
from tests import leaving
from tests.runtime import listening
from tests.runtime.mqtt.broker import PROGRAM, Broker, certificates, wait_for

pytest.importorskip("paho.mqtt")
SECRET = "s3/cr@et"


def link_to(spec: str, connected: Callable[[], object] = lambda: None) -> Link:
    return Link(parse_address(spec), connected)


def opened(spec: str) -> Link:
    link = link_to(spec)
    link.open()
    return link


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Broker]:
    """A broker that lets in only `anna`, and over TLS on a second port."""
    maker = shutil.which("mosquitto_passwd")
    if PROGRAM is None or maker is None:
        pytest.skip("no mosquitto here: apt-get install mosquitto")
    words = tmp_path / "passwords"
    leaving.run([maker, "-b", "-c", str(words), "anna", SECRET], check=True)
    words.chmod(0o644)
    found = Broker(tmp_path, f"password_file {words}", anonymous=False).start()
    yield found
    found.kill()


def test_user_and_password_of_the_address_or_the_environment(
    guarded: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = f"127.0.0.1:{guarded.port}/t"
    opened(f"mqtt://anna:s3%2Fcr%40et@{place}").close()
    monkeypatch.setenv(USER_KEY, "anna")
    monkeypatch.setenv(PASSWORD_KEY, SECRET)
    opened(f"mqtt://{place}").close()
    for user, password in (("anna", "wrong"), ("", "")):
        monkeypatch.setenv(USER_KEY, user)
        monkeypatch.setenv(PASSWORD_KEY, password)
        with pytest.raises(DataError, match=r"the broker refuses us \(Not authorized\)") as caught:
            opened(f"mqtt://{place}")
        assert USER_KEY in str(caught.value)
        assert not password or password not in str(caught.value)


# paho-mqtt leaves a socket whose handshake fails to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_certificate_is_held_against_an_authority(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgehuman.runtime.mqtt.link.CONNECT_S", 0.5)
    if PROGRAM is None:
        pytest.skip("no mosquitto here: apt-get install mosquitto")
    ca, own, key = certificates(tmp_path)
    broker = Broker(tmp_path, f"certfile {own}", f"keyfile {key}").start()
    try:
        place = f"127.0.0.1:{broker.port}/t"
        opened(f"mqtts://{place}?ca={ca}").close()
        with pytest.raises(DataError, match=r"cannot be reached .*certificate.* and ca"):
            opened(f"mqtts://{place}")
        with pytest.raises(DataError, match=r"no answer from a broker|cannot be reached"):
            opened(f"mqtt://{place}")
    finally:
        broker.kill()
    for wrong in (tmp_path / "none.pem", key, tmp_path):
        with pytest.raises(UsageError, match=r"ca is .*give the PEM file of the authority"):
            link_to(f"mqtts://{place}?ca={wrong}")


def test_the_old_version_can_be_asked_for(broker: Broker) -> None:
    for version in (3, 5):
        opened(f"mqtt://127.0.0.1:{broker.port}/t?version={version}").close()
    with pytest.raises(UsageError, match="version is '4'; give 5 or 3"):
        link_to("mqtt://h/t?version=4")


def test_nobody_is_there() -> None:
    port = listening.free_address()[1]
    with pytest.raises(DataError, match=rf"mqtt://127.0.0.1:{port}/t: the broker cannot be reach"):
        opened(f"mqtt://127.0.0.1:{port}/t")


class Fake:
    """What is no broker: it answers with some bytes."""

    def __init__(self, *answers: bytes) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._answers = answers
        self.connections = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                connection.settimeout(5)
                for answer in self._answers:
                    connection.recv(4096)
                    connection.sendall(answer)
                connection.close()

    def close(self) -> None:
        self._listener.close()


@pytest.mark.parametrize(
    "answer",
    [b"HTTP/1.1 400 Bad\r\n\r\n", b"\xff" * 64, b"\x20\x03\x00\x00\x00", b"\x20\xff\xff\xff\x7f"],
)
def test_what_is_no_broker_is_told_in_time(answer: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgehuman.runtime.mqtt.link.CONNECT_S", 0.3)
    with contextlib.closing(Fake(answer)) as fake:
        spec = f"mqtt://127.0.0.1:{fake.port}/t"
        if answer[:2] == b"\x20\x03":  # it lets us in, and leaves
            opened(spec).close()
        else:
            with pytest.raises(DataError, match=r"no answer from a broker in 0.3 s; is it MQTT on"):
                opened(spec)


def test_bytes_that_are_no_mqtt_do_not_end_the_thread() -> None:
    """A topic that is no UTF-8 makes paho-mqtt raise."""
    let_in, broken = b"\x20\x03\x00\x00\x00", b"\x30\x05\x00\x02\xff\xff\x00"
    with contextlib.closing(Fake(let_in + broken)) as fake:
        link = link_to(f"mqtt://127.0.0.1:{fake.port}/t")
        link.begin()
        wait_for(lambda: fake.connections >= 3)
        assert any("no MQTT" in remark for remark in link.remarks.told)
        link.close()


def test_a_bug_of_ours_stays_a_traceback(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []
    monkeypatch.setattr(threading, "excepthook", lambda given: told.append(given.exc_type))
    link = link_to(f"mqtt://127.0.0.1:{broker.port}/t", lambda: ["a"].index("x"))
    link.begin()
    wait_for(lambda: told == [ValueError])
    link.close()


def test_a_password_that_goes_unencrypted_is_remarked() -> None:
    for spec, count in (("mqtt://a:b@far.lan/t", 1), ("mqtt://a:b@localhost/t", 0),
                        ("mqtts://a:b@far.lan/t", 0), ("mqtt://far.lan/t", 0)):  # fmt: skip
        link = link_to(spec)
        assert len(link.remarks.told) == count


@pytest.mark.skipif(sys.platform != "linux", reason="counts what Linux shows")
def test_nothing_is_left_of_connections_that_were_closed(broker: Broker) -> None:
    place = f"mqtt://127.0.0.1:{broker.port}/t"
    opened(place).close()
    gc.collect()
    threads, files = threading.active_count(), len(os.listdir("/proc/self/fd"))
    for _ in range(10):
        opened(place).close()
    gc.collect()
    wait_for(lambda: threading.active_count() <= threads)
    assert len(os.listdir("/proc/self/fd")) <= files


@pytest.mark.parametrize("topic", ["", "a/b#", "#/a", "a+/b", "a/#/b", "a\0b"])
def test_what_is_no_topic(topic: str) -> None:
    with pytest.raises(UsageError, match="is no topic; write mqtt://HOST/TOPIC"):
        require_topic(parse_address(f"mqtt://h/{topic.replace('#', '%23')}"), wildcards=True)


@pytest.mark.parametrize("topic", ["+", "#", "a/+/b", "a/#"])
def test_several_topics_are_read_and_not_written(topic: str) -> None:
    address = parse_address(f"mqtt://h/{topic}")
    assert require_topic(address, wildcards=True) == topic
    with pytest.raises(UsageError, match="nothing can be published on a topic with"):
        require_topic(address, wildcards=False)


def test_without_paho_2_its_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "paho.mqtt", types.ModuleType("paho.mqtt"))
    monkeypatch.delitem(sys.modules, "paho.mqtt.client", raising=False)
    with pytest.raises(MissingDependencyError, match="the extra `mqtt` brings it"):
        link_to("mqtt://h/t")
    old = types.ModuleType("paho.mqtt.client")
    package = types.ModuleType("paho.mqtt")
    package.client = old  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "paho.mqtt", package)
    monkeypatch.setitem(sys.modules, "paho.mqtt.client", old)
    with pytest.raises(MissingDependencyError, match=r"in version 2 of paho-mqtt.*`mqtt` brings"):
        link_to("mqtt://h/t")
