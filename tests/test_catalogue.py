"""The catalogue is plain data that leads somewhere; a name that is not in it brings the nearest."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest

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
    modality_of,
    models,
    network_for,
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


def test_a_network_serves_the_tasks_of_its_modality_and_the_method_of_its_row() -> None:
    assert network_for("imuconv_288k", "activity") is NETWORKS["imuconv_288k"]
    assert network_for("gaitformer_1", "gait").input == "SkeletonSequence"
    assert network_for("vit_tiny", "saip").method == "saip"


@pytest.mark.parametrize(
    ("arch", "name", "said", "fitting"),
    [
        (
            "vit_tiny",
            "gait",
            "vit_tiny reads PersonCrop (image), and the task gait is of skeleton; give --arch one",
            "gaitformer_1",
        ),
        ("vit_tiny", "activity", "the task activity is of imu", "imuconv_288k"),
        ("imuconv_288k", "mae", "imuconv_288k is pretrained by none, not by mae", "imuvit_512x5"),
        ("imuvit_512x5", "saip", "is pretrained by mae, not by saip", "tinyvit_5m"),
    ],
)
def test_a_network_for_something_else_brings_those_that_are(
    arch: str, name: str, said: str, fitting: str
) -> None:
    with pytest.raises(UsageError) as caught:
        network_for(arch, name)
    assert said in str(caught.value)
    listed = str(caught.value).partition("one of: ")[2].split(", ")
    assert fitting in listed
    assert arch not in listed


def test_a_network_of_no_name_is_told_as_everywhere() -> None:
    with pytest.raises(UsageError, match=r"unknown network 'vit_tin'\. Did you mean 'vit_tiny'\?"):
        network_for("vit_tin", "saip")


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


def paths_of(row: Record) -> list[str]:
    """Every dotted path of a record's row."""
    held = [getattr(row, field.name) for field in fields(row)]
    paths = [value for value in held if isinstance(value, str) and ":" in value]
    actions = [value for value in held if isinstance(value, Action)]
    return paths + [path for each in actions for path in (each.config, each.function)]


@pytest.mark.parametrize("record", RECORDS)
def test_every_dotted_path_of_a_record_leads_to_something(record: str) -> None:
    pytest.importorskip("torch")
    for dotted in paths_of(RECORDS[record]):
        assert callable(load_object(dotted)), dotted


def test_a_record_of_a_network_is_served_from_its_card_to_its_score() -> None:
    needed = ("input", "output", "build", "samples", "score", "evaluate")
    for record in {row.input for row in NETWORKS.values()}:
        assert all(getattr(RECORDS[record], name) for name in needed), record


@pytest.mark.parametrize("record", ["SilhouetteSequence", "Frame"])
@pytest.mark.parametrize("name", ["build", "samples", "evaluate"])
def test_a_step_that_a_record_has_not_is_said_with_the_records_that_have_it(
    record: str, name: str
) -> None:
    served = "ImuWindow, SkeletonSequence, PersonCrop"
    with pytest.raises(UsageError, match=f"{record} has no '{name}' here; .* one: {served}$"):
        step(record, name)


def test_an_unknown_record_brings_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"unknown record 'ImuWindows'\. Did you mean 'ImuWindow'"):
        step("ImuWindows", "build")
    assert modality_of("PersonCrop") == "image"


def test_models_is_one_row_per_network_for_machines_and_for_people() -> None:
    outcome = models(ModelsConfig())
    assert isinstance(outcome.data, list)
    rows = json.loads(json.dumps(outcome.data))
    assert [row["name"] for row in rows] == list(NETWORKS)
    promised = {"name", "family", "modality", "input", "params", "params_paper", "flops", "source"}
    assert all(promised <= set(row) for row in rows)
    assert len(outcome.text.splitlines()) == len(NETWORKS) + 1
    assert not fields(ModelsConfig)
