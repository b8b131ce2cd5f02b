"""A real mosquitto for tests, and somebody else who is connected to it."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import leaving

PROGRAM = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}{os.pathsep}/usr/sbin")
needs_mosquitto = pytest.mark.skipif(
    PROGRAM is None, reason="no mosquitto here: apt-get install mosquitto"
)
_PATIENCE_S = 10.0


class Broker:
    """A broker on a port of its own, which can be killed, frozen and started again.

    Args:
        folder: for its configuration.
        more: further lines of it.
    """

    def __init__(self, folder: Path, *more: str, anonymous: bool = True) -> None:
        with socket.socket() as holder:
            holder.bind(("127.0.0.1", 0))
            self.port: int = holder.getsockname()[1]
        self._config = folder / "mosquitto.conf"
        lines = [f"listener {self.port} 127.0.0.1", *more]
        lines += [f"allow_anonymous {str(anonymous).lower()}", "user root", "log_dest none"]
        self._config.write_text("\n".join(lines) + "\n")
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> Broker:
        """Start, and wait until it listens."""
        assert PROGRAM is not None
        quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._process = leaving.start([PROGRAM, "-c", str(self._config)], **quiet)
        wait_for(self._listens)
        return self

    def kill(self) -> None:
        """Kill it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def freeze(self) -> None:
        """Let it take nothing, though its connections stay."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def _listens(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False


class Peer:
    """Another client of the broker: what it hears, and what it says."""

    def __init__(self, broker: Broker, *topics: str, **credentials: str) -> None:
        from paho.mqtt import client as mqtt
        from paho.mqtt.enums import CallbackAPIVersion

        self.heard: list[tuple[str, bytes, bool]] = []
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        if credentials:
            self._client.username_pw_set(**credentials)
        ready = threading.Event()
        self._client.on_message = lambda client, data, message: self.heard.append(
            (message.topic, bytes(message.payload), bool(message.retain))
        )
        self._client.on_subscribe = lambda *given: ready.set()
        self._client.connect("127.0.0.1", broker.port)
        self._client.loop_start()
        if topics:
            self._client.subscribe([(topic, 0) for topic in topics])
            assert ready.wait(_PATIENCE_S)

    def say(self, topic: str, payload: bytes | str, retain: bool = False) -> None:
        """Publish, and wait until the broker has it."""
        self._client.publish(topic, payload, 1, retain).wait_for_publish(_PATIENCE_S)

    def of(self, topic: str) -> list[bytes]:
        """What was heard on a topic."""
        return [payload for name, payload, _ in list(self.heard) if name == topic]

    def close(self) -> None:
        """Leave."""
        self._client.disconnect()
        self._client.loop_stop()


def wait_for(is_so: Callable[[], object], within_s: float = _PATIENCE_S) -> None:
    """Wait until it is so; fails where it does not come to be."""
    until_s = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < until_s, "it never came to be so"
        time.sleep(0.02)


def certificates(folder: Path) -> tuple[Path, Path, Path]:
    """An authority, and the certificate and key that it gave a broker on this machine."""
    pytest.importorskip("cryptography")
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    # An authority's key signs certificates, and nothing else.
    signs = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    now = datetime.datetime.now(datetime.timezone.utc)
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, n)]) for n in ("house", "broker")]

    def certificate(of: int, more: x509.ExtensionType) -> x509.Certificate:
        builder = x509.CertificateBuilder(names[0], names[of], keys[of].public_key())
        builder = builder.serial_number(of + 1).not_valid_before(now)
        builder = builder.not_valid_after(now + datetime.timedelta(days=1))
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(keys[0].public_key())
        own = x509.SubjectKeyIdentifier.from_public_key(keys[of].public_key())
        builder = builder.add_extension(more, True).add_extension(own, False)
        builder = builder.add_extension(authority, False)
        if of == 0:  # Python 3.13 and newer ask what an authority's key is for
            builder = builder.add_extension(signs, True)
        return builder.sign(keys[0], hashes.SHA256())

    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = certificate(0, x509.BasicConstraints(True, None)), certificate(1, address)
    paths = folder / "ca.pem", folder / "broker.pem", folder / "broker.key"
    for path, one in zip(paths, made, strict=False):
        path.write_bytes(one.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    paths[2].write_bytes(keys[1].private_bytes(serialization.Encoding.PEM, form, plain))
    return paths
