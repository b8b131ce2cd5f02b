"""The measurements behind `make bench`, one small function each: a ratio of two things in one run.

The two sides of a ratio take turns, so that other work on the machine slows both. PyTorch is
imported inside the functions that time it.
"""

from __future__ import annotations

import math
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgehuman.bench.cell import PRECISIONS, Cell, measure_cell, networks
from edgehuman.bench.contestants import FailedRun, NotMeasured, entries_of, open_contestant
from edgehuman.bench.latency import Footprint, cut_batches, footprint, measure, time_calls
from edgehuman.bench.targets.endurance import endure_elsewhere
from edgehuman.bench.targets.recordings import recordings_folder
from edgehuman.catalogue import SIMULATED
from edgehuman.export.catalogued import load
from edgehuman.install import module_line, pip_line
from edgehuman.progress import progress_bar, tell
from edgehuman.runtime.zoo import ZOO, zoo_names

if TYPE_CHECKING:
    from edgehuman.bench.targets.targets import TargetsConfig

HOP_S = 0.64
DETECTOR = "zoo:person-detector-int8"
QUICK_PARAMS = 5_000_000
_WINDOW = 128


def in_turns(
    sides: Mapping[str, Callable[[], object]],
    rounds: int,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, float]:
    """Median seconds of each side over the rounds, after one uncounted round.

    Args:
        clock: in seconds; `time.process_time` for long work on one thread, so that other work on
            the machine does not count.
    """
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(rounds + 1):
        for name, run in sides.items():
            start_s = clock()
            run()
            if number:
                taken[name].append(clock() - start_s)
    return {name: float(np.median(seconds)) for name, seconds in taken.items()}


def require_model(model: str) -> None:
    """Raise NotMeasured if this installation lacks a zoo model."""
    if model.startswith(ZOO) and model not in zoo_names():
        raise NotMeasured(f"{model} is not in this installation")


def onnxruntime_over_torch(arch: str) -> float:
    """p50 of torch eager over p50 of onnxruntime FP32: batch 1, one thread, the same records."""
    require_torch()
    with tempfile.TemporaryDirectory(prefix="edgehuman-bench-") as folder:
        entries = entries_of(arch, ("onnxruntime", "torch"), 1, 0, Path(folder))
        sample = entries[0].noise(64)
        ours, eager = measure([open_contestant(each, sample[:1]) for each in entries], sample)
    return eager.p50_ms / ours.p50_ms


def int8_over_fp32(archs: Sequence[str]) -> float:
    """The smallest p50 of FP32 over p50 of INT8 for the CPU: batch 1, one thread.

    The weights are random and the calibration windows simulated: time does not depend on either.
    """
    asked = {"precision": "int8", "samples": 64, "calibration": "minmax", "max_drop": 100.0}
    return min(fp32_over(arch, **asked) for arch in archs)


def auto_over_fp32(archs: Sequence[str]) -> float:
    """The largest p50 of what `--precision auto` chose over p50 of FP32: batch 1, one thread.

    Timed again: a choice that only won by noise during the export fails here.
    """
    return max(1 / fp32_over(arch, precision="auto", samples=64) for arch in archs)


def fp32_over(arch: str, **asked: Any) -> float:
    """p50 of the FP32 graph over p50 of the same network exported with other options, in turns."""
    require_torch()
    from edgehuman.export.export import ExportConfig, export

    with tempfile.TemporaryDirectory(prefix="edgehuman-bench-") as folder:
        paths = [Path(folder) / f"{name}.onnx" for name in ("fp32", "other")]
        export(ExportConfig(arch, out=paths[0]))
        export(ExportConfig(arch, out=paths[1], data=SIMULATED, **asked))
        entries = [entries_of(str(p), ("onnxruntime",), 1, 0, Path(folder))[0] for p in paths]
        sample = entries[0].noise(64)
        full, other = (open_contestant(each, sample[:1]) for each in entries)
        base, own = measure([full, other], sample)
    assert other.model is not None
    made, ratio = other.model.card.precision.name, base.p50_ms / own.p50_ms
    tell(f"{arch} {asked['precision']}: {made}, FP32 / it {ratio:.2f}")
    return ratio


def stock_over_tiling_windows(arch: str) -> float:
    """p50 of a TinyViT with its published windows over p50 with the catalogue's, which tile its
    maps: onnxruntime FP32, batch 1, one thread.
    """
    require_torch()
    from edgehuman.export.graph.sessions import open_session
    from edgehuman.export.graph.trace import to_onnx
    from edgehuman.export.networks import random_network
    from edgehuman.nets.building import build
    from edgehuman.nets.image.tinyvit import STOCK_WINDOWS

    tiling, card = random_network(arch, seed=0)
    stock = build(arch, windows=STOCK_WINDOWS)
    image_NHWC = np.random.default_rng(0).integers(0, 256, (1, *card.input.shape), np.uint8)
    sides: dict[str, Callable[[], object]] = {}
    for name, network in (("tiling", tiling), ("stock", stock)):
        session = open_session(to_onnx(network, card))
        feed = {session.get_inputs()[0].name: image_NHWC}
        sides[name] = partial(session.run, None, feed)
    seconds = in_turns(sides, rounds=60)
    return seconds["stock"] / seconds["tiling"]


def stream_over_run(model: str) -> float:
    """Time of the whole stream path over that of bare runs on the same windows; CSV excluded."""
    require_model(model)
    from edgehuman.preprocess.imu.recording import cut_windows
    from edgehuman.runtime.stream import stream
    from edgehuman.simulate.imu.recording import simulate_recording

    loaded = load(model)
    recording = simulate_recording(0, minutes=3.0)
    hop = round(HOP_S * recording.rate_hz)
    windows = cut_batches(cut_windows(recording.imu_TC, _WINDOW, hop), 1)
    count = len(list(stream(loaded, recording, hop_s=HOP_S)))
    if count != len(windows):
        raise FailedRun(f"the stream gave {count} results for {len(windows)} windows")
    seconds = in_turns(
        {
            "stream": lambda: list(stream(loaded, recording, hop_s=HOP_S)),
            "bare": lambda: time_calls(loaded.engine.run, windows),
        },
        rounds=7,
    )
    return seconds["stream"] / seconds["bare"]


def real_time_factor(model: str) -> float:
    """Seconds of stream per second of one core, at a hop of 0.64 s."""
    require_model(model)
    from edgehuman.runtime.stream import stream
    from edgehuman.simulate.imu.recording import simulate_recording

    loaded = load(model, threads=1)
    recording = simulate_recording(0, minutes=5.0)

    seconds = in_turns({"stream": lambda: list(stream(loaded, recording, hop_s=HOP_S))}, rounds=3)
    return recording.duration_s / seconds["stream"]


def memory_growth_mb(model: str, hours: float) -> float:
    """Growth of resident memory over hours of stream, in a new process."""
    require_model(model)
    return endure_elsewhere(model, hours).growth_mb


def day_growth_mb(of: str, config: TargetsConfig) -> float:
    """The same over 24 hours of a wearable or of frames.

    Raises:
        FailedRun: a thread or an open file was left.
    """
    model = config.model if of == "wearable" else DETECTOR
    require_model(model)
    found = endure_elsewhere(model, 24.0)
    tell(f"{of}: {found.results:,} answers, {found.tracks:,} tracks in {found.wall_s:.0f} s")
    if found.threads > 0 or found.descriptors > 0:
        raise FailedRun(f"{found.threads} threads and {found.descriptors} open files more")
    return found.growth_mb


def mae_visible_over_all(arch: str) -> float:
    """Windows a second of a MAE step that encodes visible patches, over one that encodes all."""
    require_torch()
    import torch

    from edgehuman.nets.building import build
    from edgehuman.nets.imu.imuvit import ImuVit
    from edgehuman.pretrain.mae import MaskedAutoencoder

    torch.set_num_threads(1)
    imu_NTC = torch.randn(64, _WINDOW, 6, generator=torch.Generator().manual_seed(0))

    def step_of(encode: str) -> Callable[[], None]:
        encoder = build(arch)
        assert isinstance(encoder, ImuVit)
        network = MaskedAutoencoder(encoder, encode=encode).train()  # type: ignore[arg-type]
        optimiser = torch.optim.AdamW(network.parameters())

        def step() -> None:
            optimiser.zero_grad()
            network(imu_NTC)["loss"].backward()
            optimiser.step()

        return step

    seconds = in_turns({name: step_of(name) for name in ("visible", "all")}, rounds=5)
    return seconds["all"] / seconds["visible"]


def simulator_real_time() -> float:
    """Seconds of simulated wearable per second of one core."""
    from edgehuman.simulate.imu.recording import simulate_recording

    minutes = 20.0
    seconds = in_turns({"simulate": lambda: simulate_recording(0, minutes=minutes)}, rounds=3)
    return 60 * minutes / seconds["simulate"]


def walks_per_second() -> float:
    """Simulated skeleton walks of 96 frames a second of one core, by processor time."""
    from edgehuman.simulate.skeleton.walks import simulate_skeletons

    people, each = 32, 4
    sides = {"simulate": lambda: simulate_skeletons(people, each, 0)}
    return people * each / in_turns(sides, rounds=5, clock=time.process_time)["simulate"]


def views_per_second() -> float:
    """Photos per second of one core to ten views; `edgehuman.bench.targets.views` splits it."""
    from edgehuman.bench.targets.views import photos_per_second

    return photos_per_second()


def shards_over_memory() -> float:
    """Photos per second from local shards over those from memory, see `targets.views`."""
    from edgehuman.bench.targets.views import shards_over_memory

    return shards_over_memory()


def help_seconds(rounds: int = 9) -> float:
    """Median seconds of `edgehuman --help`, start of Python included."""
    words = module_line("edgehuman", "--help")

    def run() -> None:
        subprocess.run(words, stdout=subprocess.DEVNULL, check=True)

    return in_turns({"help": run}, rounds)["help"]


def cold_start_seconds(model: str) -> float:
    """Seconds from a new process to its first result: Python, imports, engine from disk."""
    require_model(model)
    with tempfile.TemporaryDirectory(prefix="edgehuman-bench-") as folder:
        [entry] = entries_of(model, ("onnxruntime",), 1, 0, Path(folder))
        found = [footprint(entry) for _ in range(3)]
    costs = [each.first_result_s for each in found if isinstance(each, Footprint)]
    if not costs:
        raise FailedRun(str(found[0]))
    return float(np.median(costs))


def export_seconds(arch: str) -> float:
    """The slowest precision of a catalogue network to ONNX, its parity proved on simulated
    windows.
    """
    require_torch()
    cells = [measure_cell(arch, "ONNX", precision, SIMULATED) for precision in PRECISIONS]
    for cell in cells:
        if cell.status == "not measured":
            raise NotMeasured(cell.reason)
        if cell.status != "done":
            raise FailedRun(f"{arch} in {cell.precision} {cell.status}: {cell.reason}")
    return max(cell.took_s for cell in cells)


def engine_failures(quick: bool) -> float:
    """Number of catalogued networks x precisions for which no TensorRT-RTX engine builds here."""
    cells = catalogue_cells("TensorRT-RTX", PRECISIONS, quick)
    return float(sum(cell.status != "done" for cell in cells))


def worst_max_abs(quick: bool) -> float:
    """Largest FP32 difference over the catalogue, per unit of the output's scale: the network's
    largest output, or 1 where that is smaller.
    """
    cells = catalogue_cells("ONNX", ("fp32",), quick)
    return max(
        cell.parity["max_abs"] / max(1.0, cell.parity["scale"])
        if cell.status == "done"
        else math.inf
        for cell in cells
    )


def worst_cosine(quick: bool) -> float:
    """Smallest FP16 cosine of any sample over the catalogue."""
    cells = catalogue_cells("ONNX", ("fp16",), quick)
    return min(cell.parity["cosine"] if cell.status == "done" else -1.0 for cell in cells)


def catalogue_cells(format: str, precisions: Sequence[str], quick: bool) -> Iterator[Cell]:
    """Export every network with random weights; failures and refusals go to stderr.

    Raises:
        NotMeasured: this machine cannot make the format.
    """
    require_torch()
    names = networks(largest_params=QUICK_PARAMS if quick else math.inf)
    for name, precision in progress_bar([(n, p) for n in names for p in precisions], unit="export"):
        cell = measure_cell(name, format, precision, SIMULATED)
        if cell.status == "not measured":
            raise NotMeasured(cell.reason)
        if cell.status != "done":
            tell(f"{name} {format} {precision}: {cell.reason}")
        yield cell


def int8_metric_change(model: str) -> float:
    """Points of macro-F1 between a zoo model and its INT8 twin, on test people.

    On UCI HAR in the folder that EDGEHUMAN_DATA names, and on simulated people where it is not set.

    Raises:
        DataError: the named folder does not hold it.
    """
    from edgehuman.bench.evaluate.imu import EvaluateConfig, evaluate

    folder = recordings_folder()
    data = SIMULATED if folder is None else str(folder / "uci_har.npz")
    scores: list[float] = []
    for name in (model, f"{model}-int8"):
        require_model(name)
        said = evaluate(EvaluateConfig(name, data=data)).data
        assert isinstance(said, dict)
        scores.append(said["metrics"]["macro_f1"])
    return 100 * abs(scores[0] - scores[1])


def require_torch() -> None:
    """Raise NotMeasured if PyTorch is not installed."""
    import importlib.util

    if importlib.util.find_spec("torch") is None:
        raise NotMeasured(f"PyTorch is not installed ({pip_line('train')})")
