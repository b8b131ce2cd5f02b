"""Every how-to runs, block by block, on what its own commands simulate."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.fences import ROOT, fences, run_page

PAGES = sorted((ROOT / "docs" / "howto").glob("*.md"))
MAX_NOT_RUN = 8
LONG = (
    "gait",
    "live",
    "pretrain",
    "python",
)  # minutes of a core together
LONGEST = ("activities", "distil", "opengait")


def _marks(page: Path) -> list[pytest.MarkDecorator]:
    if page.stem in LONGEST:
        return [pytest.mark.longest]
    return [pytest.mark.long] if page.stem in LONG else []


@pytest.mark.slow
@pytest.mark.parametrize(
    "page",
    [pytest.param(page, marks=_marks(page)) for page in PAGES],
    ids=lambda page: page.stem,
)
def test_a_how_to_runs_as_it_is_written(page: Path, tmp_path: Path) -> None:
    blocks = [fence for fence in fences(page) if fence.runs]
    assert blocks, f"{page.name} has no block that runs"
    done = run_page(blocks, tmp_path)
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-4000:]}"


def test_blocks_that_do_not_run_here_are_few() -> None:
    left = [
        f"{page.name}: {fence.not_run}"
        for page in PAGES
        for fence in fences(page)
        if fence.not_run not in ("", "installs")
    ]
    assert len(left) <= MAX_NOT_RUN, left
