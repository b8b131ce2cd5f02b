"""What libraries print while a camera is opened and read: FFmpeg and GStreamer say there what is
wrong, and OpenCV only that something is.
"""

from __future__ import annotations

import os
import re
import threading
from collections import deque

_LAST_LINES, _MOST_PRINTED = 3, 300
# What stands before a cause: "[tcp @ 0x5620cf51d3c0] Connection refused", OpenCV's file and line,
# GStreamer's ("0:00:00.006 9361 0x34d64230 ERROR GST_PIPELINE gst/parse/grammar.y:570:make: ").
_BEFORE = re.compile(
    r" @ 0x[0-9a-f]+|\[ ?(?:WARN|ERROR):\S* global \S+(?: \(\d+\))? \w+ (?:OpenCV \| )?"
    r"|^\d:\d\d:[\d.]+ +\d+ +0x[0-9a-f]+ ERROR +\S+ \S+?:\d+:\w+:(?:<\S*>)? "
)
# Lines that name no cause.
_SAYS_NOTHING = (
    " **: ",
    "link has no s",
    "pipeline have not been created",
    "cannot find appsink in manual pipeline",
    "unable to query duration of stream",
    "can't be used to capture by",
    "Stream timeout triggered",
    "Stream ends prematurely",
    "exit requested",
)


def cause_in(line: bytes) -> str:
    """What a printed line says that explains something; "" if it does not."""
    text = _BEFORE.sub("", line[:_MOST_PRINTED].decode("utf-8", "replace")).strip()
    return "" if any(word in text for word in _SAYS_NOTHING) else text


def printed() -> deque[str]:
    """The last lines of what is printed from now on, by this process or a library in it, as far as
    they name a cause; filled by a thread.
    """
    lines: deque[str] = deque(maxlen=_LAST_LINES)
    reading, writing = os.pipe()
    for descriptor in (1, 2):
        os.dup2(writing, descriptor)

    def read() -> None:
        with os.fdopen(reading, "rb") as stream:
            for line in stream:
                if cause := cause_in(line):
                    lines.append(cause)

    threading.Thread(target=read, daemon=True).start()
    return lines
