"""Addresses of live sources and sinks: the one place where schemes are read.

    address = parse_address("mqtts://anna:secret@broker.lan/wrist/imu?ca=ca.pem")
    address.scheme, address.host, address.port, address.path, address.options
    address.shown                       "mqtts://broker.lan:8883/wrist/imu", without the password

A user's name and password are percent-encoded where they hold `@`, `:`, `/` or `%`. They stand in
no message, no result and no report.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import unquote

from edgehuman.errors import UsageError, safe_name

LOOPBACK = "127.0.0.1"
MOST_PORT = 65_535
_SHOWN = 60
# One letter is a drive of Windows.
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
_SERIAL = "serial"
_SECRET = re.compile(r"//\S*@")  # up to the last @: somebody may not have encoded a slash


@dataclass(frozen=True, slots=True)
class Scheme:
    """One kind of address.

    Attributes:
        form: how it is written, for the messages.
        port: the one that is meant where none is given; None: it must be given.
        options: names that may stand behind `?`.
        has_host: False: all of it is a path, as of a device.
        takes_path: a path may follow the host.
        takes_user: a user and password may stand before the host.
    """

    form: str
    port: int | None = None
    options: tuple[str, ...] = ()
    has_host: bool = True
    takes_path: bool = False
    takes_user: bool = False


_OF_BROKER = ("discovery", "version")
SCHEMES: Mapping[str, Scheme] = MappingProxyType(
    {
        "udp": Scheme("udp://HOST:PORT"),
        "tcp": Scheme("tcp://HOST:PORT", options=("listen",)),
        "serial": Scheme("serial:DEVICE?baud=115200", options=("baud",), has_host=False),
        "mqtt": Scheme("mqtt://HOST/TOPIC", 1883, _OF_BROKER, True, True, True),
        "mqtts": Scheme("mqtts://HOST/TOPIC", 8883, ("ca", *_OF_BROKER), True, True, True),
        "sensorlogger": Scheme("sensorlogger://:PORT", 8000, takes_path=True),
        "phyphox": Scheme("phyphox://HOST", 8080),
    }
)
# What somebody may write for one of ours.
_MEANT = {
    "http": "Sensor Logger's HTTP push is sensorlogger://:8000, phyphox is phyphox://HOST:8080",
    "ws": "a broker is read over TCP, mqtt://HOST/TOPIC, on whatever port an app writes to it",
    "ble": "Bluetooth is read by your own program, which pushes: edgehuman.stream(model).push(...)",
    "rtsp": "that is a camera, and this model reads no pictures",
    "com": "a serial port is serial:COM3?baud=115200",
}
_MEANT |= {"https": _MEANT["http"], "wss": _MEANT["ws"], "bluetooth": _MEANT["ble"]}


@dataclass(frozen=True, slots=True)
class Address:
    """Where something is read or written.

    Attributes:
        scheme: a key of `SCHEMES`.
        host: empty where none was given; an IPv6 address is without its brackets.
        port: 0: any free one, where something listens.
        path: without the first slash, percent-decoded; of a device its whole name.
        options: name -> value, of those behind `?`; "" for a name alone.
        user, password: percent-decoded; None where there are none.
    """

    scheme: str
    host: str = ""
    port: int = 0
    path: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    @property
    def shown(self) -> str:
        """The address without user and password, for messages and reports."""
        if not SCHEMES[self.scheme].has_host:
            return safe_name(f"{self.scheme}:{self.path}")
        path = f"/{self.path}" if self.path else ""
        return safe_name(f"{self.scheme}://{said_host(self.host)}:{self.port}{path}")


def said_host(host: str) -> str:
    """A host as it stands in an address: IPv6 in brackets."""
    return f"[{host}]" if ":" in host else host


def scheme_of(spec: str) -> str:
    """The scheme of an address, in lower case; "" for a path, - or another word."""
    found = _SCHEME.match(spec)
    if found is not None:
        return found[1].lower()
    word, colon, _ = spec.partition(":")
    return _SERIAL if colon and word.lower() == _SERIAL else ""


def scheme_forms(known: Collection[str]) -> str:
    """The forms of some schemes, for a message."""
    return ", ".join(scheme.form for name, scheme in SCHEMES.items() if name in known)


def without_secret(spec: str) -> str:
    """A text in which an address may stand, without its user and password."""
    return _SECRET.sub("//", spec)


def parse_address(
    spec: str, known: Collection[str] = tuple(SCHEMES), others: str = "", what: str = "source"
) -> Address:
    """Read an address.

    Args:
        known: the schemes that are read here.
        others: what else may be given, for the message about an unknown scheme.
        what: what the address is of, for that message.

    Raises:
        UsageError: an unknown scheme, no host where one is needed, no port, an unknown option, or a
            user where there are none; the message names the forms that are known.
    """
    name = scheme_of(spec)
    if name not in SCHEMES or name not in known:
        meant = f". {_MEANT[name][0].upper()}{_MEANT[name][1:]}" if name in _MEANT else ""
        raise UsageError(
            f"{what} {_short(spec)!r}: {name or 'this'} is not supported; give {others}"
            f"{scheme_forms(known)}{meant}"
        )
    scheme = SCHEMES[name]
    rest, _, query = spec[len(name) + (3 if scheme.has_host else 1) :].partition("?")
    options = _options(spec, query, scheme)
    if not scheme.has_host:
        if not rest:
            raise UsageError(f"{_short(spec)!r} names no device; write {scheme.form}")
        return Address(name, path=unquote(rest), options=options)
    authority, slash, path = rest.partition("/")
    user, password, place = _credentials(authority)
    if user is not None and not scheme.takes_user:
        raise UsageError(f"{_short(spec)!r}: {name} takes no user; write {scheme.form}")
    if slash and path and not scheme.takes_path:
        raise UsageError(f"{_short(spec)!r} has a path, which {name} has none of; write "
                         f"{scheme.form}")  # fmt: skip
    host, port = host_and_port(place, scheme.port, spec, scheme.form)
    return Address(name, host, port, unquote(path), options, user, password)


def host_and_port(place: str, usual: int | None, spec: str, form: str) -> tuple[str, int]:
    """The host, without brackets, and the port of "host:port".

    Args:
        usual: the port where none is given; None: that is an error.

    Raises:
        UsageError: no port from 0 to 65535.
    """
    bare = place.endswith("]") or ":" not in place
    host, port = (place, "") if bare else place.rpartition(":")[::2]
    if bare and usual is not None:
        return host.strip("[]"), usual
    # isdigit alone is not enough: int() rejects "²" and numbers of thousands of digits.
    is_port = port.isascii() and port.isdigit() and len(port) <= 5 and int(port) <= MOST_PORT
    if not is_port:
        raise UsageError(f"{_short(spec)!r} names no port from 0 to {MOST_PORT}; write {form}")
    return host.strip("[]"), int(port)


def _credentials(authority: str) -> tuple[str | None, str | None, str]:
    before, at, place = authority.rpartition("@")
    if not at:
        return None, None, authority
    user, colon, password = before.partition(":")
    return unquote(user), unquote(password) if colon else None, place


def _options(spec: str, query: str, scheme: Scheme) -> dict[str, str]:
    """The options behind `?`.

    Raises:
        UsageError: one that this scheme has not.
    """
    found: dict[str, str] = {}
    for part in query.split("&") if query else ():
        name, _, value = part.partition("=")
        if name not in scheme.options:
            has = f"it has {', '.join(scheme.options)}" if scheme.options else "it has none"
            raise UsageError(
                f"{_short(spec)!r}: no option {safe_name(name)!r}; {has}: {scheme.form}"
            )
        found[name] = unquote(value)
    return found


def _short(spec: str) -> str:
    spec = safe_name(without_secret(spec))
    return spec if len(spec) <= _SHOWN else f"{spec[:_SHOWN]}…"
