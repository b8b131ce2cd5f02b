"""A headless Chromium driven over its DevTools pipe, for pages that change while one looks.

with Browser(program, folder) as browser:
    tab = browser.open("http://...", width=390, dark=True)
    tab.until("document.title !== ''")
    tab.shot(path)
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

from tests import leaving

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
LIMIT_S = 60.0


def program() -> str:
    """The browser of this machine; without one the test is skipped."""
    found = next((place for name in BROWSERS if (place := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"no browser: none of {', '.join(BROWSERS)} is installed")
    return found


class Browser:
    """One process; see the head of this file."""

    def __init__(self, path: str, folder: Path) -> None:
        read, self._out = os.pipe()
        self._in, write = os.pipe()
        flags = "--headless=new --no-sandbox --disable-gpu --hide-scrollbars --mute-audio"
        flags += " --no-first-run --ignore-certificate-errors --remote-debugging-pipe"
        line = f'exec 3<&{read} 4>&{write}; exec "$0" "$@"'
        words = [path, *flags.split(), f"--user-data-dir={folder}", "about:blank"]
        self._process = leaving.start(
            ["bash", "-c", line, *words],
            pass_fds=(read, write),
            stdout=-3,
            stderr=-3,
        )
        os.close(read)
        os.close(write)
        self._held, self._number = b"", 0
        self.events: list[dict[str, Any]] = []

    def __enter__(self) -> Browser:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._out)
        self._process.terminate()
        self._process.wait(LIMIT_S)
        os.close(self._in)

    def call(self, method: str, session: str = "", **named: Any) -> dict[str, Any]:
        """The result of a method of the DevTools protocol."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": named}
        if session:
            message["sessionId"] = session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        until_s = time.monotonic() + LIMIT_S
        while time.monotonic() < until_s:
            answer = self._message(until_s)
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                found: dict[str, Any] = answer["result"]
                return found
            self.events.append(answer)
        raise AssertionError(f"no answer to {method}")

    def open(self, url: str, width: int = 1280, height: int = 900, dark: bool = False) -> Tab:
        """A new page."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        tab = Tab(self, attached["sessionId"])
        for name in ("Page", "Runtime", "Log"):
            tab.call(f"{name}.enable")
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        tab.call("Emulation.setEmulatedMedia", features=[scheme])
        tab.size(width, height)
        tab.call("Page.navigate", url=url)
        tab.until("document.readyState === 'complete' && location.href !== 'about:blank'")
        return tab

    def _message(self, until_s: float) -> dict[str, Any]:
        while b"\0" not in self._held:
            left_s = until_s - time.monotonic()
            assert select.select([self._in], [], [], max(left_s, 0))[0], "the browser is silent"
            piece = os.read(self._in, 1 << 20)
            assert piece, "the browser has ended"
            self._held += piece
        text, _, self._held = self._held.partition(b"\0")
        found: dict[str, Any] = json.loads(text)
        return found


class Tab:
    """A page that is open."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser, self._session = browser, session

    def call(self, method: str, **named: Any) -> dict[str, Any]:
        return self._browser.call(method, self._session, **named)

    def size(self, width: int, height: int) -> None:
        """Resize the window; under 600 pixels it is a phone."""
        phone = width < 600
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=2 if phone else 1,
            mobile=phone,
        )

    def ask(self, expression: str) -> Any:
        """The value of an expression."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def until(self, expression: str, limit_s: float = 20.0) -> Any:
        """Wait for an expression to be true; its value."""
        until_s = time.monotonic() + limit_s
        while not (value := self.ask(expression)):
            text = self.ask("document.body ? document.body.innerText.slice(0, 600) : ''")
            assert time.monotonic() < until_s, (expression, text, self.errors())
            time.sleep(0.05)
        return value

    def click(self, selector: str) -> None:
        """Press and release the mouse in the middle of an element."""
        x, y = self.ask(
            f"(() => {{ const part = document.querySelector({selector!r}); "
            "part.scrollIntoView({ block: 'center', behavior: 'instant' }); "
            "const box = part.getBoundingClientRect(); "
            "return [box.x + box.width / 2, box.y + box.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def type(self, selector: str, text: str) -> None:
        """Click on a field, and type."""
        self.click(selector)
        self.call("Input.insertText", text=text)

    def errors(self) -> list[str]:
        """What the page complained about: exceptions, and what its policy refused."""
        self.ask("1")  # whatever is on its way
        found = []
        for event in self._browser.events:
            if event.get("sessionId") != self._session:
                continue
            if event["method"] == "Runtime.exceptionThrown":
                found.append(str(event["params"]["exceptionDetails"])[:500])
            if event["method"] == "Log.entryAdded" and event["params"]["entry"]["level"] == "error":
                found.append(event["params"]["entry"]["text"][:300])
        return found

    def shot(self, path: Path, whole: bool = True) -> None:
        """Write a picture of the page."""
        content = self.call("Page.captureScreenshot", captureBeyondViewport=whole)["data"]
        path.write_bytes(base64.b64decode(content))
