"""The page in a real browser: it draws, says what it must, asks for nothing, and reports no error.

A copy of the page with a probe at its end runs in headless Chromium; the probe writes what it saw
into the document. Skipped, visibly, where there is no Chromium.
"""

from __future__ import annotations

import html
import json
import re
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edgehuman.runtime.demo.day import simulated_day
from edgehuman.runtime.demo.page import true_runs
from tests import leaving
from tests.runtime.demo.conftest import Made

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CANVASES = ("camera", "walker", "accel", "gyro", "labels")
LIMIT_S = 90
# Before everything else, so that no error is missed.
LISTEN = """<script>window.seen = { errors: [] };
addEventListener("error", (e) => seen.errors.push(String(e.message)));
addEventListener("securitypolicyviolation", (e) => seen.errors.push("asked for " + e.blockedURI));
</script>"""
PROBE = """<script>setTimeout(() => {
  const inks = (id) => {
    const canvas = document.getElementById(id);
    const rgba = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    return new Set(new Uint32Array(rgba.buffer)).size;
  };
  seen.inks = Object.fromEntries(%s.map((id) => [id, inks(id)]));
  seen.loaded = performance.getEntriesByType("resource").map((e) => e.name)
    .filter((name) => !name.startsWith("data:"));
  seen.wide = document.documentElement.scrollWidth > innerWidth;
  seen.pictures = [...document.images].every((image) => image.naturalWidth > 0);
  seen.text = document.body.innerText;
  const first = document.getElementById("clock").textContent;
  document.getElementById("labels").dispatchEvent(new MouseEvent("click", { clientX: 200 }));
  seen.moved = document.getElementById("clock").textContent !== first;
  const note = document.createElement("pre");
  note.id = "seen"; note.textContent = JSON.stringify(seen); document.body.append(note);
}, 1500);</script>"""


@pytest.fixture(scope="module")
def browser() -> str:
    """The browser of this machine."""
    found = next((place for name in BROWSERS if (place := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"no browser: none of {', '.join(BROWSERS)} is installed")
    return found


def chromium(browser: str, folder: Path, *words: str) -> str:
    """The standard output of a headless run."""
    flags = ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars")
    done = leaving.run(
        [browser, *flags, f"--user-data-dir={folder}", "--virtual-time-budget=4000", *words],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=True,
    )
    return done.stdout


def probed(browser: str, made: Made, folder: Path, width: int) -> dict[str, Any]:
    """What the probe saw at this width."""
    text = made.text.replace("<head>", "<head>" + LISTEN, 1)
    copy = folder / "probed.html"
    copy.write_text(text.replace("</body>", PROBE % json.dumps(CANVASES) + "</body>", 1))
    size = f"--window-size={width},900"
    dom = chromium(browser, folder / "profile", size, "--dump-dom", copy.as_uri())
    found = re.search(r'<pre id="seen">(.*?)</pre>', dom, re.DOTALL)
    assert found is not None, dom[-2000:]
    seen: dict[str, Any] = json.loads(html.unescape(found[1]))
    return seen


@pytest.mark.parametrize("width", [1200, 500])
def test_it_draws_and_asks_for_nothing(
    browser: str, made: Made, tmp_path: Path, width: int
) -> None:
    seen = probed(browser, made, tmp_path, width)
    assert seen["errors"] == []
    assert seen["loaded"] == []
    assert all(seen["inks"][name] > 3 for name in CANVASES), seen["inks"]
    assert seen["pictures"]
    assert seen["moved"]
    assert not seen["wide"], "the page scrolls sideways"
    for words in ("SIMULATED", "computing", "waiting", "named in", "INT8", "worst cosine"):
        assert words in seen["text"], words


def test_the_screen_is_not_blank(browser: str, made: Made, tmp_path: Path) -> None:
    shot = tmp_path / "shot.png"
    words = ("--window-size=1200,900", f"--screenshot={shot}", made.page.as_uri())
    chromium(browser, tmp_path / "profile", *words)
    picture = cv2.imread(str(shot))
    assert picture is not None
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 200


def test_nothing_in_the_file_points_elsewhere(made: Made) -> None:
    assert re.findall(r"(?:src|href)=\"(?!data:)[^\"]*", made.text) == []
    assert not re.search(r"url\(|@import|fetch\(|XMLHttpRequest|<link (?!rel=\"icon\")", made.text)
    assert "default-src 'none'" in made.text
    assert "{{" not in made.text
    assert made.page.stat().st_size < 2_000_000


def test_the_data_cannot_end_its_element(made: Made) -> None:
    inside = made.text.split('id="data">', 1)[1].split("</script>", 1)[0]
    assert "<" not in inside
    data = json.loads(inside)
    assert data["seconds"] == pytest.approx(50.0, abs=1.0)
    for frame in data["camera"]["frames"]:  # by the clock of the sensor
        assert any(begin <= frame["t"] < end for begin, end in data["camera"]["spans"])
    assert len(data["film"]["ground"]) == pytest.approx(50 * 12.5, abs=15)


def test_true_runs_cover_the_recording() -> None:
    day = simulated_day(60.0, 0)
    runs = true_runs(day)
    assert sum(length_s for _, length_s, _ in runs) == pytest.approx(day.duration_s)
    assert [runs[0][2], runs[-1][2]] == ["standing", "standing"]
    assert "lie_to_stand" in [name for _, _, name in runs]
