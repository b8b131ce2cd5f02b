"""Several processes, or several parts, learn what one process learns from the whole batch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn.parallel import DistributedDataParallel

from edgehuman.errors import UsageError
from edgehuman.tasks.image.settings import ReidConfig
from edgehuman.training.many.parallel import (
    in_parallel,
    mean_of_all,
    parts_of,
    require_divides,
    without_exchange,
)
from edgehuman.training.processes import Place
from tests.training.many.curves import METHODS, losses_of, make_teacher, train_all
from tests.training.toy import Line, line_config
from tests.two_processes import in_two_processes

SLOW = ("silhouette", "detection")  # minutes for a hundred steps
QUICK = tuple(name for name in METHODS if name not in SLOW)


def curves(
    folder: Path, names: tuple[str, ...], steps: int, double: bool
) -> dict[str, tuple[np.ndarray, np.ndarray]]:  # type: ignore[type-arg]
    """The losses of each method by one process and by two."""
    one, two = folder / "one", folder / "two"
    for each in (one, two):
        make_teacher(each)
    train_all(one, names, steps, double)
    in_two_processes(train_all, two, names, steps, double)
    return {name: (losses_of(one / name), losses_of(two / name)) for name in names}


@pytest.mark.slow
@pytest.mark.long
def test_two_processes_have_the_losses_of_one(tmp_path: Path) -> None:
    for name, (alone, shared) in curves(tmp_path, QUICK, 4, double=True).items():
        assert len(alone) == len(shared) == 4, name
        assert shared == pytest.approx(alone, rel=1e-6), name
        assert len(set(alone)) == 4, name


@pytest.mark.slow
@pytest.mark.longest
@pytest.mark.parametrize(("double", "tolerance"), [(True, 1e-6), (False, 1e-3)])
def test_after_a_hundred_steps_too(double: bool, tolerance: float, tmp_path: Path) -> None:
    for name, (alone, shared) in curves(tmp_path, QUICK, 100, double).items():
        assert shared == pytest.approx(alone, rel=tolerance), name


@pytest.mark.parametrize("name", ["mae", "diffusion"])
def test_parts_have_the_losses_of_the_whole_batch(name: str, tmp_path: Path) -> None:
    train_all(tmp_path / "whole", (name,), 3)
    train_all(tmp_path / "parts", (name,), 3, accumulate=4)
    whole, parts = (losses_of(tmp_path / each / name) for each in ("whole", "parts"))
    assert parts == pytest.approx(whole, rel=1e-9)


def test_processes_share_the_parts() -> None:
    assert [parts_of(4, world) for world in (1, 2, 3, 4, 8)] == [4, 2, 2, 1, 1]


def test_a_batch_that_cannot_be_shared_names_the_nearest(tmp_path: Path) -> None:
    config = line_config(tmp_path, batch=100)
    require_divides(config, 1)
    require_divides(config, 4)
    with pytest.raises(UsageError, match=r"--batch is 100, .* with 3 processes it must be a multi"
                       r"ple of 3: give 99 or 102, or start another number"):  # fmt: skip
        require_divides(config, 3)
    with pytest.raises(
        UsageError, match=r"2 parts in each\) it must be a multiple of 6: give 6 or"
    ):
        require_divides(line_config(tmp_path, batch=8, accumulate=4), 3)
    people = ReidConfig(out=tmp_path, arch="vit_base", batch=16, each=4)
    said = r"\(4 samples kept together\) it must be a multiple of 32: give 32, or"
    with pytest.raises(UsageError, match=said):
        require_divides(people, 8)


def test_one_process_has_its_model_alone() -> None:
    place = Place(torch.device("cpu"), 0, 1, torch.float32)
    model = Line()
    assert in_parallel(model, place, idle_weights=False, parts=1) is model
    with without_exchange(model, skip=True):
        pass
    assert mean_of_all({"loss": 2.0}, place.device) == {"loss": 2.0}


def exchange(folder: Path) -> None:
    from edgehuman.training.processes import open_place

    with open_place(line_config(folder, device="cpu")) as place:
        model = in_parallel(Line(), place, idle_weights=False, parts=2)
        assert isinstance(model, DistributedDataParallel)
        assert mean_of_all({"a": place.rank, "b": 3.0}, place.device) == {"a": 0.5, "b": 3.0}
        x_N1 = torch.full((4, 1), 1.0 + place.rank)
        with without_exchange(model, skip=True):
            model(x_N1)["loss"].backward()
        kept = next(model.parameters()).grad.clone()  # type: ignore[union-attr]
        model(x_N1)["loss"].backward()
        torch.save((kept, next(model.parameters()).grad), folder / f"{place.rank}.pt")
        del model


@pytest.mark.slow
@pytest.mark.long
def test_gradients_are_exchanged_after_the_last_part(tmp_path: Path) -> None:
    in_two_processes(exchange, tmp_path)
    (kept, total), (other, same) = (torch.load(tmp_path / f"{rank}.pt") for rank in (0, 1))
    assert not torch.equal(kept, other)
    assert torch.equal(total, same)
