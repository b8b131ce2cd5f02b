"""Every network has the recipe of its authors; flags change it; mistakes are told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgehuman.catalogue import networks_of
from edgehuman.errors import UsageError
from edgehuman.tasks.silhouette.settings import GaitConfig, augment_of, recipe_of
from edgehuman.training.silhouette.augment import GAITBASE, NONE, Augment
from tests.tasks.outlines import quick


@pytest.mark.parametrize(
    ("arch", "kind", "skip", "losses"),
    [
        ("gaitset_wide", "fixed_unordered", 0, (0.0, 1.0, 0.1)),
        ("gaitpart", "fixed_ordered", 10, (0.0, 1.0, 0.1)),
        ("gaitgl", "fixed_ordered", 0, (1.0, 1.0, 0.0)),
        ("gaitgl_wide_bnneck", "fixed_ordered", 0, (1.0, 1.0, 0.1)),
        ("baseline_wide", "fixed_unordered", 0, (0.1, 16.0, 0.1)),
        ("gaitbase", "unfixed_unordered", 0, (1.0, 16.0, 0.1)),
        ("deepgaitv2_short", "fixed_ordered", 4, (1.0, 16.0, 0.1)),
        ("mine.nets:Own", "fixed_unordered", 0, (0.0, 1.0, 0.1)),
    ],
)
def test_the_published_recipes(
    arch: str, kind: str, skip: int, losses: tuple[float, float, float]
) -> None:
    recipe = recipe_of(arch)
    assert (recipe.sampling.kind, recipe.sampling.skip) == (kind, skip)
    assert (recipe.identity_weight, recipe.scale, recipe.label_smoothing) == losses


def test_every_network_of_the_catalogue_has_one() -> None:
    assert all(recipe_of(name).sampling.frames == 30 for name in networks_of("silhouette"))


def test_flags_change_a_recipe_and_zero_counts(tmp_path: Path) -> None:
    config = GaitConfig(
        out=tmp_path, arch="gaitbase", sampling="fixed_ordered", frames=12, identity_weight=0.0
    )
    recipe = config.recipe("gaitbase")
    assert (recipe.sampling.kind, recipe.sampling.frames) == ("fixed_ordered", 12)
    assert (recipe.identity_weight, recipe.scale, recipe.augment) == (0.0, 16.0, "gaitbase")
    assert augment_of(recipe.augment) is GAITBASE
    paper = GaitConfig(out=tmp_path, augmentation="table6").recipe("gaitset")
    assert augment_of(paper.augment) == Augment()
    assert augment_of(recipe_of("gaitset").augment) is NONE


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({"each": 1}, "--each is 1; it must be at least 2; a triplet"),
        ({"batch": 6, "each": 4}, "--batch is 6; it must be a multiple of --each 4"),
        ({"lr_ratio": 0.0}, "--lr-ratio is 0.0; it must be above 0; --mode probe"),
        ({"identity_weight": -1.0}, "--identity-weight is -1.0"),
        ({"scale": 0.0}, "--scale is 0.0; it must be above 0"),
        ({"label_smoothing": 1.0}, "--label-smoothing is 1.0"),
        ({"frames": 0}, "frames is 0"),
        ({"sampling": "unfixed_unordered", "least": 9, "most": 4}, "least is 9, most 4"),
    ],
)
def test_numbers_out_of_range(tmp_path: Path, flags: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        quick(tmp_path, **flags)
