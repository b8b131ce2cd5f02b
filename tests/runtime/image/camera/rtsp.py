"""A real RTSP server for tests: GStreamer's, in a process of the system's Python."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from functools import lru_cache
from pathlib import Path

import pytest

from tests import leaving

_PYTHON = Path("/usr/bin/python3")
_IMPORTS = """
import sys, gi
gi.require_version("Gst", "1.0"); gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer
"""
_SERVES = """
Gst.init(None)
port, width, user, password = sys.argv[1:]
server, token = GstRtspServer.RTSPServer(), GstRtspServer.RTSPToken()
server.set_service(port)
token.set_string("media.factory.role", "user")
auth = GstRtspServer.RTSPAuth()
auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
server.set_auth(auth)
factory, permissions = GstRtspServer.RTSPMediaFactory(), GstRtspServer.RTSPPermissions()
for each in ("access", "construct"):
    permissions.add_permission_for_role("user", "media.factory." + each, True)
factory.set_permissions(permissions)
factory.set_launch(
    "( videotestsrc is-live=true pattern=ball ! video/x-raw,format=I420,width=%s,height=96,"
    "framerate=20/1 ! jpegenc ! rtpjpegpay name=pay0 pt=26 )" % width
)
server.get_mount_points().add_factory("/door", factory)
server.attach(None)
GLib.MainLoop().run()
"""
_ELEMENTS = "assert all(map(Gst.ElementFactory.find, ('videotestsrc', 'jpegenc', 'rtpjpegpay')))"
_PATIENCE_S = 20.0


@lru_cache(maxsize=1)
def is_there() -> bool:
    """Whether this machine has it."""
    if not _PYTHON.is_file():
        return False
    code = f"{_IMPORTS}Gst.init(None)\n{_ELEMENTS}"
    return leaving.run([_PYTHON, "-c", code], capture_output=True).returncode == 0


class RtspServer:
    """A moving ball, 20 frames a second, of `me` with the password `secret`.

    Attributes:
        port: it keeps when it is started again.
    """

    def __init__(self, width: int = 128) -> None:
        if not is_there():
            pytest.skip(
                "no RTSP server here: apt-get install python3-gi gir1.2-gst-rtsp-server-1.0 "
                "gstreamer1.0-plugins-base gstreamer1.0-plugins-good"
            )
        with socket.socket() as holder:
            holder.bind(("127.0.0.1", 0))
            self.port: int = holder.getsockname()[1]
        self._width = width
        self._process: subprocess.Popen[str] | None = None

    def url(self, password: str = "secret", path: str = "door") -> str:
        """Its address."""
        return f"rtsp://me:{password}@127.0.0.1:{self.port}/{path}"

    def __enter__(self) -> RtspServer:
        code = f"{_IMPORTS}{_SERVES}"
        words = [str(self.port), str(self._width), "me", "secret"]
        self._process = leaving.start([str(_PYTHON), "-c", code, *words])
        until_s = time.monotonic() + _PATIENCE_S
        while not self._listens():
            assert self._process.poll() is None
            assert time.monotonic() < until_s
            time.sleep(0.05)
        return self

    def __exit__(self, *exception: object) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def _listens(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False
