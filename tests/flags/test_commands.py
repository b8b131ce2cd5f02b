"""The table of commands: which of them load a model that the user names."""

from __future__ import annotations

from edgehuman.flags.commands import COMMANDS, loads_models
from edgehuman.flags.rows import ModelCommand


def test_what_loads_a_model_may_require_its_signature() -> None:
    loading = {name for name, row in COMMANDS.items() if loads_models(name, row)}
    assert {"run", "evaluate", "gallery enroll", "gallery identify", "bench", "adapt"} <= loading
    assert not loading & {"info", "verify", "sign", "seal", "doctor", "gallery list", "zoo get"}
    assert {name for name, row in COMMANDS.items() if isinstance(row, ModelCommand)} <= loading


def test_every_command_has_a_summary_and_an_example_of_itself() -> None:
    for name, row in COMMANDS.items():
        assert row.summary
        assert row.example.startswith(f"edgehuman {name}")
