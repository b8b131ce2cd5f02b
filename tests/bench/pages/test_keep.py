from __future__ import annotations

from pathlib import Path

import pytest

from edgehuman.bench.cell import Cell
from edgehuman.bench.pages.keep import KeptCells, mean_and_spread, once
from edgehuman.outcome import Outcome
from edgehuman.training.checkpoint import require_out


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "recipe.toml"
    path.write_text("steps = 3\n")
    return path


class Runs:
    """Counts, and leaves a checkpoint as a training does."""

    def __init__(self, folder: Path, exit_codes: list[int]) -> None:
        self.folder, self.exit_codes = folder, exit_codes
        self.resumed: list[bool] = []

    def __call__(self, resume: bool) -> Outcome:
        self.resumed.append(resume)
        require_out(self.folder, resume)
        (self.folder / "state.pt").write_text("")
        return Outcome({"runs": len(self.resumed)}, "", self.exit_codes.pop(0))


def test_a_finished_run_is_not_run_again(tmp_path: Path, recipe: Path) -> None:
    run = Runs(tmp_path / "a", [0])
    for _ in range(2):
        assert once(run.folder, ["--seed", "0"], recipe, run) == {"runs": 1}
    assert run.resumed == [False]


def test_a_stopped_run_goes_on(tmp_path: Path, recipe: Path) -> None:
    run = Runs(tmp_path / "a", [1, 0])
    with pytest.raises(KeyboardInterrupt):
        once(run.folder, [], recipe, run)
    assert once(run.folder, [], recipe, run) == {"runs": 2}
    assert run.resumed == [False, True]


def test_other_words_or_another_recipe_begin_anew(tmp_path: Path, recipe: Path) -> None:
    run = Runs(tmp_path / "a", [0, 0, 0])
    once(run.folder, ["--seed", "0"], recipe, run)
    assert once(run.folder, ["--seed", "1"], recipe, run) == {"runs": 2}
    recipe.write_text("steps = 4\n")
    assert once(run.folder, ["--seed", "1"], recipe, run) == {"runs": 3}
    assert run.resumed == [False, False, False]


def test_mean_and_spread_by_hand() -> None:
    assert mean_and_spread([0.5]) == "50.0"
    assert mean_and_spread([0.1, 0.2, 0.3]) == "20.0 ± 10.0"


def test_two_programs_keep_the_cells_of_both(tmp_path: Path) -> None:
    def depends(arch: str) -> list[str]:
        return [arch]

    one, other = KeptCells(tmp_path, depends), KeptCells(tmp_path, depends)
    for kept, arch in ((one, "a"), (other, "b"), (one, "c")):
        kept.put(Cell(arch, "onnx", "fp32", "done", ""))
    found = KeptCells(tmp_path, depends)
    assert all(found.get(arch, "onnx", "fp32") for arch in "abc")
    assert [each.name for each in tmp_path.iterdir()] == ["cells.json"]
