"""`edgehuman models`: what ships stands first, then every network below its record."""

from __future__ import annotations

import json
from dataclasses import fields

from edgehuman.catalogue import NETWORKS
from edgehuman.runtime.models import ModelsConfig, models
from edgehuman.runtime.zoo import zoo_names


def test_one_row_per_network_for_machines() -> None:
    outcome = models(ModelsConfig())
    assert isinstance(outcome.data, list)
    rows = json.loads(json.dumps(outcome.data))
    assert [row["name"] for row in rows] == list(NETWORKS)
    promised = {"name", "family", "modality", "input", "params", "params_paper", "flops", "source"}
    assert all(promised <= set(row) for row in rows)
    assert not fields(ModelsConfig)


def test_for_people_what_ships_stands_before_the_networks_of_each_record() -> None:
    lines = models(ModelsConfig()).text.splitlines()
    first = [line.split()[0] for line in lines if line.strip()]
    shipped = [first.index(name) for name in zoo_names()]
    records = list(dict.fromkeys(row.input for row in NETWORKS.values()))
    heads = [first.index(record) for record in records]
    assert shipped == list(range(shipped[0], shipped[0] + len(zoo_names())))
    assert shipped[-1] < heads[0]
    for place, record in zip(heads, records, strict=True):
        own = [name for name, row in NETWORKS.items() if row.input == record]
        assert first[place + 1 : place + 1 + len(own)] == own
    assert any("RANDOM weights" in line for line in lines)


def test_a_shipped_model_shows_its_size_and_its_first_metric() -> None:
    (line,) = (row for row in models(ModelsConfig()).text.splitlines() if "zoo:activity " in row)
    assert line.split()[1:3] == ["activity", "fp32"]
    assert "macro_f1 0.970 on uci_har" in line
