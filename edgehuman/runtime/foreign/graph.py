"""A network that others made: an ONNX file without a card, run on the CPU.

    graph = Graph("movenet_thunder.onnx")
    joints, = graph.run(input_NHWC)

What it takes and gives is read from the graph; which family it is of, and so what its numbers mean,
is decided by the adapters beside this file.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from edgehuman.errors import ArtefactError, EngineError
from edgehuman.runtime.engine.onnx import CPU, open_session, read_trusted
from edgehuman.runtime.engine.open import EngineRequest

Shape = tuple[int | None, ...]


class Graph:
    """An ONNX file of one input.

    Args:
        path: the file.
        threads: intra-op threads.

    Attributes:
        name: the path that it was opened by.
        shape, dtype: of the input; None: an axis of any length. The dtype in onnxruntime's words,
            e.g. "tensor(float)".
        outputs: shapes by name, in the graph's order.
        is_ours: whether edgehuman wrote the file.
        metadata: the file's own words: task, names, licence, ...

    Raises:
        ArtefactError: missing, not an ONNX file, or of several inputs.
        SignatureError: a signature is required, and there is none that holds.
        EngineError: onnxruntime cannot run it.
    """

    def __init__(self, path: Path | str, threads: int = 1) -> None:
        file = read_trusted(Path(path), EngineRequest(threads=threads))
        self.name, self.is_ours = str(path), file.is_ours
        self.metadata: Mapping[str, str] = file.metadata
        self._session = open_session(file.content, Path(path), threads, (CPU,), False)
        taken = self._session.get_inputs()
        if len(taken) != 1:
            raise ArtefactError(
                f"{path} takes {len(taken)} inputs ({', '.join(each.name for each in taken)}); a "
                "network that finds people takes one, the picture. Export it with one"
            )
        self._input = taken[0].name
        self.shape, self.dtype = _axes(taken[0].shape), str(taken[0].type)
        self.outputs: Mapping[str, Shape] = {
            each.name: _axes(each.shape) for each in self._session.get_outputs()
        }

    def run(self, input_NHWC: NDArray[Any]) -> list[NDArray[Any]]:
        """All outputs, in the graph's order.

        Raises:
            EngineError: onnxruntime fails.
        """
        try:
            return list(self._session.run(None, {self._input: input_NHWC}))
        except Exception as error:  # onnxruntime's exceptions have no common base class
            if not type(error).__module__.startswith("onnxruntime"):
                raise
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise EngineError(
                f"{self.name}: onnxruntime failed on an input of {input_NHWC.shape}: {reason}. "
                "Export the model again"
            ) from None


def opened(graph: Path | str | Graph, threads: int = 1) -> Graph:
    """The graph of a file, or the one that is open already."""
    return graph if isinstance(graph, Graph) else Graph(graph, threads)


def _axes(shape: list[Any]) -> Shape:
    return tuple(each if isinstance(each, int) else None for each in shape)
