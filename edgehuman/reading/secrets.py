"""Passwords in addresses, left out of whatever is printed or saved.

without_secrets("rtsp://admin:pw@door/1?token=a")      "rtsp://***@door/1?token=***"
"""

from __future__ import annotations

import re

MASK = "***"
# As a path it has one slash; one letter before the colon is a disk.
_ADDRESS = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]+:/{1,2})(?P<rest>[^\s\"'<>]*)")
# Up to the last @ before the path; or, of a password with a slash in it, up to the last @ at all:
# what stands behind the colon is no port then.
_USER = re.compile(r"[^/?#]*@|[^/@:]+:(?!\d*(?:[/?#]|$))[^\s]*@")
# Of addresses. Cameras take them in the path too: /user=admin_password=pw_channel=1.
_NAMES = (
    r"user(?:name)?|usr|login|pass(?:word|wd|phrase)?|pwd|pw|(?:access_?)?token|secret|auth\w*"
    r"|(?:api_?)?key|sig(?:nature)?|credentials?"
)
_PAIR = re.compile(rf"(?<![A-Za-z])({_NAMES})=(?:(?!_[a-z]+=)[^&;\s#\"'/])+", re.IGNORECASE)
# Properties of GStreamer's sources.
_PROPERTY = re.compile(
    r"\b((?:user|proxy)-?(?:id|pw|name|password)|password|passphrase)\s*=\s*(\"[^\"]*\"|'[^']*'|\S+)",
    re.IGNORECASE,
)


def without_secrets(text: str) -> str:
    """The text with `***` for user and password of every address in it, for the values of its keys
    that name a password or token, and for those of a GStreamer pipeline.
    """
    text = _ADDRESS.sub(_hidden, text)
    return _PROPERTY.sub(rf"\1={MASK}", text)


def _hidden(found: re.Match[str]) -> str:
    rest = found["rest"]
    user = _USER.match(rest)
    if user is not None:
        rest = f"{MASK}@{rest[user.end() :]}"
    return found["scheme"] + _PAIR.sub(rf"\1={MASK}", rest)
