"""What every test may ask for."""

from __future__ import annotations

import gc
import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

from tests.shared import FOLDER, share_simulated_windows

# One thread a process: small matrices gain nothing from more, and lose much where a core is busy.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# PyTorch's modules are a million objects: collecting garbage often takes a sixth of a trace.
gc.set_threshold(100_000, 50, 100)


def pytest_configure(config: pytest.Config) -> None:
    """One folder of what all processes of a run share."""
    if not hasattr(config, "workerinput"):
        os.environ[FOLDER] = tempfile.mkdtemp(prefix="edgehuman-shared-")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove it with the run."""
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ[FOLDER], ignore_errors=True)


def pytest_collection_finish() -> None:
    """What is imported by now stays: collecting garbage need not look at it again."""
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def made_once() -> None:
    """Simulated windows are made once for all processes, the exporter's table once in each."""
    share_simulated_windows()
    if "edgehuman.export.graph.trace" in sys.modules:
        from tests.export.traced import share_tables

        share_tables()


@pytest.fixture
def traces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exports take the graph that an earlier test traced of the same weights."""
    from tests.export.traced import traced_once

    monkeypatch.setattr("edgehuman.export.export.to_onnx", traced_once)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real recordings; tests that need it are skipped where it is absent."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("EDGEHUMAN_DATA", beside))
    if not folder.is_dir():
        pytest.skip(f"real recordings are not at {folder}; set EDGEHUMAN_DATA to their folder")
    return folder


@pytest.fixture(scope="session")
def reference_vectors() -> Path:
    """The folder of numbers that published code gave; tests that need it are skipped without."""
    data = Path(os.environ.get("EDGEHUMAN_DATA", Path(__file__).parents[2] / "shared" / "data"))
    folder = Path(os.environ.get("EDGEHUMAN_VECTORS", data.parent / "reference" / "vectors"))
    if not folder.is_dir():
        pytest.skip(f"reference numbers are not at {folder}; set EDGEHUMAN_VECTORS to their folder")
    return folder
