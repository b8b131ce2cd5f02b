"""The page on formats: every catalogued network in every format and precision, exported here.

    python -m edgehuman.bench.pages.formats --out docs/formats.md [--only NAMES] [--data F]

Each cell is one real export of the network with seeded random weights. Parity, file size, latency
and time depend on the graph alone; accuracy needs trained weights, so none is claimed. Finished
cells are kept under --work, so the command resumes where it stopped. A cell that was refused or
failed says why; what this machine cannot do is `not measured`, with the reason.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgehuman import catalogue
from edgehuman.bench.cell import FORMATS, PRECISIONS, Cell, measure_cell, networks
from edgehuman.bench.entry import main
from edgehuman.bench.pages.keep import KeptCells, measure_missing, versions
from edgehuman.bench.pages.rows import (
    COSTS,
    OF_COSTS,
    Column,
    agreement,
    conditions,
    page_outcome,
    table,
    write_page,
)
from edgehuman.catalogue import SIMULATED
from edgehuman.data.image.unlabelled.images import open_images
from edgehuman.data.imu.load import load_windows
from edgehuman.errors import UsageError
from edgehuman.files import require_usable_file, require_usable_folder
from edgehuman.outcome import Outcome


@dataclass(frozen=True, kw_only=True)
class FormatsConfig:
    """Export every network in every format and precision."""

    out: Path = Path("docs/formats.md")
    """The Markdown page."""
    only: tuple[str, ...] = ()
    """Networks, by the start of their names; default: all."""
    data: str = SIMULATED
    """Data that checks the exports of wearable networks and calibrates INT8: a dataset's path, or
    `simulated`."""
    images: str = SIMULATED
    """The same for networks of person images: a folder of pictures, or `simulated`."""
    work: Path = Path("runs/formats")
    """Folder of the finished cells; a second call resumes from them."""
    minutes: float = 0.0
    """Start no cell after this many minutes; the page marks the rest `not run`. 0: no limit."""
    seed: int = 0
    """Seed of the random weights and of the choice of samples."""

    def __post_init__(self) -> None:
        if not self.minutes >= 0:
            raise UsageError(f"--minutes is {self.minutes}; it must be 0 (no limit) or more")

    def data_of(self, arch: str) -> str:
        """The data that checks this network's exports."""
        if arch in catalogue.networks_of("imu"):
            return self.data
        return self.images if arch in catalogue.networks_of("image") else SIMULATED


def plan(only: Sequence[str] = ()) -> list[tuple[str, str, str]]:
    """Every cell: cheap networks first, and each network's formats in the page's order."""
    return [
        (arch, format, precision)
        for arch in networks(only)
        for format in FORMATS
        for precision in PRECISIONS
    ]


def make_page(config: FormatsConfig, measure: Callable[..., Cell] = measure_cell) -> Outcome:
    """Measure what is missing, and write the page after every cell.

    Raises:
        UsageError: an unknown network; --out or --work cannot be written; a broken file under
            --work.
        DataError: no such --data.
    """
    require_usable_file(config.out, "--out")
    require_usable_folder(config.work, "--work")
    about = versions()
    kept = KeptCells(
        config.work, lambda arch: [Path(config.data_of(arch)).name, config.seed, about]
    )
    places = plan(config.only)
    left = {cell.arch for cell in kept.all_of(places).values() if cell.status != "done"}
    for data in sorted({config.data_of(arch) for arch in left}):
        _require(data, config)  # a wrong --data is one error, not one per cell

    def measure_one(arch: str, format: str, precision: str) -> Cell:
        return measure(arch, format, precision, config.data_of(arch), config.seed)

    def write(cells: Sequence[Cell]) -> str:
        return write_page(
            config.out, render(cells, about, Path(config.data).name, Path(config.images).name)
        )

    cells, text = measure_missing(kept, places, measure_one, write, config.minutes)
    return page_outcome(cells, about, config.out, text)


def _require(data: str, config: FormatsConfig) -> None:
    if data == config.data:
        load_windows(data)
    elif data != SIMULATED:
        open_images(data)


def render(
    cells: Sequence[Cell], about: Mapping[str, str], data: str, images: str = SIMULATED
) -> str:
    """The Markdown page."""
    windows = "Simulated windows" if data == SIMULATED else f"Windows of {data}"
    pictures = "simulated people" if images == SIMULATED else f"pictures of {images}"
    lines = [
        "# Every network in every format",
        "",
        f"    python -m edgehuman.bench.pages.formats --data {data}"
        f"{'' if images == SIMULATED else f' --images {images}'} --out docs/formats.md",
        "",
        f"{conditions(about)} The weights are seeded random numbers, so **no accuracy is "
        "claimed**: the zoo's is measured by `edgehuman evaluate`. "
        f"{windows}, {pictures} and simulated walks judge the exports and calibrate INT8.",
        *_NOTES,
        *OF_COSTS,
        "",
        *table(cells, (Column("parity", _parity, is_number=False), *COSTS)),
    ]
    return "\n".join([*lines, ""])


def _parity(cell: Cell) -> str:
    if cell.precision == "fp32":
        return f"max abs {cell.parity['max_abs']:.1e}"
    if cell.precision == "fp16":
        return f"cosine {cell.parity['cosine']:.6f}"
    return agreement(cell)


_NOTES = (
    "",
    "- **parity**: of the exported graph on onnxruntime against the PyTorch network: the largest",
    "  difference of an output (FP32; the gate is 1e-4, times the network's largest output where",
    "  that is over 1), the worst sample's cosine (FP16), the share of windows that get the same",
    "  class, or of the five nearest records that stay, or stay in order (INT8; random weights",
    "  hardly prefer one, the hard case). An engine's own answers need a GPU: its row is about the",
    "  graph that it was built from.",
)


if __name__ == "__main__":
    sys.exit(main(FormatsConfig, make_page))
