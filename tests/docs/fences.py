"""The fenced blocks of a page, and a machine that runs them in order as a reader would.

A block that cannot run here stands behind a comment on the line before it, with the reason:

    <!-- not run: needs a Jetson -->
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests import leaving, warm

ROOT = Path(__file__).resolve().parents[2]
RUNNABLE = ("sh", "python")
_FENCE = re.compile(
    r"^(?:<!-- not run: (?P<reason>[^\n]+) -->\n)?```(?P<language>\w*)\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Fence:
    """One block of a page.

    Attributes:
        language: what stands behind the three signs; empty where nothing does.
        not_run: why it cannot run here; empty where it can.
    """

    language: str
    code: str
    not_run: str

    @property
    def runs(self) -> bool:
        """Whether it is to be run here."""
        return self.language in RUNNABLE and not self.not_run


def fences(page: Path) -> list[Fence]:
    """The blocks of a page from top to bottom."""
    text = page.read_text(encoding="utf-8")
    return [
        Fence(match["language"], match["code"], match["reason"] or "")
        for match in _FENCE.finditer(text)
    ]


def run_page(blocks: Sequence[Fence], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the blocks one after another in one shell that stops at the first failure.

    `edgehuman` and `python` are those of this test; each block is told on standard error first.
    """
    programs = folder / ".programs"
    programs.mkdir()
    warm.program(programs / "edgehuman", "-m", "edgehuman")
    python = warm.program(programs / "python")
    script = ["set -eu"]
    for number, block in enumerate(blocks):
        script.append(f"echo '== block {number} ({block.language})' >&2")
        if block.language == "python":
            path = programs / f"block_{number}.py"
            path.write_text(block.code, encoding="utf-8")
            script.append(f"python {path}")
        else:
            script.append(block.code)
    environment = {
        **os.environ,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "PYTHON_EXEC": str(python),  # torchrun's
    }
    return leaving.run(
        ["bash", "-c", "\n".join(script)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
