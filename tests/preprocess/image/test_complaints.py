"""What libraries print while they decode is collected; what others print meanwhile is not lost."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

from edgehuman.preprocess.image.complaints import complaints
from tests import leaving


def test_lines_of_libraries_are_collected_and_others_printed(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with complaints() as said:
        os.write(2, b"Corrupt JPEG data: premature end of data segment\nwords of another thread\n")
        os.write(2, b"libpng warning: iCCP: known incorrect sRGB profile\n")
    assert said == [
        "Corrupt JPEG data: premature end of data segment",
        "libpng warning: iCCP: known incorrect sRGB profile",
    ]
    assert capfd.readouterr().err == "words of another thread\n"
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"


def test_the_further_lines_of_a_complaint_belong_to_it(capfd: pytest.CaptureFixture[str]) -> None:
    with complaints() as said:
        os.write(
            2, b"[ERROR:0@0.064] global imdecode_ can't read data\n> Too long LZW\n> where\n\n"
        )
        os.write(2, b"of another thread\n> quoted\n\n")
    assert said == ["[ERROR:0@0.064] global imdecode_ can't read data"]
    assert capfd.readouterr().err == "of another thread\n> quoted\n\n"


def test_an_error_inside_gives_standard_error_back(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ZeroDivisionError), complaints():
        raise ZeroDivisionError
    os.write(2, b"back\n")
    assert capfd.readouterr().err == "back\n"


def test_each_thread_gets_its_own(capfd: pytest.CaptureFixture[str]) -> None:
    found: dict[int, list[str]] = {}

    def listen(number: int) -> None:
        for _ in range(20):
            with complaints() as said:
                os.write(2, b"Corrupt JPEG data: %d\n" % number)
            found.setdefault(number, []).extend(said)

    threads = [threading.Thread(target=listen, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: [f"Corrupt JPEG data: {number}"] * 20 for number in range(4)}
    assert capfd.readouterr().err == ""


CLOSED = """
import os, sys
from edgehuman.preprocess.image.complaints import complaints
for number in map(int, sys.argv[1:]):
    os.close(number)
said = []
for _ in range(2):
    with complaints() as some:
        os.write(2, b"Corrupt JPEG data: a\\nwords of another thread\\n")
    said += some
for number in (0, 2):
    try:
        os.fstat(number)
        said.append(f"{number} is open")
    except OSError:
        pass
print(said)
"""


@pytest.mark.parametrize("closed", [("2",), ("0", "2")])
def test_a_process_without_a_standard_error_is_told_too(closed: tuple[str, ...]) -> None:
    words = [sys.executable, "-c", CLOSED, *closed]
    done = leaving.run(words, stdout=subprocess.PIPE, text=True, check=True)
    left = [] if "0" in closed else ["0 is open"]
    assert done.stdout == f"{['Corrupt JPEG data: a'] * 2 + left}\n"


@pytest.mark.parametrize("place", ["memory", "disk", "nowhere"])
def test_where_the_lines_are_held(
    place: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def refuse() -> None:
        raise FileNotFoundError("No usable temporary directory")

    if place != "memory":
        monkeypatch.delattr(os, "memfd_create", raising=False)
    if place == "nowhere":
        monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    with complaints() as said:
        os.write(2, b"Corrupt JPEG data: a\n")
    kept = place != "nowhere"
    assert said == (["Corrupt JPEG data: a"] if kept else [])
    assert capfd.readouterr().err == ("" if kept else "Corrupt JPEG data: a\n")
