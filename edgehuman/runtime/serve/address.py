"""Where the page listens, and by which names it may be asked for.

    address = parse_address("8080", None, None, ())
    with listening(address) as listener: ...

`--serve PORT` listens on this machine alone (127.0.0.1); another host has to be named.
"""

from __future__ import annotations

import ipaddress
import os
import re
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

from edgehuman.errors import DataError, UsageError

LOOPBACK = "127.0.0.1"
_MOST_PORT = 65_535
_PORT = re.compile(r"[0-9]{1,5}")
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,252})")
# A slow reader holds no more than this in the kernel's buffer, so its pictures are not old.
_SEND_BYTES = 1 << 18
_LOWAT_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Address:
    """Where the page listens.

    Attributes:
        host: an address of this machine, or a name of it.
        port: 0: any free one.
        names: further names by which it may be asked for (`Host`), such as that of a proxy.
        cert, key: PEM files of TLS; None: without.
    """

    host: str
    port: int
    names: tuple[str, ...] = ()
    cert: Path | None = None
    key: Path | None = None

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine reaches it."""
        return self.host == "localhost" or _is_loopback(self.host)

    @property
    def scheme(self) -> str:
        """http or https."""
        return "http" if self.cert is None else "https"

    def hosts(self) -> frozenset[str]:
        """The names of a `Host` header that are answered, in lower case, without a port."""
        own = {self.host, *self.names}
        if self.is_loopback:
            own |= {"localhost", LOOPBACK, "::1"}
        else:
            own.add(socket.gethostname())
        return frozenset(name.lower() for name in own)

    @property
    def any_address(self) -> bool:
        """Whether it listens on every interface: then any number of an address is answered, as it
        cannot be a name that somebody else points here.
        """
        return self.host in ("0.0.0.0", "::")

    def url(self, port: int) -> str:
        """The address as a browser of this machine takes it."""
        host = LOOPBACK if self.host == "0.0.0.0" else "::1" if self.host == "::" else self.host
        return f"{self.scheme}://{f'[{host}]' if ':' in host else host}:{port}/"


def parse_address(
    text: str, cert: Path | None, key: Path | None, names: tuple[str, ...]
) -> Address:
    """The address of `--serve [HOST:]PORT`.

    Raises:
        UsageError: no such address, or a certificate without its key.
    """
    host, colon, port = text.strip().rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise _wrong(text)
    if not _PORT.fullmatch(port) or int(port) > _MOST_PORT or (colon and not host):
        raise _wrong(text)
    for name in (*names, *([host] if host else [])):
        if not (_NAME.fullmatch(name) or _is_address(name)):
            raise UsageError(f"{name!r} is no name or address of a machine; give e.g. camera.local")
    if (cert is None) != (key is None):
        given, missing = ("cert", "key") if key is None else ("key", "cert")
        raise UsageError(f"--serve-{given} needs --serve-{missing} too; give both, or neither")
    return Address(host or LOOPBACK, int(port), names, cert, key)


def _wrong(text: str) -> UsageError:
    return UsageError(
        f"--serve is {text!r}; give a port, as 8080, or HOST:PORT, as 0.0.0.0:8080 or [::1]:8080"
    )


def listen(address: Address) -> socket.socket:
    """A socket that listens.

    Raises:
        DataError: the address is taken, or none of this machine.
    """
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name != "nt":  # where it would let two programs have one port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Connections take both over from the socket that listens.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BYTES)
        if hasattr(socket, "TCP_NOTSENT_LOWAT"):
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _LOWAT_BYTES)
        listener.bind((address.host, address.port))
        listener.listen(16)
    except OSError as error:
        listener.close()
        raise DataError(
            f"--serve: cannot listen on {address.host} port {address.port} "
            f"({error.strerror or error}); free the port, or give another address"
        ) from None
    return listener


def tls_of(address: Address) -> ssl.SSLContext | None:
    """What encrypts; None without a certificate.

    Raises:
        UsageError: the files cannot be read, or do not belong together.
    """
    if address.cert is None or address.key is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        # An empty password, as OpenSSL asks the terminal for that of an encrypted key.
        context.load_cert_chain(address.cert, address.key, password="")
    except (OSError, ssl.SSLError, ValueError) as error:
        raise UsageError(
            f"--serve-cert {address.cert} and --serve-key {address.key}: no PEM certificate with "
            f"its unencrypted key ({error})"
        ) from None
    return context


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    return _is_address(host) and ipaddress.ip_address(host).is_loopback
