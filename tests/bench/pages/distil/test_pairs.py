"""Every pair is one that the catalogue and the tasks' configs know."""

from __future__ import annotations

import dataclasses
from typing import Any, get_args, get_type_hints

import pytest

from edgehuman import catalogue
from edgehuman.bench.pages.distil.distil import DistilPageConfig, Page
from edgehuman.bench.pages.distil.pairs import PAIRS, Pair
from edgehuman.distill.objectives.weighted import parse_objectives
from edgehuman.runtime.engine.onnx_file import read_card
from edgehuman.runtime.zoo import ZOO, zoo_file


def test_the_flag_offers_every_pair() -> None:
    assert get_args(get_type_hints(DistilPageConfig)["pair"]) == tuple(PAIRS)


@pytest.mark.parametrize("name", PAIRS)
def test_a_pair_is_of_networks_and_settings_that_exist(name: Any) -> None:
    pair: Pair = PAIRS[name]
    student = catalogue.network(pair.student)
    if pair.teacher.startswith(ZOO):
        card = read_card(zoo_file(pair.teacher))
        record, params = card.input.record, card.params
    else:
        teacher = catalogue.network(pair.teacher)
        record, params = teacher.input, teacher.params
    assert student.input == record
    assert student.params < pair.members * params
    row = Page(DistilPageConfig(pair=name)).row
    assert row.modality == student.modality
    known = {each.name for each in dataclasses.fields(catalogue.load_object(row.distil))}
    assert known >= set(pair.training)
    for way in pair.rows.values():
        assert parse_objectives(way.objective)
        assert known >= set(way.training)
