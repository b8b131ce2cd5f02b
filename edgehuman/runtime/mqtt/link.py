"""A connection to an MQTT broker that is kept up, whoever reads or writes over it.

    link = Link(address, connected=subscribe, message=take)
    link.open()                 waits for the broker; `link.begin()` does not
    link.publish(topic, payload)
    link.close()

User and password stand in the address, or in EDGEHUMAN_MQTT_USER and EDGEHUMAN_MQTT_PASSWORD, and
are never printed. MQTT 5 is spoken, so that the broker is told how large a message may be;
`?version=3` speaks 3.1.1 with an old one, without that bound. paho-mqtt 2 does the work on a thread
of its own; a lost connection is tried again after 1, 2, 4 … 30 seconds, for ever.
"""

from __future__ import annotations

import contextlib
import os
import ssl
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

from edgehuman.errors import DataError, UsageError, safe_name
from edgehuman.install import not_installed
from edgehuman.runtime.lines.messages import (
    FIRST_PAUSE_S,
    LONGEST_PAUSE_S,
    MOST_MESSAGE,
    Remarks,
)
from edgehuman.runtime.loop.address import LOOPBACK, Address

if TYPE_CHECKING:
    from paho.mqtt.client import Client, MQTTMessageInfo

USER_KEY, PASSWORD_KEY = "EDGEHUMAN_MQTT_USER", "EDGEHUMAN_MQTT_PASSWORD"
CONNECT_S, KEEP_ALIVE_S = 5.0, 15
LEAVE_S = 2.0
MOST_QUEUED = 64
"""Of messages that the broker has to confirm, that wait for it."""
_HERE = ("", LOOPBACK, "localhost", "::1")
_HEAD = 4096  # of a message: its topic and properties


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker publishes, and keeps, when this connection dies."""

    topic: str
    payload: str


class Link:
    """A connection to a broker.

    Args:
        address: of mqtt:// or mqtts://.
        connected: called after every connect, on the connection's thread.
        message: called with topic, payload and whether it was kept by the broker, on that thread.
        will: published by the broker if this program dies.
        notify: called with each remark as it is made.

    Attributes:
        name: of the broker, without a password.
        lost: connections that ended by themselves.
        remarks: what happened, in words.
        is_ours: a call of our own is under way on the connection's thread.

    Raises:
        UsageError: no such file of certificates, or version.
        MissingDependencyError: paho-mqtt 2 is not installed.
    """

    def __init__(
        self,
        address: Address,
        connected: Callable[[], object],
        message: Callable[[str, bytes, bool], object] = lambda topic, payload, kept: None,
        will: Will | None = None,
        notify: Callable[[str], object] = lambda words: None,
    ) -> None:
        self.name = address.shown
        self.lost = 0
        self.remarks = Remarks(lambda words: notify(f"{self.name}: {words}"))
        self._address = address
        self._connected, self._message = connected, message
        self._answered = threading.Event()  # the broker has let us in, or not
        self._refusal = ""
        self.is_ours = False
        self._is_up = self._asked = self._leaving = False
        self._mqtt = _paho()
        self._client = self._made(will)

    @property
    def is_up(self) -> bool:
        """Whether there is a connection now."""
        return self._is_up

    def open(self) -> None:
        """Connect, and wait until the broker has let us in.

        Raises:
            DataError: it cannot be reached, or does not let us in.
        """
        why = self._tried()
        if why:
            self.close()
            raise DataError(f"{self.name}: {why}")

    def begin(self) -> None:
        """Connect as soon as the broker can be reached; until then nothing goes through."""
        address = self._address
        self._client.connect_async(address.host or LOOPBACK, address.port, **self._properties())
        self._client.loop_start()

    def subscribe(self, topic: str) -> None:
        """Ask for what is published on a topic; `open` waits until it is granted."""
        self._asked = True
        self._client.subscribe(topic, qos=0)

    def publish(
        self, topic: str, payload: str, qos: int = 0, retain: bool = False
    ) -> MQTTMessageInfo | None:
        """Publish without waiting; None where there is no connection."""
        if not self._is_up:
            return None
        return self._client.publish(topic, payload, qos, retain)

    def close(self) -> None:
        """Leave; waits two seconds at most."""
        self._leaving = True
        self._client.disconnect()
        # Where a broker takes nothing, its thread ends only with the connection.
        leaving = threading.Thread(target=self._client.loop_stop, daemon=True)
        leaving.start()
        leaving.join(LEAVE_S)
        self._is_up = False

    def _tried(self) -> str:
        """Connect; why it failed, in words."""
        address = self._address
        try:
            self._client.connect(address.host or LOOPBACK, address.port, **self._properties())
        except (OSError, ValueError) as error:
            said = safe_name(str(getattr(error, "strerror", None) or error))
            return f"the broker cannot be reached ({said}); start it, or check host, port" + (
                " and ca" if address.scheme == "mqtts" else ""
            )
        self._client.loop_start()
        if not self._answered.wait(CONNECT_S):
            return (
                f"no answer from a broker in {CONNECT_S:g} s; is it MQTT on that port, and without "
                "TLS for mqtt://, with TLS for mqtts://? An old broker needs ?version=3"
            )
        return self._refusal

    def _made(self, will: Will | None) -> Client:
        address, mqtt = self._address, self._mqtt
        client: Client = _client_class(mqtt, self)(
            mqtt.CallbackAPIVersion.VERSION2,
            client_id=f"edgehuman-{uuid.uuid4().hex[:12]}",
            protocol=mqtt.MQTTv5 if self._is_five() else mqtt.MQTTv311,
        )
        user = os.environ.get(USER_KEY) if address.user is None else address.user
        password = os.environ.get(PASSWORD_KEY) if address.password is None else address.password
        if user or password:
            client.username_pw_set(user or "", password)
            if address.scheme == "mqtt" and address.host not in _HERE:
                self.remarks.add("user and password go unencrypted; mqtts:// encrypts them")
        if address.scheme == "mqtts":
            client.tls_set_context(_certificates(address))
        if will is not None:
            client.will_set(will.topic, will.payload, qos=1, retain=True)
        client.connect_timeout = CONNECT_S
        first_s: Any = FIRST_PAUSE_S  # which need not be whole
        client.reconnect_delay_set(first_s, round(LONGEST_PAUSE_S))
        client.max_queued_messages_set(MOST_QUEUED)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_connect_fail = self._on_fail
        client.on_message = self._on_message
        return client

    def _is_five(self) -> bool:
        """Raises UsageError for a version of MQTT that is not spoken."""
        version = self._address.options.get("version", "5")
        if version not in ("3", "5"):
            raise UsageError(f"{self.name}: version is {safe_name(version)!r}; give 5 or 3")
        return version == "5"

    def _properties(self) -> dict[str, Any]:
        given: dict[str, Any] = {"keepalive": KEEP_ALIVE_S}
        if self._is_five():
            from paho.mqtt.packettypes import PacketTypes
            from paho.mqtt.properties import Properties

            given["properties"] = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            given["properties"].MaximumPacketSize = MOST_MESSAGE + _HEAD
        return given

    def _on_connect(self, client: Client, data: Any, flags: Any, reason: Any, more: Any) -> None:
        if reason.is_failure:
            self._refusal = (
                f"the broker refuses us ({safe_name(str(reason))}); give the user and password in "
                f"{USER_KEY} and {PASSWORD_KEY}"
            )
            self.remarks.add(self._refusal)
            self._answered.set()
            return
        if self.lost:
            self.remarks.add("connected to the broker again")
        self._refusal, self._is_up, self._asked = "", True, False
        with self._own():
            self._connected()
        if not self._asked:
            self._answered.set()

    def _on_subscribe(self, client: Client, data: Any, mid: int, reasons: Any, more: Any) -> None:
        if any(reason.is_failure for reason in reasons):
            said = ", ".join(sorted({safe_name(str(reason)) for reason in reasons}))
            self._refusal = f"the broker does not let us read that topic ({said})"
            self.remarks.add(self._refusal)
        self._answered.set()

    def _on_disconnect(self, client: Client, data: Any, flags: Any, reason: Any, more: Any) -> None:
        if self._is_up and not self._leaving:
            self.lost += 1
            self.remarks.add("the connection to the broker is lost; it is tried again, for ever")
        self._is_up = False

    def _on_fail(self, client: Client, data: Any) -> None:
        self.remarks.add("the broker cannot be reached; it is tried again, for ever")

    def _on_message(self, client: Client, data: Any, message: Any) -> None:
        topic = message.topic  # which raises where it is no UTF-8
        with self._own():
            self._message(topic, message.payload, bool(message.retain))

    @contextlib.contextmanager
    def _own(self) -> Iterator[None]:
        """Calls of our own, whose errors are bugs, and end the thread with a traceback."""
        self.is_ours = True
        yield
        self.is_ours = False


def _paho() -> ModuleType:
    """The client of paho-mqtt.

    Raises:
        MissingDependencyError: it is not installed, or is version 1.
    """
    try:
        from paho.mqtt import client
    except ImportError:
        raise not_installed("paho", "MQTT") from None
    if not hasattr(client, "CallbackAPIVersion"):
        raise not_installed("paho", "MQTT, in version 2 of paho-mqtt,")
    return client


def _client_class(mqtt: ModuleType, link: Link) -> Any:
    class Steadfast(mqtt.Client):  # type: ignore[misc, name-defined]
        """A client whose thread survives what is no MQTT: it connects again."""

        def loop_forever(self, timeout: float = 1.0, retry_first_connection: bool = False) -> Any:
            while True:
                try:
                    return super().loop_forever(timeout, retry_first_connection)
                except Exception as error:  # whatever a parser raises of bytes that are none
                    if link.is_ours:
                        raise
                    link.remarks.add(f"the broker sent what is no MQTT ({type(error).__name__})")
                    time.sleep(FIRST_PAUSE_S)
                    with contextlib.suppress(OSError):
                        self.reconnect()

    return Steadfast


def _certificates(address: Address) -> ssl.SSLContext:
    """What a broker's certificate is held against: a file of one's own, or the system's.

    Raises:
        UsageError: no such file, or no certificates in it.
    """
    path = address.options.get("ca")
    try:
        return ssl.create_default_context(cafile=path)
    except (OSError, ssl.SSLError) as error:
        said = getattr(error, "strerror", None) or getattr(error, "reason", None) or error
        raise UsageError(
            f"{address.shown}: ca is {safe_name(str(path))!r} ({said}); give the PEM file of the "
            "authority that signed the broker's certificate"
        ) from None


def require_topic(address: Address, wildcards: bool) -> str:
    """The topic of an address.

    Args:
        wildcards: whether + and # may stand for levels of it.

    Raises:
        UsageError: none, or one that no broker takes.
    """
    topic = address.path
    levels = topic.split("/")
    wild = [level for level in levels if "+" in level or "#" in level]
    is_right = all(level in ("+", "#") for level in wild) and "#" not in levels[:-1]
    if not topic or "\0" in topic or not is_right:
        raise UsageError(
            f"{address.shown}: {topic!r} is no topic; write {address.scheme}://HOST/TOPIC"
        )
    if wild and not wildcards:
        raise UsageError(f"{address.shown}: nothing can be published on a topic with + or #")
    return topic
