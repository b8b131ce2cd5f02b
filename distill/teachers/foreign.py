"""A teacher of any origin: an ONNX file with a contract (`contract.py`), run by onnxruntime.

Axes: N records, T time, C channels, H rows, W columns, K labels.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman import catalogue
from edgehuman.card import InputSpec, OutputSpec
from edgehuman.distill.kinds import EMBEDDING, KIND_OF, LOGITS, MAP, TOKENS
from edgehuman.distill.teachers.contract import Contract, Declared, axes_of, read_contract
from edgehuman.distill.teachers.teachers import Running
from edgehuman.errors import ArtefactError, DataError, UsageError
from edgehuman.outcome import to_json
from edgehuman.reading.parsers import foreign
from edgehuman.records import STANDARD_GRAVITY_MS2, Float32
from edgehuman.runtime.engine.onnx import CPU, CUDA, open_session
from edgehuman.runtime.engine.onnx_file import content_of, read_onnx
from edgehuman.runtime.provenance.trusted import trust_of_environment

_DTYPES = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(uint8)": np.uint8,
}
_ONE_OF_K = ("classes", "segmentation")
_RANKS = {LOGITS: (2,), EMBEDDING: (2, 3), TOKENS: (3,), MAP: (4,)}
_LEAST_PROB = 1e-12
_NEAR_PROB = 1e-3  # roundings of float16 and INT8 graphs


class ForeignTeacher:
    """An ONNX file with a contract beside it.

    Raises:
        UsageError: no contract, a wrong one, or one that does not fit the graph.
        ArtefactError, EngineError: the file is damaged, keeps weights in another file, or this
            machine cannot run it.
    """

    def __init__(self, path: Path, running: Running) -> None:
        self._declared = read_contract(path, our_input)
        contract = self._declared.contract
        providers = (CUDA, CPU) if running.device == "cuda" else (CPU,)
        file = read_onnx(content_of(path), str(path))
        content, digest = file.plain, file.sha256
        if (trust := trust_of_environment()) is not None:
            trust.require(path, digest)
        self._session = open_session(content, path, running.threads, providers, False)
        self.name = str(path)
        self.card_data = self._declared.data
        words = digest + to_json(self._declared.table)
        self.digest = hashlib.sha256(words.encode()).hexdigest()
        self.labels = contract.labels
        self.input = self._declared.spec
        self.output = OutputSpec(contract.kind, contract.labels)
        self.params = _count(content, str(path))
        self._names = list(self._declared.outputs.values())
        self._kinds = list(self._declared.outputs)
        self._input, self._dtype, self._batch = self._require_graph()
        self.precision = "fp16" if self._dtype == np.float16 else "fp32"
        self._require_answers()

    def answer(self, record_N: NDArray[Any]) -> dict[str, Float32]:
        """Return the declared answers (N, ...) to our raw records (N, ...).

        Raises:
            DataError: records that are shorter than the graph's window.
            UsageError: not a row for each record, or no probabilities where some are declared.
        """
        given = adapted(record_N, self._declared.contract, self.input).astype(self._dtype)
        step = self._batch or len(given)
        parts = [self._run(given[at : at + step]) for at in range(0, len(given), step)]
        return {
            kind: self._undone(kind, np.concatenate([part[place] for part in parts]))
            for place, kind in enumerate(self._kinds)
        }

    def _run(self, given: NDArray[Any]) -> list[NDArray[Any]]:
        """Outputs for at most `batch` inputs; a fixed batch is filled with the last of them."""
        short = max(0, self._batch - len(given))
        filled = np.concatenate([given, np.repeat(given[-1:], short, axis=0)]) if short else given
        answers = self._session.run(self._names, {self._input: np.ascontiguousarray(filled)})
        for name, answer in zip(self._names, answers, strict=True):
            if answer.shape[:1] != filled.shape[:1]:
                raise UsageError(
                    f"{self.name} gives {name} of {answer.shape} for {len(filled)} records; the "
                    "first axis must have a row for each. Export it with a batch axis"
                )
        return [answer[: len(given)] for answer in answers]

    def _undone(self, kind: str, answer: NDArray[Any]) -> Float32:
        """Logits of what the graph gives as probabilities."""
        answer = np.asarray(answer, np.float32)
        applied = self._declared.contract.applied
        if kind not in (LOGITS, MAP) or applied == "none":
            return answer
        if answer.size and not -_NEAR_PROB <= answer.min() <= answer.max() <= 1 + _NEAR_PROB:
            self._refuse_applied(kind, answer)
        prob = np.clip(answer.astype(np.float64), _LEAST_PROB, 1 - _LEAST_PROB)
        logit = np.log(prob) if applied == "softmax" else np.log(prob) - np.log1p(-prob)
        return np.asarray(logit, np.float32)

    def _refuse_applied(self, kind: str, answer: Float32) -> None:
        """Raise UsageError for logits that are declared to be probabilities; NaN may pass."""
        low, high = float(answer.min()), float(answer.max())
        if np.isnan(low):
            return
        raise UsageError(
            f"{self._declared.where}: applied is {self._declared.contract.applied!r}, but {kind} "
            f"of {self.name} are from {low:g} to {high:g}, not probabilities from 0 to 1; remove "
            "applied, or name the output behind it"
        )

    def _require_graph(self) -> tuple[str, Any, int]:
        """Name, dtype and fixed batch (0: any) of the graph's input, held against the contract."""
        inputs, where = self._session.get_inputs(), self._declared.where
        if len(inputs) != 1:
            raise UsageError(
                f"{self.name} takes {len(inputs)} inputs ({', '.join(each.name for each in inputs)}"
                "); a teacher takes one, the record"
            )
        outputs = [each.name for each in self._session.get_outputs()]
        for kind, name in self._declared.outputs.items():
            if name not in outputs:
                raise UsageError(
                    f"{where}: {kind} is {name!r}, but {self.name} has the outputs "
                    f"{', '.join(outputs)}"
                )
        taken = inputs[0]
        if taken.type not in _DTYPES:
            raise UsageError(f"{self.name} takes {taken.type}; valid: {', '.join(_DTYPES)}")
        made = adapted(_zeros(self._declared), self._declared.contract, self.input).shape
        fits = len(made) == len(taken.shape) and all(
            not isinstance(size, int) or size == found
            for size, found in zip(taken.shape[1:], made[1:], strict=True)
        )
        if not fits:
            raise UsageError(
                f"{where} makes inputs of (N, {', '.join(map(str, made[1:]))}), but {self.name} "
                f"takes {tuple(taken.shape)}; correct layout, window or size"
            )
        batch = taken.shape[0] if isinstance(taken.shape[0], int) else 0
        return taken.name, _DTYPES[taken.type], batch

    def _require_answers(self) -> None:
        """Hold the answers to two records of zeros against the contract."""
        where, contract = self._declared.where, self._declared.contract
        try:
            answers = self.answer(np.repeat(_zeros(self._declared), 2, axis=0))
        except (UsageError, DataError):
            raise
        except Exception as error:  # onnxruntime's exceptions have no common base class
            reason = str(error).strip().splitlines()[0]
            raise ArtefactError(f"{self.name} does not run on records of zeros: {reason}") from None
        for kind, answer in answers.items():
            if answer.ndim not in _RANKS[kind]:
                rule = " or ".join(map(str, _RANKS[kind]))
                raise UsageError(
                    f"{where}: {kind} is {self._declared.outputs[kind]!r}, which the graph gives "
                    f"as {answer.shape}; it must have {rule} axes"
                )
            if (
                kind in (LOGITS, MAP)
                and contract.labels
                and answer.shape[1] != len(contract.labels)
            ):
                raise UsageError(
                    f"{where} has {len(contract.labels)} labels, but {self.name} gives {kind} of "
                    f"{answer.shape[1]}; name each of them"
                )
        self._require_logits(answers.get(KIND_OF[contract.kind]))

    def _require_logits(self, logits_NK: Float32 | None) -> None:
        """Raise UsageError for probabilities that are declared to be logits."""
        contract = self._declared.contract
        if logits_NK is None or contract.applied != "none" or contract.kind not in _ONE_OF_K:
            return
        if bool((logits_NK >= 0).all()) and np.allclose(logits_NK.sum(axis=1), 1, atol=1e-4):
            raise UsageError(
                f"{self._declared.where}: the logits of {self.name} are from 0 to 1 and sum to 1: "
                'they are probabilities. Add applied = "softmax"'
            )


def our_input(record: str) -> InputSpec:
    """Return our input of a record, of any network: of time and size, what they do not share is 0.

    Raises:
        UsageError: no network takes this record.
    """
    shapes = []
    for row in catalogue.NETWORKS.values():
        if row.input == record:
            spec: InputSpec = catalogue.step(record, "input")(row)
            shapes.append(spec)
    if not shapes:
        raise UsageError(f"no network takes {record}, so no student can learn from this teacher")
    first = shapes[0]
    if axes_of(first) == "NHWC":
        return replace(first, shape=(0, 0, *first.shape[2:]))
    lengths = {spec.shape[0] for spec in shapes}
    return first if len(lengths) == 1 else replace(first, shape=(0, *first.shape[1:]))


def adapted(record_N: NDArray[Any], contract: Contract, spec: InputSpec) -> Float32:
    """Return our raw records (N, ...) as the graph takes them: units, axes, time, size,
    normalisation, layout.

    Raises:
        DataError: records that are shorter than the window.
    """
    x_N = np.asarray(record_N, np.float32)
    if contract.accel:
        x_N = _turned(x_N, contract)
    if contract.window:
        x_N = resampled(x_N, contract, spec.rate_hz)
    if contract.size:
        x_N = _resized(x_N, contract.size)
    if contract.colours == "BGR":
        x_N = x_N[..., ::-1]
    scale = 255 if contract.pixels == "0..1" else 1
    mean_C, std_C = (
        np.array(given or [default], np.float32)
        for given, default in ((contract.mean, 0.0), (contract.std, 1.0))
    )
    x_N = (x_N / np.float32(scale) - mean_C) / std_C
    own, layout = axes_of(spec), contract.layout
    if layout and layout != own:
        x_N = x_N.transpose([own.index(letter) for letter in layout])
    return np.ascontiguousarray(x_N, np.float32)


def resampled(x_NT: Float32, contract: Contract, rate_hz: float) -> Float32:
    """Return the middle of records (N, T, ...) at `rate_hz` as the graph's window, linearly between
    samples.
    """
    frames, step = x_NT.shape[1], rate_hz / contract.rate_hz
    if contract.window * step > frames * (1 + 1e-6):
        raise DataError(
            f"a record of {frames} frames at {rate_hz:g} Hz is {frames / rate_hz:.2f} s long, and "
            f"this teacher takes {contract.window / contract.rate_hz:.2f} s; use longer records"
        )
    start = (frames - 1 - (contract.window - 1) * step) / 2
    start = float(np.floor(start)) if step == 1 else start
    at_W = np.clip(start + step * np.arange(contract.window), 0, frames - 1)
    left_W = np.minimum(at_W.astype(np.int64), max(0, frames - 2))
    right_W = np.minimum(left_W + 1, frames - 1)
    share_W = (at_W - left_W).astype(np.float32).reshape(-1, *(1,) * (x_NT.ndim - 2))
    between = x_NT[:, left_W] * (1 - share_W) + x_NT[:, right_W] * share_W
    return np.asarray(between, np.float32)


def _turned(imu_NTC: Float32, contract: Contract) -> Float32:
    """Our g and rad/s, on our axes, in the graph's units, on its axes."""
    column_3 = ["xyz".index(letter) for letter in contract.axes[1::2]]
    sign_3 = np.array([1.0 if sign == "+" else -1.0 for sign in contract.axes[::2]])
    accel = sign_3 * (STANDARD_GRAVITY_MS2 if contract.accel == "m/s2" else 1.0)
    gyro = sign_3 * (180 / np.pi if contract.gyro == "deg/s" else 1.0)
    column_C = [*column_3, *(column + 3 for column in column_3)]
    return np.asarray(imu_NTC[..., column_C] * np.concatenate([accel, gyro]), np.float32)


def _resized(image_NHWC: Float32, size: tuple[int, ...]) -> Float32:
    height, width = size
    if image_NHWC.shape[1:3] == (height, width):
        return image_NHWC
    import cv2

    shrinks = height * width < prod(image_NHWC.shape[1:3])
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    resized = [cv2.resize(image, (width, height), interpolation=how) for image in image_NHWC]
    return np.asarray(resized, np.float32)


def _zeros(declared: Declared) -> NDArray[Any]:
    """One record of zeros, long or large enough for the contract."""
    spec, contract = declared.spec, declared.contract
    shape = list(spec.shape)
    if contract.window and not shape[0]:
        shape[0] = int(np.ceil(contract.window * spec.rate_hz / contract.rate_hz))
    if contract.size:
        shape[:2] = contract.size
    return np.zeros((1, *shape), spec.dtype)


def _count(content: bytes, where: str) -> int:
    """Number of values in the weights of a graph."""
    import onnx

    try:
        with foreign():
            graph = onnx.load_from_string(content).graph
    except ValueError as error:
        raise ArtefactError(f"{where}: cannot be read ({error}); copy it again") from None
    return sum(prod(each.dims) for each in graph.initializer if len(each.dims) > 0)
