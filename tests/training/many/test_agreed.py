"""Processes with other settings, other code or other weights than the first are refused."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch

import edgehuman
from edgehuman.errors import UsageError
from edgehuman.training.many import agreed
from edgehuman.training.many.agreed import require_agreed
from edgehuman.training.processes import open_place
from edgehuman.training.settings import TrainingConfig
from tests.training.toy import Line, line_config
from tests.two_processes import in_two_processes

CPU = torch.device("cpu")
SAME = Line().state_dict()
OTHER = {**SAME, "map.bias": torch.ones(1)}


def refused(
    monkeypatch: pytest.MonkeyPatch, first: str, second: str, config: TrainingConfig
) -> str:
    """What a group of two says whose processes say this of themselves."""
    monkeypatch.setattr(agreed, "together", lambda: (0, 2))
    monkeypatch.setattr(agreed, "_exchanged", lambda text, device: [first, second])
    try:
        require_agreed(config, SAME, CPU)
    except UsageError as error:
        return str(error)
    return ""


def test_what_differs_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    config = line_config(tmp_path)
    said = agreed._said(config, SAME)
    assert refused(monkeypatch, said, said, config) == ""
    faster = agreed._said(dataclasses.replace(config, lr=0.5), SAME)
    expected = "process 1 has --lr 0.5, process 0 0.05: start all processes with the same command"
    assert refused(monkeypatch, said, faster, config).startswith(expected)
    newer = said.replace("code of edgehuman = ", "code of edgehuman = f")
    message = refused(monkeypatch, said, newer, config)
    assert message.startswith("process 1 has code of edgehuman f")
    assert message.endswith("install the same edgehuman and the same packages for all processes")
    other = refused(monkeypatch, said, agreed._said(config, OTHER), config)
    assert "first weights" in other
    assert "the same --weights" in other


def test_threads_may_differ(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    one, two = (agreed._said(line_config(tmp_path, threads=n), SAME) for n in (1, 8))
    assert refused(monkeypatch, one, two, line_config(tmp_path)) == ""


def test_the_hash_is_of_the_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = agreed._code_hash()
    assert here == agreed._code_hash()
    assert len(here) == 12
    (tmp_path / "__init__.py").write_text("x = 1\n")
    monkeypatch.setattr(edgehuman, "__file__", str(tmp_path / "__init__.py"))
    assert agreed._code_hash() != here


def disagree(folder: Path) -> None:
    with open_place(line_config(folder, device="cpu")) as place:
        same = line_config(folder)
        require_agreed(same, SAME, place.device)
        with pytest.raises(UsageError, match=r"process 1 has --lr 0.5, process 0 0.05"):
            require_agreed(line_config(folder, lr=[0.05, 0.5][place.rank]), SAME, place.device)
        with pytest.raises(UsageError, match="process 1 has first weights"):
            require_agreed(same, [SAME, OTHER][place.rank], place.device)


@pytest.mark.slow
@pytest.mark.long
def test_both_of_two_processes_are_refused(tmp_path: Path) -> None:
    in_two_processes(disagree, tmp_path)
