"""Ctrl-C while modules are imported, and text that the terminal does not have."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests import leaving

ROOT = Path(__file__).parents[1]
# A module that is slow to import, and is interrupted meanwhile; the second swallows errors, as
# some compiled modules do.
SLOW = "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(10)\n"
SWALLOWS = (
    "import os, signal, time\ntry:\n    os.kill(os.getpid(), signal.SIGINT)\n    time.sleep(10)\n"
    "except BaseException:\n    raise ImportError('numpy is broken') from None\n"
)


def run(
    code: str, expect: int = 0, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run lines of Python."""
    done = leaving.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})},
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        timeout=60,
        check=False,
    )
    assert done.returncode == expect, done.stderr
    return done


@pytest.mark.skipif(os.name == "nt", reason="os.kill ends a process on Windows")
@pytest.mark.parametrize("module", [SLOW, SWALLOWS])
@pytest.mark.parametrize("replaced", ["tyro", "numpy"])
def test_ctrl_c_during_the_imports_ends_quietly(module: str, replaced: str, tmp_path: Path) -> None:
    (tmp_path / f"{replaced}.py").write_text(module)
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from edgehuman.__main__ import main\n"
        f"import {replaced}\n"
        "sys.exit(main())"
    )
    done = run(code, expect=130)
    assert (done.stdout, done.stderr) == ("", "edgehuman: stopped\n")


@pytest.mark.skipif(os.name == "nt", reason="os.kill ends a process on Windows")
def test_ctrl_c_during_the_work_is_an_exception_again() -> None:
    """What is open is then closed, and what was written is swept."""
    code = (
        "import os, signal, sys\n"
        "from edgehuman import cli\n"
        "from edgehuman.__main__ import main\n"
        "import edgehuman.data.commands as commands\n"
        "def list_datasets(config):\n"
        "    try:\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "        import time; time.sleep(10)\n"
        "    finally:\n"
        "        print('closed')\n"
        "commands.list_datasets = list_datasets\n"
        "sys.argv = ['edgehuman', 'data', 'list']\n"
        "sys.exit(main())"
    )
    done = run(code, expect=130)
    assert (done.stdout, done.stderr) == ("closed\n", "edgehuman: stopped\n")


@pytest.mark.skipif(os.name == "nt", reason="os.kill ends a process on Windows")
def test_a_process_that_ignores_ctrl_c_goes_on_to() -> None:
    code = (
        "import os, signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "import edgehuman.__main__\n"
        "os.kill(os.getpid(), signal.SIGINT); print('on')"
    )
    assert run(code).stdout == "on\n"


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": ""},
        {"PYTHONIOENCODING": "cp1252"},
    ],
)
def test_a_terminal_without_the_letters_gets_escapes(environment: dict[str, str]) -> None:
    """The list of the datasets has letters of several languages."""
    code = (
        "import sys; sys.argv[1:] = ['data', 'list']\n"
        "from edgehuman.__main__ import main\nsys.exit(main())"
    )
    done = run(code, environment=environment)
    assert done.stdout
    assert "Traceback" not in done.stderr


def test_half_a_pair_of_surrogates_in_a_name_is_printed() -> None:
    code = (
        "import sys; sys.argv[1:] = ['data', 'check', 'no\\udc80\\ud800such']\n"
        "from edgehuman.__main__ import main\nsys.exit(main())"
    )
    assert "such: no such" in run(code, expect=1).stderr


def test_the_package_itself_imports_nothing_that_takes_time() -> None:
    """The shorter, the smaller the chance that Ctrl-C comes before `leave_at_once`."""
    code = (
        "import sys; before = set(sys.modules)\nimport edgehuman.__main__\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    slow = {"numpy", "typing", "re", "json", "dataclasses", "pathlib", "edgehuman.cli"}
    assert not slow & set(run(code).stdout.split())
