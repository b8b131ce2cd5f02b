"""Build an engine from an ONNX graph with `tensorrt` 10, `tensorrt` 11 or `tensorrt_rtx`.

edgehuman's export imports this file, and copies it into the bundle for a Jetson, where it runs as

    python3 build.py                      every option: python3 build.py --help

with only JetPack's Python (3.8 or newer) and its `tensorrt`. The precision is in the graph, so the
flags and calibrators that TensorRT 11 dropped are not used.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import hashlib
import importlib
import json
import os
import platform
import re
import signal
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Callable, Iterator  # noqa: UP035 - Python 3.8 runs this

OLDEST_MAJOR = 10
INSTALL = {
    "tensorrt": "pip install tensorrt (on a Jetson, TensorRT comes with JetPack)",
    "tensorrt_rtx": "pip install tensorrt-rtx",
}
HARDWARE = ("none", "ampere_plus", "same_compute_capability")
SEAL = re.compile(rb'(?<="seal": ")[0-9a-f]{64}(?=")')  # in a side file: of all its other bytes
UNSEALED = "0" * 64
Report = Callable[[float, str], None]


class BuildError(Exception):
    """The engine could not be built; the message has the reason and the fix."""


@dataclass(frozen=True)
class Options:
    """Options of the builder; triples are smallest, optimal and largest."""

    batch: tuple[int, int, int] = (1, 1, 16)
    length: tuple[int, int, int] = (8, 32, 128)  # every other dynamic axis: frames
    capabilities: tuple[int, ...] = ()  # such as 86, for other GPUs (tensorrt_rtx)
    version_compatible: bool = False  # also loads in later versions; can be slower
    hardware: str = "none"  # other GPUs that it also runs on; can be slower
    dla: int | None = None  # DLA core of a Jetson; unsupported layers run on the GPU
    workspace_mib: int | None = None  # memory that the builder may use; None: TensorRT's default
    level: int | None = None  # optimisation level, 0 to 5; None: TensorRT's default

    def __post_init__(self) -> None:
        for name, (low, best, high) in (("batch", self.batch), ("length", self.length)):
            if not 1 <= low <= best <= high < 1 << 31:
                order = "smallest, optimal, largest, in ascending order"
                raise BuildError(f"{name} must be {order} (got {low}, {best}, {high})")
        for name, least, most in (("dla", 0, 1), ("workspace_mib", 1, 1 << 24), ("level", 0, 5)):
            value = getattr(self, name)
            if value is not None and not least <= value <= most:
                raise BuildError(f"{name} must be between {least} and {most} (got {value})")
        if self.hardware not in HARDWARE:
            raise BuildError(f"hardware must be {' or '.join(HARDWARE)} (got {self.hardware!r})")


@dataclass(frozen=True)
class Gpu:
    """From the driver: name, compute capability (87), and its CUDA version (12060)."""

    name: str
    capability: int
    driver: int


def find_gpu() -> Gpu | None:
    """The first GPU that the driver (libcuda) reports; None: no driver, or no GPU."""
    try:
        cuda = ctypes.CDLL("nvcuda.dll" if os.name == "nt" else "libcuda.so.1")
    except OSError:
        return None
    device, major, minor, driver = (ctypes.c_int() for _ in range(4))
    name = ctypes.create_string_buffer(128)
    if cuda.cuInit(0) or cuda.cuDeviceGet(ctypes.byref(device), 0):
        return None
    cuda.cuDeviceGetName(name, len(name), device)
    cuda.cuDeviceGetAttribute(ctypes.byref(major), 75, device)
    cuda.cuDeviceGetAttribute(ctypes.byref(minor), 76, device)
    cuda.cuDriverGetVersion(ctypes.byref(driver))
    return Gpu(name.value.decode(), 10 * major.value + minor.value, driver.value)


def load_library(name: str) -> Any:
    """Import `tensorrt` or `tensorrt_rtx`; BuildError if it is missing or too old."""
    try:
        trt = importlib.import_module(name)
        version = trt.__version__
    except (ImportError, OSError, AttributeError) as error:
        raise BuildError(f"{name} is not installed here ({error}); run: {INSTALL[name]}") from None
    if name == "tensorrt" and int(version.split(".")[0]) < OLDEST_MAJOR:
        need = f"{OLDEST_MAJOR} or newer is needed, as in JetPack 6.1"
        raise BuildError(f"TensorRT {version} is installed; {need}")
    return trt


def build(
    trt: Any, onnx: bytes, options: Options, timing: bytes, report: Report
) -> tuple[bytes, bytes]:
    """Build the plan, and the timing cache to keep for the next build on this GPU and version.

    Args:
        timing: an earlier timing cache; TensorRT ignores one of another GPU or version.
        report: called with the share done (0..1) and the name of the phase.

    Raises:
        BuildError: the graph does not parse (the node is named), or the builder gives up.
        KeyboardInterrupt: stopped by the user, after the builder stopped.
    """
    log = _make_log(trt)
    builder = trt.Builder(log)
    network = builder.create_network(_strongly_typed(trt))
    _parse(trt, network, log, onnx)
    config = builder.create_builder_config()
    _configure(trt, config, options)
    config.add_optimization_profile(_profile(builder, network, options))
    # tensorrt_rtx compiles when an engine is loaded, so it has no timings to keep.
    cache = None if capabilities_of(trt) else config.create_timing_cache(timing)
    if cache is not None:
        config.set_timing_cache(cache, False)
    monitor = _make_monitor(trt, report)
    config.progress_monitor = monitor
    with _interrupts_to(monitor):
        plan = builder.build_serialized_network(network, config)
    if monitor.interrupted:
        raise KeyboardInterrupt
    if plan is None:
        raise BuildError(f"TensorRT could not build the engine: {log.last}")
    return bytes(plan), b"" if cache is None else bytes(config.get_timing_cache().serialize())


def describe(trt: Any, onnx: bytes, plan: bytes, options: Options, spent_s: float) -> Any:
    """The engine's entry of the side file: enough to tell, before loading it, whether it fits."""
    gpu = find_gpu()
    return {
        "library": trt.__name__,
        "version": trt.__version__,
        "gpu": gpu.name if gpu else None,
        "compute_capability": gpu.capability if gpu and not options.capabilities else None,
        "built_for": list(options.capabilities) or ([gpu.capability] if gpu else []),
        "driver": gpu.driver if gpu else None,
        "platform": f"{platform.system()} {platform.machine()}",
        "onnx_sha256": hashlib.sha256(onnx).hexdigest(),
        "engine_sha256": hashlib.sha256(plan).hexdigest(),
        "build_s": round(spent_s, 3),
        "options": asdict(options),
    }


def sealed(side: bytes) -> bytes:
    """A side file with its seal: the SHA-256 of its bytes, with the seal's digits as zeros."""
    blank = SEAL.sub(UNSEALED.encode(), side)
    return SEAL.sub(hashlib.sha256(blank).hexdigest().encode(), blank)


def require_target(trt: Any, options: Options, gpu: Gpu | None) -> None:
    """Raise BuildError if there is neither a GPU to build on nor a capability to build for."""
    offered, name = capabilities_of(trt), trt.__name__
    listed = ", ".join(map(str, offered))
    if options.capabilities and not offered:
        fix = "remove the capability, or build with tensorrt_rtx"
        raise BuildError(f"{name} builds for the GPU that it runs on; {fix}")
    for number in options.capabilities:
        if number not in offered:
            said = f"{name} {trt.__version__} cannot build for compute capability {number}"
            raise BuildError(f"{said}; it offers {listed}")
    if gpu is None and not options.capabilities:
        way = f"give a capability: {listed}"
        if not offered:
            way = "build with tensorrt_rtx and a capability, or on the device (--on-device)"
        raise BuildError(f"no GPU found, but {name} needs one to build; {way}")


def capabilities_of(trt: Any) -> list[int]:
    """The compute capabilities that this library can build for without such a GPU."""
    members = getattr(getattr(trt, "ComputeCapability", None), "__members__", {})
    return sorted(int(name[2:]) for name in members if name[:2] == "SM" and name[2:].isdigit())


def _strongly_typed(trt: Any) -> int:
    """The flag that TensorRT 10 needs; from 11 on all networks are strongly typed."""
    flag = getattr(trt.NetworkDefinitionCreationFlag, "STRONGLY_TYPED", None)
    return 0 if flag is None else 1 << int(flag)


def _parse(trt: Any, network: Any, log: Any, onnx: bytes) -> None:
    parser = trt.OnnxParser(network, log)
    if parser.parse(onnx):
        if network.num_outputs == 0:
            raise BuildError("not an ONNX file: it has no graph; export the model again")
        return
    errors = [parser.get_error(i) for i in range(parser.num_errors)]
    said = "; ".join(_in_words(error) for error in errors[:3])
    raise BuildError(said or f"TensorRT's parser refused the graph: {log.last}")


def _in_words(error: Any) -> str:
    """A parser error with its node, operator and module of our network."""
    node, operator = error.node_name(), error.node_operator()
    if not operator:
        return f"TensorRT cannot read the graph: {error.desc()}; truncated, or not an ONNX file"
    module = node.rpartition("/")[0] or "the network"
    reason = " ".join(error.desc().split())
    return f"TensorRT cannot run operator {operator} at node {node} (from {module}): {reason}"


def _configure(trt: Any, config: Any, options: Options) -> None:
    if options.capabilities:
        config.num_compute_capabilities = len(options.capabilities)
        for i, number in enumerate(options.capabilities):
            config.set_compute_capability(getattr(trt.ComputeCapability, f"SM{number}"), i)
    if options.version_compatible:
        config.set_flag(trt.BuilderFlag.VERSION_COMPATIBLE)
    if options.hardware != "none":
        level = getattr(trt.HardwareCompatibilityLevel, options.hardware.upper(), None)
        if level is None:
            raise BuildError(f"{trt.__name__} has no hardware level {options.hardware}")
        config.hardware_compatibility_level = level
    if options.dla is not None:
        if not hasattr(trt.DeviceType, "DLA"):
            raise BuildError(f"{trt.__name__} {trt.__version__} has no DLA support")
        config.default_device_type = trt.DeviceType.DLA
        config.DLA_core = options.dla
        config.set_flag(trt.BuilderFlag.GPU_FALLBACK)
    if options.workspace_mib is not None:
        config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, options.workspace_mib << 20)
    if options.level is not None:
        config.builder_optimization_level = options.level


def _profile(builder: Any, network: Any, options: Options) -> Any:
    """The profile: batches for axis 0 of every input, lengths for other dynamic axes."""
    profile = builder.create_optimization_profile()
    for i in range(network.num_inputs):
        tensor = network.get_input(i)
        shapes = []
        for batch, length in zip(options.batch, options.length):  # noqa: B905 - Python 3.8
            free = [batch] + [length] * (len(tensor.shape) - 1)
            shapes.append([free[k] if n < 0 else n for k, n in enumerate(tensor.shape)])
        profile.set_shape(tensor.name, *shapes)
    return profile


def _make_log(trt: Any) -> Any:
    class Log(trt.ILogger):  # type: ignore[misc]
        last = "no reason given"

        def log(self, severity: Any, message: str) -> None:
            if severity in (trt.ILogger.ERROR, trt.ILogger.INTERNAL_ERROR):
                self.last = " ".join(message.split())

    return Log()


def _make_monitor(trt: Any, report: Report) -> Any:
    phases: list[list[Any]] = []

    class Monitor(trt.IProgressMonitor):  # type: ignore[misc]
        """Combine nested phases into one share: steps done, plus the phase of the current step."""

        share, interrupted = 0.0, False

        def phase_start(self, phase_name: str, parent_phase: Any, num_steps: int) -> None:
            phases.append([phase_name, 0, max(1, num_steps)])

        def step_complete(self, phase_name: str, step: int) -> bool:
            inner = 0.0
            for phase in reversed(phases):
                phase[1] = step + 1 if phase[0] == phase_name else phase[1]
                inner = min(1.0, (phase[1] + inner) / phase[2])
            self.share = max(self.share, inner)
            report(self.share, phase_name)
            return not self.interrupted

        def phase_finish(self, phase_name: str) -> None:
            phases[:] = [phase for phase in phases if phase[0] != phase_name]

    return Monitor()


@contextlib.contextmanager
def _interrupts_to(monitor: Any) -> Iterator[None]:
    """Let Ctrl-C stop the builder at its next step: an exception must not cross its C++ code."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ask(number: int, frame: Any) -> None:
        monitor.interrupted = True

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def progress_line(stream: Any) -> Report:
    """Report percent, phase and time left: one updated line on a terminal, else one every 10 s."""
    start = time.monotonic()
    shown, live = [start], stream.isatty()

    def report(share: float, phase: str) -> None:
        now = time.monotonic()
        if now - shown[0] < (0.1 if live else 10.0):
            return
        shown[0] = now
        left_s = (now - start) * (1 - share) / max(share, 1e-3)
        left = f", about {left_s:.0f} s left" if share > 0.02 else ""
        said = f"building the engine: {100 * share:3.0f} %{left} ({phase})"
        print(f"\r\x1b[K{said}" if live else f"{said}\n", end="", file=stream, flush=True)

    return report


def write_together(contents: dict[Path, bytes]) -> None:
    """Write under temporary names first, so that a stop or a full disk changes nothing."""
    partials = {path: path.with_name(f"{path.name}.{os.getpid()}.partial") for path in contents}
    try:
        for path, content in contents.items():
            partials[path].write_bytes(content)
        for path, partial in partials.items():
            partial.replace(path)
    finally:
        for partial in partials.values():
            partial.unlink(missing_ok=True)


def _arguments() -> dict[str, Any]:
    """The given flags; the others default to bundle.json."""
    parser = argparse.ArgumentParser(
        description="Build the engine of this bundle on this device; defaults are in bundle.json.",
        argument_default=argparse.SUPPRESS,
    )
    parser.add_argument("--library", choices=sorted(INSTALL))
    parser.add_argument("--capability", dest="capabilities", type=int, action="append")
    for flag in ("--batch", "--length"):
        parser.add_argument(flag, type=int, nargs=3, metavar=("MIN", "BEST", "MAX"))
    parser.add_argument("--hardware", choices=HARDWARE)
    parser.add_argument("--version-compatible", action="store_true")
    for flag in ("--dla", "--workspace-mib", "--level"):
        parser.add_argument(flag, type=int)
    parser.add_argument("--out", help="file to write; default: NAME.engine beside this script")
    return vars(parser.parse_args())


def main() -> int:
    """Build the bundle beside this script; exit code 0: done, 1: failed, 130: stopped."""
    words = _arguments()
    try:
        print(build_bundle(Path(__file__).resolve().parent, words))
    except (BuildError, OSError, KeyError, TypeError, ValueError) as error:
        print(f"build: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("build: stopped; no engine was written", file=sys.stderr)
        return 130
    return 0


def build_bundle(folder: Path, words: dict[str, Any]) -> str:
    """Build the engine of a bundle beside its graph; return what to say."""
    bundle = json.loads((folder / "bundle.json").read_text())
    graph = folder / bundle["onnx"]
    onnx = graph.read_bytes()
    if hashlib.sha256(onnx).hexdigest() != bundle["onnx_sha256"]:
        raise BuildError(f"{graph.name} differs from the bundled file; copy the bundle again")
    trt = load_library(words.pop("library", bundle["library"]))
    out = Path(words.pop("out", graph.with_suffix(".engine")))
    options = Options(**{**bundle["options"], **words})
    require_target(trt, options, find_gpu())
    if not os.access(out.parent, os.W_OK):
        raise BuildError(f"cannot write to {out.parent}; choose another --out")
    timing = folder / f"timing-{trt.__name__}-{trt.__version__}.cache"
    kept = timing.read_bytes() if timing.exists() else b""
    start = time.monotonic()
    plan, kept = build(trt, onnx, options, kept, progress_line(sys.stderr))
    about = describe(trt, onnx, plan, options, time.monotonic() - start)
    side = json.dumps({"card": bundle["card"], "engine": about, "seal": UNSEALED}, indent=1)
    write_together({out.with_name(f"{out.name}.json"): sealed(side.encode()), out: plan})
    if kept:
        write_together({timing: kept})
    return f"{out} ({len(plan) / 1e6:.1f} MB) in {about['build_s']:.1f} s"


if __name__ == "__main__":
    sys.exit(main())
