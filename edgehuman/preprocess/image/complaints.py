"""What the libraries inside OpenCV print while they decode a picture.

    with complaints() as said:
        image = cv2.imdecode(...)
    print(said)                      ["Corrupt JPEG data: premature end of data segment"]

libjpeg prints to standard error that it made up the rest of a damaged picture, and tells nobody
else. Standard error is the process's, so one thread decodes at a time, and what other threads write
to it meanwhile is written there afterwards.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import threading
from collections.abc import Iterator
from typing import IO

_STDERR = 2
_ONE_AT_A_TIME = threading.Lock()
# The beginnings of what libjpeg, libpng, libtiff, OpenJPEG and OpenCV's own log print.
_OF_LIBRARIES = re.compile(
    rb"Corrupt JPEG|Premature end of JPEG|Inconsistent progression|Invalid SOS|Unknown Adobe color"
    rb"|Unsupported marker|Application transferred|Warning: unknown JFIF|libpng (warning|error)"
    rb"|TIFF\w*:|\[ ?(ERROR|WARN):\d+@"
)
# OpenCV's own may have several lines: these follow the first.
_GOES_ON = re.compile(rb"> |\r?\n")


@contextlib.contextmanager
def complaints() -> Iterator[list[str]]:
    """Collect the lines that libraries print to standard error inside the block; complete after it.

    A process may have no standard error (`2>&-`): it has one inside the block. Without a place for
    the lines, nothing is collected.
    """
    said: list[str] = []
    with _ONE_AT_A_TIME, contextlib.ExitStack() as opened:
        own = _kept_stderr(opened)
        try:
            held = opened.enter_context(_open_memory())
        except OSError:
            yield said
            return
        # Where there is no standard error, the memory itself may have been given its number.
        os.dup2(held.fileno(), _STDERR)
        try:
            yield said
        finally:
            if own is not None:
                os.dup2(own, _STDERR)
            elif held.fileno() != _STDERR:
                os.close(_STDERR)
            held.seek(0)
            goes_on = False
            for line in held.read().splitlines(keepends=True):
                if _OF_LIBRARIES.match(line):
                    said.append(line.decode("utf-8", "replace").strip())
                elif not (goes_on and _GOES_ON.match(line)):
                    if own is not None:
                        os.write(own, line)
                    goes_on = False
                    continue
                goes_on = True


def _kept_stderr(opened: contextlib.ExitStack) -> int | None:
    """A second number of standard error, closed with the stack; None: there is none."""
    try:
        own = os.dup(_STDERR)
    except OSError:
        return None
    opened.callback(os.close, own)
    return own


def _open_memory() -> IO[bytes]:
    """A file in memory, or else on disk. It holds any amount; a pipe that nobody reads meanwhile
    would block when it is full.

    Raises:
        OSError: no folder for temporary files can be written to.
    """
    if hasattr(os, "memfd_create"):
        return open(os.memfd_create("complaints"), "w+b")
    return tempfile.TemporaryFile()
