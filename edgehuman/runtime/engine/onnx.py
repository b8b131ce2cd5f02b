"""Run an ONNX file on onnxruntime: on the CPU, on CUDA, or through onnxruntime's TensorRT provider.

onnxruntime silently falls back to the CPU if CUDA cannot be loaded or lacks an operator. Here that
is an error if the provider was requested by name, and a remark if it was chosen automatically.

The CPU provider is tested with the real library. CUDA and TensorRT were never run, as the test
machines have no GPU; a CPU session stands in for them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from edgehuman.card import Card
from edgehuman.errors import ArtefactError, EngineError
from edgehuman.records import Float32
from edgehuman.runtime.engine.build_on_device import find_gpu
from edgehuman.runtime.engine.onnx_file import Held, OnnxFile, open_file
from edgehuman.runtime.engine.open import EngineRequest, Notify, warn

CPU, CUDA, TENSORRT = "CPUExecutionProvider", "CUDAExecutionProvider", "TensorrtExecutionProvider"

# The first is the requested one; the others run the nodes that it does not support.
_BY_NAME: Mapping[str, tuple[str, ...]] = {
    "onnxruntime-cpu": (CPU,),
    "onnxruntime-cuda": (CUDA, CPU),
    "onnxruntime-tensorrt": (TENSORRT, CUDA, CPU),
}
_CORRUPTED = frozenset({"InvalidProtobuf", "InvalidGraph", "InvalidArgument", "ModelLoaded"})
# Kinds of output with one label per entry of the second axis.
_LABELLED = frozenset({"classes", "attributes", "heatmaps", "segmentation", "simcc"})
# Axes of an output, the batch among them.
_RANKS = {
    "classes": 2, "attributes": 2, "heatmaps": 4, "segmentation": 4, "simcc": 3, "boxes": 3,
    "person_parts": 3, "part_attributes": 3,
}  # fmt: skip
WOVEN = "DepthToSpace"
"""What wove the quarters of a map together in an earlier head of people's parts."""
# Of a box: x1, y1, x2, y2, score.
BOX_VALUES = 5
_DTYPES = {"float32": "tensor(float)", "uint8": "tensor(uint8)", "int32": "tensor(int32)"}


def open_onnx(path: Path, request: EngineRequest) -> OnnxRuntimeEngine:
    """Open an ONNX file on the named provider, or on the best of this machine.

    Raises:
        ArtefactError, EngineError: as `OnnxRuntimeEngine`.
    """
    return open_bytes(read_trusted(path, request), path, request)


def read_trusted(path: Path, request: EngineRequest) -> OnnxFile:
    """Read a file once; its seal holds, and its signature where the request asks for one.

    Raises:
        ArtefactError: as `open_file`. SignatureError: not signed by a trusted key.
    """
    file = open_file(path)
    if request.trust is not None:
        request.trust.require(path, file.sha256)
    return file


def open_bytes(file: OnnxFile, path: Path, request: EngineRequest) -> OnnxRuntimeEngine:
    """As `open_onnx`, of a file that was read and checked already."""
    if request.name in _BY_NAME:
        chosen = _BY_NAME[request.name]
        return OnnxRuntimeEngine(path, request.threads, chosen, request.notify, file)
    chosen = best_providers(file, request.notify)
    try:
        return OnnxRuntimeEngine(path, request.threads, chosen, request.notify, file)
    except EngineError as error:
        if chosen == (CPU,):
            raise
        request.notify(f"{path.name} runs on the CPU: {error}")
        return OnnxRuntimeEngine(path, request.threads, (CPU,), request.notify, file)


def best_providers(file: OnnxFile, notify: Notify) -> tuple[str, ...]:
    """CUDA if onnxruntime and this machine have it; the CPU for INT8 graphs."""
    import onnxruntime

    if CUDA not in onnxruntime.get_available_providers():
        return (CPU,)
    if file.card.precision.name.startswith("int8"):
        return (CPU,)
    if find_gpu() is None:
        notify("onnxruntime has CUDA but there is no NVIDIA GPU; running on the CPU")
        return (CPU,)
    return (CUDA, CPU)


class OnnxRuntimeEngine:
    """An ONNX file on onnxruntime.

    Args:
        path: the `.onnx` file with its card inside.
        threads: intra-op threads; 1 uses a single core.
        providers: where to run, best first. If the first cannot be used, that is an error, not a
            silent fallback.
        notify: called with remarks on nodes that fall back to the CPU.
        file: the checked bytes, which run; None: the path is read, once.

    Attributes:
        identity: of the bytes that run, see `OnnxFile`.

    Raises:
        ArtefactError: missing, foreign, corrupted, without a card, or a graph that does not match
            its card.
        EngineError: a provider is missing or does not start, or onnxruntime cannot run a node.
    """

    def __init__(
        self,
        path: Path,
        threads: int = 1,
        providers: Sequence[str] = (CPU,),
        notify: Notify = warn,
        file: OnnxFile | None = None,
    ) -> None:
        file = file or open_file(path)
        self.path = path
        self.card = file.card
        self.identity = file.identity
        self.threads = threads
        in_float = self.card.precision.name == "int8-tensorrt"
        self._session = open_session(file.content, path, threads, providers, in_float)
        self._input = self._session.get_inputs()[0].name
        self._outputs = [self._session.get_outputs()[0].name]
        self._rank = _RANKS.get(self.card.output.kind, 0) or _rank_of_embedding(self.card)
        self._check_graph()
        require_quarters(file)
        self._on_cpu = _left_to_cpu(self._session)
        if self._on_cpu and providers[0] != CPU:
            notify(f"{path.name} on {providers[0]}: {self._on_cpu}")

    def run(self, array: NDArray[Any]) -> Float32:
        """Run raw records (N, ...) in the card's dtype; the graph's first output (N, ...).

        Raises:
            EngineError: onnxruntime fails, or the memory is not enough.
            ArtefactError: an output of other axes than the card says.
        """
        try:
            answer: Float32 = self._session.run(self._outputs, {self._input: array})[0]
        except Exception as error:  # onnxruntime's exceptions have no common base class
            if not (type(error).__module__.startswith("onnxruntime") or _is_memory(error)):
                raise
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise EngineError(
                f"{self.path}: onnxruntime failed while it ran {len(array)} records: {reason}. "
                "Give fewer at a time or free memory; else export the model again"
            ) from None
        if self._rank and answer.ndim != self._rank:  # the graph does not state it beforehand
            raise self._other_output(answer.shape)
        return answer

    def describe(self) -> Mapping[str, Any]:
        """Engine, version, providers in use, CPU fallbacks, threads and file."""
        import onnxruntime

        return {
            "engine": "onnxruntime",
            "version": onnxruntime.__version__,
            "providers": self._session.get_providers(),
            "left_to_cpu": self._on_cpu,
            "threads": self.threads,
            "path": str(self.path),
        }

    def _check_graph(self) -> None:
        """Raise ArtefactError if the graph's input or output does not match the card."""
        taken, given = self._session.get_inputs()[0], self._session.get_outputs()[0]
        spec = self.card.input
        fits = len(taken.shape) == len(spec.shape) + 1 and all(
            not isinstance(found, int) or said in (0, found)
            for found, said in zip(taken.shape[1:], spec.shape, strict=True)
        )
        if not fits or taken.type != _DTYPES.get(spec.dtype):
            raise ArtefactError(
                f"{self.path}: its graph takes {taken.type} {taken.shape}, but its card says "
                f"{spec.dtype} (N, {', '.join(map(str, spec.shape))}); export the model again"
            )
        if self._rank and given.shape and len(given.shape) != self._rank:
            raise self._other_output(given.shape)
        columns = self.card.output.columns
        is_named = self.card.output.kind in _LABELLED and len(given.shape) > 1
        if is_named and given.shape[1] not in (columns, None):
            raise ArtefactError(
                f"{self.path}: its graph outputs {given.shape}, but its card has {columns} "
                "labels; export the model again"
            )

        if self.card.output.kind == "boxes" and tuple(given.shape)[2:] not in ((BOX_VALUES,), ()):
            raise ArtefactError(
                f"{self.path}: its graph outputs {given.shape}, but a box has {BOX_VALUES} values; "
                "export the model again"
            )

    def _other_output(self, shape: Sequence[Any]) -> ArtefactError:
        return ArtefactError(
            f"{self.path}: its graph outputs {tuple(shape)}, but {self.card.output.kind} have "
            f"{self._rank} axes; export the model again"
        )


def require_quarters(file: OnnxFile) -> None:
    """Raise ArtefactError for a graph that parts people by an earlier head: it has the same axes,
    and its maps lie row by row, which would be read wrongly.
    """
    if file.card.output.kind == "person_parts" and WOVEN in file.operators:
        raise ArtefactError(
            f"{file.where}: its maps lie row by row, as those of an earlier edgehuman did, and are "
            "read quarter by quarter now. Train it again with `edgehuman finetune --task "
            "multi-parsing`, and export it"
        )


def _rank_of_embedding(card: Card) -> int:
    """Axes of an embedding that is compared; 0: not known, of others and of parts of a model."""
    if card.output.kind != "embedding" or card.output.distance is None:
        return 0
    return 3 if card.output.parts else 2


def _is_memory(error: Exception) -> bool:
    return isinstance(error, MemoryError) or "bad_alloc" in str(error)


def open_session(
    content: bytes | Held, path: Path, threads: int, providers: Sequence[str], in_float: bool
) -> Any:
    """Open an onnxruntime session without spinning threads, so that a waiting stream uses no CPU.

    Args:
        content: the bytes that were checked; the path is not read.
        path: for messages.
        in_float: multiply quantised values in float32: the CPU kernels for INT8 graphs of TensorRT
            overflow on x86 without VNNI.
    """
    import onnxruntime

    _require_available(providers, onnxruntime.get_available_providers())
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # A file that reads as ONNX could be one of its other format too, which nothing here checks.
    options.add_session_config_entry("session.load_model_format", "ONNX")
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.disable_quant_qdq", str(int(in_float)))
    options.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
    try:
        # Its own fallback prints to standard output, where our results go, and changes the provider
        # during a stream.
        session = onnxruntime.InferenceSession(
            content.place if isinstance(content, Held) else content,
            options,
            providers=list(providers),
            enable_fallback=0,
        )
        session.disable_fallback()
        session._model_bytes = b""  # kept for a fallback alone, as large as the weights
    except Exception as error:  # onnxruntime's exceptions have no common base class
        reason = str(error).strip().splitlines()[0]
        if type(error).__name__ in _CORRUPTED:
            raise ArtefactError(f"{path} is corrupted: {reason}. Export the model again") from None
        raise EngineError(f"onnxruntime cannot run {path} here: {reason}") from None
    if session.get_providers()[0] != providers[0]:
        raise EngineError(
            f"onnxruntime could not start {providers[0]} and fell back to "
            f"{', '.join(session.get_providers())}: a CUDA library is missing, or the driver is "
            "too old. `edgehuman doctor` shows what this machine has; --engine onnxruntime-cpu "
            "runs on the CPU"
        )
    return session


def _require_available(providers: Sequence[str], available: Sequence[str]) -> None:
    absent = [name for name in providers if name not in available]
    if absent:
        # Both at once overwrite each other's files, so that neither may stay.
        line = "Run: pip uninstall onnxruntime onnxruntime-gpu && pip install onnxruntime-gpu"
        fix = (
            line if set(absent) <= {CUDA, TENSORRT} else "`edgehuman doctor` shows what to install"
        )
        raise EngineError(
            f"onnxruntime here has no {', '.join(absent)}; it has {', '.join(available)}. {fix}"
        )


def _left_to_cpu(session: Any) -> str:
    """The nodes that fall back to the CPU beside another provider, as text; "" if none do."""
    if session.get_providers()[0] == CPU:
        return ""
    if not hasattr(session, "get_provider_graph_assignment_info"):
        return "this onnxruntime cannot report nodes that fall back to the CPU; install a newer one"
    total, operators = 0, Counter[str]()
    for part in session.get_provider_graph_assignment_info():
        nodes = part.get_nodes()
        total += len(nodes)
        if part.ep_name == CPU:
            operators.update(node.op_type for node in nodes)
    if not operators:
        return ""
    listed = ", ".join(f"{count} {name}" for name, count in operators.most_common())
    return f"{operators.total()} of {total} nodes fall back to the CPU: {listed}"
