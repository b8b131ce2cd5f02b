"""Examples as they are run: as scripts of their own, or imported with libraries played."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests import leaving, warm
from tests.whole.house import ROOT

EXAMPLES = ROOT / "examples"


def run_example(name: str, *words: str, folder: Path) -> str:
    """Run a script in a folder, as its docstring says; returns what it printed."""
    done = leaving.run(
        [*warm.python(), str(EXAMPLES / f"{name}.py"), *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def imported(name: str, monkeypatch: pytest.MonkeyPatch, **libraries: Any) -> Any:
    """Import an example; the libraries that it imports when it runs are these objects."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    monkeypatch.delitem(sys.modules, name, raising=False)
    for library, members in libraries.items():
        module = ModuleType(library)
        vars(module).update(members)
        monkeypatch.setitem(sys.modules, library, module)
    return importlib.import_module(name)
