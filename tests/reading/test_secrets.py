"""No password of an address is printed."""

from __future__ import annotations

import pytest

from edgehuman.cli import main
from edgehuman.reading.secrets import without_secrets


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("rtsp://me:pw@door:554/1", "rtsp://***@door:554/1"),
        ("rtsp://pw@door/1", "rtsp://***@door/1"),
        ("rtsp://me:p@w@door/1", "rtsp://***@door/1"),
        ("rtsp://me:p/w@door/1", "rtsp://***@door/1"),
        ("rtsp://me:p%40w@[fe80::1]:554/1", "rtsp://***@[fe80::1]:554/1"),
        ("rtsp://door:554/ch@1", "rtsp://door:554/ch@1"),
        ("rtsp://door/ch@1", "rtsp://door/ch@1"),
        ("http://door/?user=me&pwd=pw&size=2", "http://door/?user=***&pwd=***&size=2"),
        ("http://door/?Token=a.b-c", "http://door/?Token=***"),
        ("http://door/?monkey=1&access_token=a", "http://door/?monkey=1&access_token=***"),
        (
            "rtsp://door/user=me_password=p_w_channel=1_stream=0.sdp",
            "rtsp://door/user=***_password=***_channel=1_stream=0.sdp",
        ),
        ("cannot open 'http://a:b@c/d': refused", "cannot open 'http://***@c/d': refused"),
        ("one http://a:b@c/d, two rtsp://e:f@g/h", "one http://***@c/d, two rtsp://***@g/h"),
        (
            'gst:rtspsrc location=rtsp://a:b@c/1 user-id=me user-pw="p w" ! appsink',
            "gst:rtspsrc location=rtsp://***@c/1 user-id=*** user-pw=*** ! appsink",
        ),
        ("rtsp:/me:pw@door/1", "rtsp:/***@door/1"),  # as a path
        *((plain, plain) for plain in ("/dev/video0, me@here, key=a.pem", "C:/a@b/c", "a:b@c")),
        ("", ""),
    ],
)  # fmt: skip
def test_users_and_passwords_are_left_out(text: str, shown: str) -> None:
    assert without_secrets(text) == shown


@pytest.mark.parametrize(
    "words",
    [
        ["run", "zoo:person-detector-int8", "rtsp://me:secret@door/1"],
        ["run", "zoo:person-detector-int8", "--source", "rtmp://me:secret@door/1"],
        ["run", "zoo:person-garments-int8", "--source", "rtsp://me:secret@door/1"],
        ["run", "zoo:person-detector-int8", "--score", "http://me:secret@door/1", "--source", "a"],
        ["run", "rtsp://me:secret@door/1"],
        ["data", "check", "http://me:secret@door/1"],
    ],
)
def test_no_complaint_of_a_command_tells_one(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) in (1, 2)
    told = "".join(capsys.readouterr())
    assert told
    assert "secret" not in told
