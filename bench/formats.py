"""The page of the formats: every catalogued network in every format and precision, exported here.

    python -m edgehuman.bench.formats --out docs/formats.md [--only imuconv] [--data uci_har.npz]

Each cell is one real export of the network with seeded random weights: parity, file size, latency
and time depend on the graph, and accuracy on weights that learned, so none is claimed. Finished
cells are kept under --work, and the command goes on where it was stopped. A cell that failed says
why; what this machine cannot do is `not measured`, with the reason.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from tqdm import tqdm

from edgehuman import catalogue
from edgehuman.bench.entry import main
from edgehuman.bench.format_cells import FORMATS, PRECISIONS, Cell, measure_cell, networks
from edgehuman.data.images import open_images
from edgehuman.data.wearables import load_windows
from edgehuman.errors import UsageError
from edgehuman.outcome import Outcome
from edgehuman.runtime import machine

PACKAGES = ("torch", "onnx", "onnxruntime", "tensorrt-rtx", "tensorrt", "torch-tensorrt")


@dataclass(frozen=True, kw_only=True)
class FormatsConfig:
    """Every network in every format and precision."""

    out: Path = Path("docs/formats.md")
    """The Markdown page."""
    only: tuple[str, ...] = ()
    """Networks, by the beginning of their names; all by default."""
    data: str = "simulated"
    """Judges every export of a wearable network and calibrates INT8: a dataset's path, or
    `simulated`."""
    images: str = "simulated"
    """The same for the networks of person images: a folder of pictures, or `simulated`."""
    work: Path = Path("runs/formats")
    """Folder of the finished cells; a second call goes on from them."""
    minutes: float = 0.0
    """Begin no cell after so many minutes; the page says `not run` of the rest. 0: no limit."""
    seed: int = 0
    """Of the random weights and of the choice of samples."""

    def __post_init__(self) -> None:
        if not self.minutes >= 0:
            raise UsageError(f"--minutes is {self.minutes}; it must be 0 (no limit) or more")

    def data_of(self, arch: str) -> str:
        """What judges this network."""
        given = {"ImuWindow": self.data, "PersonCrop": self.images}
        return given.get(catalogue.NETWORKS[arch].input, "simulated")


def versions() -> dict[str, str]:
    """Of each package that a cell depends on; `-` where it is not installed."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "-"
    return found


class Kept:
    """Finished cells in one JSON file, by arch, format, precision and everything they depend on.

    A cell that failed or was not measured is kept for the page and tried again.
    """

    def __init__(self, work: Path, config: FormatsConfig, about: Mapping[str, str]) -> None:
        self._file = work / "cells.json"
        self._config, self._about = config, dict(about)
        self._cells: dict[str, dict[str, Any]] = {}
        if self._file.exists():
            try:
                self._cells = json.loads(self._file.read_text(encoding="utf-8"))
            except ValueError:
                raise UsageError(
                    f"{self._file} is not the JSON that this command keeps; remove it, or give "
                    "another --work"
                ) from None

    def _key(self, arch: str, format: str, precision: str) -> str:
        data = Path(self._config.data_of(arch)).name
        depends = [data, self._config.seed, self._about, machine.cpu_model()]
        digest = hashlib.sha256(json.dumps(depends).encode()).hexdigest()[:16]
        return f"{arch} {format} {precision} {digest}"

    def get(self, arch: str, format: str, precision: str) -> Cell | None:
        """The cell of an earlier call, or None."""
        found = self._cells.get(self._key(arch, format, precision))
        return None if found is None else Cell(**found)

    def put(self, cell: Cell) -> None:
        """Keep it; the file is whole at every moment."""
        self._cells[self._key(cell.arch, cell.format, cell.precision)] = asdict(cell)
        self._file.parent.mkdir(parents=True, exist_ok=True)
        part = self._file.with_suffix(".part")
        part.write_text(json.dumps(self._cells, indent=1), encoding="utf-8")
        os.replace(part, self._file)


def plan(only: Sequence[str] = ()) -> list[tuple[str, str, str]]:
    """Every cell, small networks first, and of each network the formats in the page's order."""
    return [
        (arch, format, precision)
        for arch in networks(only)
        for format in FORMATS
        for precision in PRECISIONS
    ]


def make_page(config: FormatsConfig, measure: Callable[..., Cell] = measure_cell) -> Outcome:
    """Measure what is not kept, and write the page after every network.

    Raises:
        UsageError: an unknown network, or a broken file under --work.
        DataError: no such --data.
    """
    about = versions()
    kept = Kept(config.work, config, about)
    stop_s = time.monotonic() + 60 * config.minutes if config.minutes else float("inf")
    cells: dict[tuple[str, str, str], Cell] = {
        where: kept.get(*where) or Cell(*where, "not run", "the same command goes on here")
        for where in plan(config.only)
    }
    left = {cell.arch for cell in cells.values() if cell.status != "done"}
    for data in sorted({config.data_of(arch) for arch in left}):
        _require(data, config)  # a wrong --data is one error, and not one a cell
    bar = tqdm(list(cells), unit="cell")
    for where in bar:
        if cells[where].status == "done" or time.monotonic() > stop_s:
            continue
        bar.set_description(" ".join(where))
        cells[where] = measure(*where, config.data_of(where[0]), config.seed)
        kept.put(cells[where])
        _write(config, about, list(cells.values()))
    text = _write(config, about, list(cells.values()))
    rows = [asdict(cell) for cell in cells.values()]
    failed = any(cell.status == "failed" for cell in cells.values())
    return Outcome({"cells": rows, "versions": about, "out": str(config.out)}, text, int(failed))


def _require(data: str, config: FormatsConfig) -> None:
    if data == config.data:
        load_windows(data)
    elif data != "simulated":
        open_images(data)


def _write(config: FormatsConfig, about: Mapping[str, str], cells: Sequence[Cell]) -> str:
    text = render(cells, about, Path(config.data).name, Path(config.images).name)
    config.out.parent.mkdir(parents=True, exist_ok=True)
    config.out.write_text(text, encoding="utf-8")
    return text


def render(
    cells: Sequence[Cell], about: Mapping[str, str], data: str, images: str = "simulated"
) -> str:
    """The Markdown page."""
    packages = ", ".join(f"{name} {each}" for name, each in about.items() if each != "-")
    windows = "Simulated windows" if data == "simulated" else f"Windows of {data}"
    pictures = "simulated people" if images == "simulated" else f"pictures of {images}"
    lines = [
        "# Every network in every format",
        "",
        f"    python -m edgehuman.bench.formats --data {data}"
        f"{'' if images == 'simulated' else f' --images {images}'} --out docs/formats.md",
        "",
        f"{machine.cpu_model()}, {machine.usable_cores()} cores; {packages}. The weights are "
        "seeded random numbers, so **no accuracy is claimed**: the zoo's is measured by `edgehuman "
        f"evaluate`. {windows}, {pictures} and simulated walks judge the exports and calibrate "
        "INT8.",
        *_NOTES,
        "",
        "| network | format | precision | parity | MB | p50 ms | FP32 / this | export s (CPU s) |",
        "|---|---|---|---|---:|---:|---:|---:|",
    ]
    everywhere = _said_of_all(cells)
    rest = [cell for cell in cells if (cell.format, cell.precision) not in everywhere]
    for arch in dict.fromkeys(cell.arch for cell in rest):
        own = [cell for cell in rest if cell.arch == arch]
        if all(cell.status == "not run" for cell in own):
            lines.append(f"| {arch} | all | all | {_state(own[0])} |" + " |" * 4)
        else:
            lines += [_row(cell) for cell in own]
    lines += [
        f"| every network | {format} | {precision} | {reason} |" + " |" * 4
        for (format, precision), reason in everywhere.items()
    ]
    return "\n".join([*lines, ""])


_NOTES = (
    "",
    "- **parity**: of the exported graph on onnxruntime against the PyTorch network: the largest",
    "  difference of an output (FP32; the gate is 1e-4, times the network's largest output where",
    "  that is over 1), the worst sample's cosine (FP16), the share of windows that get the same",
    "  class, or of the five nearest records that stay so (INT8; random weights hardly prefer",
    "  one, which is the hard case). An engine's own answers need a GPU: its row is about the",
    "  graph that it was built from.",
    "- **MB**: of the file, 1e6 bytes. TensorRT-RTX engines are built on the CPU for compute",
    "  capability 8.6, and compiled for the GPU when they are loaded.",
    "- **p50 ms**: one record on onnxruntime, one thread; in brackets FP32, which took turns with",
    "  it in the same run, and **FP32 / this** is their ratio. Rows were measured at different",
    "  times on a shared machine: compare precisions by the ratio, and not networks by the ms.",
    "- **export s**: the whole command's work, data and proof included; in brackets the processor",
    "  time, which other work on the machine changes less. A network is traced once, in its first",
    "  row.",
)


def _said_of_all(cells: Iterable[Cell]) -> dict[tuple[str, str], str]:
    """What was measured of no network that was reached, for one and the same reason."""
    found: dict[tuple[str, str], set[str]] = {}
    for cell in cells:
        if cell.status == "not run":
            continue
        text = _state(cell) if cell.status == "not measured" else ""
        found.setdefault((cell.format, cell.precision), set()).add(text)
    return {where: min(texts) for where, texts in found.items() if len(texts) == 1 and min(texts)}


def _state(cell: Cell) -> str:
    return f"{cell.status}: {cell.reason}".replace("|", "\\|")


def _row(cell: Cell) -> str:
    where = f"| {cell.arch} | {cell.format} | {cell.precision} | "
    if cell.status != "done":
        return where + _state(cell) + " |" * 5
    own_ms = cell.latency_ms.get(cell.precision, cell.latency_ms.get("engine"))
    base_ms = cell.latency_ms.get("fp32")
    p50 = cell.latency if own_ms is None else f"{own_ms:.2f}"
    ratio = "-"
    if own_ms is not None and base_ms is not None:
        p50 += "" if cell.precision == "fp32" else f" ({base_ms:.2f})"
        ratio = f"{base_ms / own_ms:.2f}"
    return (
        f"{where}{_parity(cell)} | {cell.bytes / 1e6:.2f} | {p50} | {ratio} | "
        f"{cell.took_s:.0f} ({cell.cpu_s:.0f}) |"
    )


def _parity(cell: Cell) -> str:
    if cell.precision == "fp32":
        return f"max abs {cell.parity['max_abs']:.1e}"
    if cell.precision == "fp16":
        return f"cosine {cell.parity['cosine']:.6f}"
    kept = f", {cell.float_layers} layers in float" if cell.float_layers else ""
    if "retrieval_agreement" in cell.parity:
        return f"same neighbours {100 * cell.parity['retrieval_agreement']:.1f} %{kept}"
    return f"same class {100 * cell.parity['top1_agreement']:.1f} %{kept}"


if __name__ == "__main__":
    sys.exit(main(FormatsConfig, make_page))
