"""The catalogue is plain data that leads somewhere; a name that is not in it brings the nearest."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest

from edgehuman import catalogue
from edgehuman.catalogue import (
    METHODS,
    NETWORKS,
    RECORDS,
    TASKS,
    Action,
    ModelsConfig,
    Record,
    find,
    load_object,
    models,
    step,
)
from edgehuman.errors import UsageError


def test_a_name_is_found() -> None:
    assert find(NETWORKS, "network", "imuvit_512x5") is NETWORKS["imuvit_512x5"]


def test_a_wrong_name_brings_the_nearest_and_all_the_valid_ones() -> None:
    with pytest.raises(UsageError) as caught:
        find(NETWORKS, "network", "imuvit512x5")
    said = str(caught.value)
    assert "unknown network 'imuvit512x5'. Did you mean 'imuvit_512x5'?" in said
    assert all(name in said for name in NETWORKS)


def test_a_name_that_is_near_nothing_brings_no_guess() -> None:
    with pytest.raises(UsageError, match=r"unknown task 'zzz'\. Valid names: activity") as caught:
        find(TASKS, "task", "zzz")
    assert "Did you mean" not in str(caught.value)


def test_an_object_is_loaded_by_its_dotted_path() -> None:
    assert load_object("edgehuman.catalogue:find") is find


@pytest.mark.parametrize(
    "dotted",
    [
        *(path for row in METHODS.values() for path in (row.config, row.train)),
        *(path for row in TASKS.values() for path in (row.config, row.train)),
    ],
)
def test_a_dotted_path_of_the_training_half_leads_to_something(dotted: str) -> None:
    pytest.importorskip("torch")
    assert callable(load_object(dotted))


def named_steps() -> dict[str, str]:
    """Every dotted path of `RECORDS` by its record and its step."""
    found = {}
    for record, row in RECORDS.items():
        for field in fields(Record):
            named = getattr(row, field.name)
            if isinstance(named, Action):
                found[f"{record}.{field.name}.config"] = named.config
                found[f"{record}.{field.name}.function"] = named.function
            elif isinstance(named, str) and ":" in named:
                found[f"{record}.{field.name}"] = named
    return found


@pytest.mark.parametrize("place", named_steps())
def test_a_step_of_a_record_leads_to_something(place: str) -> None:
    pytest.importorskip("torch")
    assert callable(load_object(named_steps()[place]))


def test_a_step_of_a_record_is_loaded_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    row = Record("imu", load="edgehuman.catalogue:find", run=Action("a:B", "a:c"))
    monkeypatch.setattr(catalogue, "RECORDS", {"Made": row, "Other": Record("image")})
    assert step("Made", "load") is find
    assert step("Made", "run") is row.run
    with pytest.raises(UsageError, match=r"Other has no 'run' here; .* that have one: Made$"):
        step("Other", "run")
    with pytest.raises(UsageError, match=r"unknown record 'Mad'\. Did you mean 'Made'\?"):
        step("Mad", "run")


def test_models_is_one_row_per_network_for_machines_and_for_people() -> None:
    outcome = models(ModelsConfig())
    assert isinstance(outcome.data, list)
    rows = json.loads(json.dumps(outcome.data))
    assert [row["name"] for row in rows] == list(NETWORKS)
    promised = {"name", "family", "modality", "input", "params", "params_paper", "flops", "source"}
    assert all(promised <= set(row) for row in rows)
    assert len(outcome.text.splitlines()) == len(NETWORKS) + 1
    assert not fields(ModelsConfig)
