"""Data that was asked for is there, or that is an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgehuman.bench.targets.recordings import recordings_folder
from edgehuman.bench.targets.views import photos_in_memory
from edgehuman.errors import DataError


def test_the_folder_is_what_the_variable_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("EDGEHUMAN_DATA", raising=False)
    assert recordings_folder() is None
    monkeypatch.setenv("EDGEHUMAN_DATA", "")
    assert recordings_folder() is None
    monkeypatch.setenv("EDGEHUMAN_DATA", str(tmp_path))
    assert recordings_folder() == tmp_path


def test_nothing_stands_in_for_a_folder_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("EDGEHUMAN_DATA", "/nowhere")
    with pytest.raises(DataError, match="EDGEHUMAN_DATA is '/nowhere', which is not a folder"):
        recordings_folder()
    with pytest.raises(DataError, match="which is not a folder"):
        photos_in_memory("", 1)
