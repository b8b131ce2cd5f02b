"""Of what FFmpeg, OpenCV and GStreamer print, the causes; the lines are of real runs."""

from __future__ import annotations

import pytest

from edgehuman.runtime.image.camera.printed import cause_in

GST = "0:00:00.0070  9361     0x34d64230 ERROR           GST_PIPELINE gst/parse/grammar.y"
OLD, NEW = "./modules/videoio/src/cap_gstreamer.cpp (2401)", "cap_gstreamer.cpp:2838"
HALTED = "GStreamer warning: Embedded video playback halted; module v4l2src0 reported: No device"


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("[tcp @ 0x5620cf51d3c0] Connection refused", "[tcp] Connection refused"),
        (f"[ WARN:0@0.2] global {OLD} handleMessage OpenCV | {HALTED}", HALTED),
        (f"[ WARN:0@0.2] global {NEW} handleMessage OpenCV | {HALTED}", HALTED),
        (f'{GST}:570:gst_parse_element_make: no element "nvvidconv"', 'no element "nvvidconv"'),
        (f"{GST}:1262:priv_gst_parse_yyparse: link has no source [sink=@0x34]", ""),
        ("(python:9332): GStreamer-CRITICAL **: 14:09:28.633: gst_iterator_free: failed", ""),
        (f"[ WARN:0@0.2] global {OLD} open OpenCV | GStreamer warning: cannot find appsink in "
         "manual pipeline", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_what_explains_something_is_kept(line: str, cause: str) -> None:
    assert cause_in(f"{line}\n".encode()) == cause


def test_a_line_without_end_is_cut() -> None:
    assert len(cause_in(b"x" * 10_000)) == 300
