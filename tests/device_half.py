"""A pytest plugin: every test but those of what an environment lacks for training.

    python -m pytest -p tests.device_half

A test, or a whole test file, that stops because PyTorch or another package of the training extras
is not installed is skipped; so is one of `bench/pages`, which no wheel carries. Everything else
runs, a new test file too: no list of device tests is kept. That the device half asks for none of
these packages is proved elsewhere (`lint-imports`, `tests/whole/every_command.py`).
"""

from __future__ import annotations

import importlib
from collections.abc import Generator
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from edgehuman.install import extra_of

ROOT = Path(__file__).resolve().parents[1]
NOT_INSTALLED_BY = ("train", "tensorboard", "tensorrt", "torch-tensorrt", "tensorrt-rtx")
# They read the source tree, which an installed wheel is tested without.
OF_THE_SOURCES = ("tests/whole/test_imports.py", "tests/whole/test_layout.py")


def lacks(error: BaseException | None) -> str:
    """The absent module, of those that a device does without, that this error or one that caused
    it asked for; else "".
    """
    while error is not None:
        name = error.name if isinstance(error, ModuleNotFoundError) else None
        top = (name or "").partition(".")[0]
        if extra_of(top) in NOT_INSTALLED_BY and find_spec(top) is None:
            return top
        if name and name.startswith("edgehuman.bench.pages"):
            return name
        error = error.__cause__ or error.__context__
    return ""


class DeviceModule(pytest.Module):
    """A test file, skipped where its imports lack a package of training."""

    def _getobj(self) -> ModuleType:
        try:
            return super()._getobj()  # type: ignore[no-untyped-call, no-any-return]
        except self.CollectError as error:
            if missing := lacks(error):
                pytest.skip(f"{missing} is not installed", allow_module_level=True)
            raise


def pytest_pycollect_makemodule(module_path: Path, parent: Any) -> pytest.Module:
    """Every test file is such a module."""
    module: pytest.Module = DeviceModule.from_parent(parent, path=module_path)
    return module


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """A folder whose conftest.py lacks a package of training is left out, as what reads sources."""
    if collection_path.as_posix().endswith(OF_THE_SOURCES):
        return True
    conftest = collection_path / "conftest.py"
    if collection_path == ROOT or not conftest.is_file():
        return None
    name = ".".join(conftest.relative_to(ROOT).with_suffix("").parts)
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        if lacks(error):
            return True
        raise
    return None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup() -> Generator[None, None, None]:
    """A fixture that lacks a package of training skips its test."""
    yield from _skipping()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call() -> Generator[None, None, None]:
    """So does a test that asks for one itself."""
    yield from _skipping()


def _skipping() -> Generator[None, None, None]:
    try:
        yield
    except Exception as error:
        if missing := lacks(error):
            pytest.skip(f"{missing} is not installed")
        raise
