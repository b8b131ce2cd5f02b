"""SMPLGait without 3-D: the numbers of the published network."""

from __future__ import annotations

from tests.nets.silhouette.recipe import FIRST, require_as_published


def test_the_numbers_of_the_published_network() -> None:
    require_as_published("smplgait", *FIRST["smplgait"])
