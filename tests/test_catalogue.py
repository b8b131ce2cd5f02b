"""Every path in the catalogue resolves; an unknown name is answered with the nearest one."""

from __future__ import annotations

from dataclasses import fields

import pytest

from edgehuman import catalogue
from edgehuman.catalogue import (
    NETWORKS,
    RECORDS,
    TASKS,
    Action,
    Record,
    find,
    is_of,
    load_object,
    network_for,
    networks_of,
    served,
    step,
)
from edgehuman.errors import UsageError


def test_a_name_is_found() -> None:
    assert find(NETWORKS, "network", "imuvit_512x5") is NETWORKS["imuvit_512x5"]


def test_an_unknown_name_lists_the_nearest_and_all_valid_names() -> None:
    with pytest.raises(UsageError) as caught:
        find(NETWORKS, "network", "imuvit512x5")
    said = str(caught.value)
    assert "unknown network 'imuvit512x5'. Did you mean 'imuvit_512x5'?" in said
    assert all(name in said for name in NETWORKS)


def test_a_name_near_nothing_gets_no_suggestion() -> None:
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
            "vit_tiny reads PersonCrop (image), but task gait needs skeleton; give --arch one",
            "gaitformer_1",
        ),
        ("vit_tiny", "activity", "but task activity needs imu", "imuconv_288k"),
        ("imuconv_288k", "mae", "imuconv_288k is pretrained by none, not by mae", "imuvit_512x5"),
        ("imuvit_512x5", "saip", "is pretrained by mae, not by saip", "tinyvit_5m"),
    ],
)
def test_an_unsuitable_network_lists_the_suitable_ones(
    arch: str, name: str, said: str, fitting: str
) -> None:
    with pytest.raises(UsageError) as caught:
        network_for(arch, name)
    assert said in str(caught.value)
    listed = str(caught.value).partition("one of: ")[2].split(", ")
    assert fitting in listed
    assert arch not in listed


def test_an_unknown_network_gets_the_usual_message() -> None:
    with pytest.raises(UsageError, match=r"unknown network 'vit_tin'\. Did you mean 'vit_tiny'\?"):
        network_for("vit_tin", "saip")


def test_an_object_is_loaded_by_its_dotted_path() -> None:
    assert load_object("edgehuman.catalogue:find") is find


def paths_of(row: Record) -> list[str]:
    """Return every dotted path in a record's row."""
    held = [getattr(row, field.name) for field in fields(row)]
    paths = [value for value in held if isinstance(value, str) and ":" in value]
    actions = [value for value in held if isinstance(value, Action)]
    return paths + [path for each in actions for path in (each.config, each.function)]


@pytest.mark.parametrize("record", RECORDS)
def test_record_paths_resolve(record: str) -> None:
    pytest.importorskip("torch")
    for dotted in paths_of(RECORDS[record]):
        assert callable(load_object(dotted)), dotted


def test_every_network_record_supports_the_main_steps() -> None:
    needed = ("input", "output", "build", "samples", "score", "evaluate")
    for record in {row.input for row in NETWORKS.values()}:
        assert all(getattr(RECORDS[record], name) for name in needed), record


@pytest.mark.parametrize("name", ["build", "samples", "evaluate"])
def test_an_unsupported_step_lists_the_records_that_support_it(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "RECORDS", {**RECORDS, "Sound": Record("imu")})
    said = f"Sound does not support '{name}'; records that do: {', '.join(served(name))}$"
    assert "ImuWindow, SkeletonSequence, " in said
    with pytest.raises(UsageError, match=said):
        step("Sound", name)


def test_an_unknown_record_gets_the_nearest_name() -> None:
    with pytest.raises(UsageError, match=r"unknown record 'ImuWindows'\. Did you mean 'ImuWindow'"):
        step("ImuWindows", "build")


def test_a_record_has_one_modality() -> None:
    assert is_of("PersonCrop", "image")
    assert not is_of("PersonCrop", "imu")
    assert not is_of("Nothing", "imu")


def test_networks_of_keeps_catalogue_order() -> None:
    assert list(networks_of("image")) == [
        name for name, row in NETWORKS.items() if row.input == "PersonCrop"
    ]
    assert networks_of("touch") == {}
