"""Which photos may lend their streets: of CCP those on the list, of other sets all."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from edgehuman.data.image.crops.compose import Composer
from edgehuman.data.image.crowds.clean import CCP_STREETS, shows_nobody_else
from edgehuman.data.image.set import FilePictures, PersonSet
from edgehuman.data.image.unlabelled.file_names import Names

STREETS = PersonSet(
    FilePictures(Path(), Names(["photos/0001.jpg", "photos/0005.jpg", "photos/x.jpg"])),
    np.arange(3), np.zeros(3, np.int64), np.array(["train"] * 3), dataset="ccp",
)  # fmt: skip


def test_photos_of_ccp_that_are_not_on_the_list_lend_no_street() -> None:
    assert 1 in CCP_STREETS
    assert 5 not in CCP_STREETS
    assert [shows_nobody_else(STREETS, index) for index in range(3)] == [True, False, False]
    assert shows_nobody_else(dataclasses.replace(STREETS, dataset="mine"), 1)


def test_crops_of_people_are_pasted_on_those_alone() -> None:
    assert Composer(STREETS, (64, 32))._streets_K.tolist() == [0]
    mine = dataclasses.replace(STREETS, dataset="mine")
    assert Composer(mine, (64, 32))._streets_K.tolist() == [0, 1, 2]
