"""The model card: a model's metadata, stored inside the file it describes.

One JSON object, schema version first. An ONNX artefact holds it in `metadata_props["edgehuman"]`, a
checkpoint's safetensors file in its metadata under the same key, an engine in `NAME.engine.json`.
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from edgehuman.errors import ArtefactError, CheckpointError
from edgehuman.limits.records import require_records
from edgehuman.outcome import to_json
from edgehuman.reading.parsers import fault_of, json_of
from edgehuman.reading.values import require_types

CARD_KEY = "edgehuman"
CARD_SEAL_KEY = "edgehuman.card_sha256"
"""In a safetensors file, the hash of its card, which has the hash of the weights."""
SCHEMA_VERSION = 1
WEIGHTS = "model.safetensors"
"""The file of a checkpoint folder that holds weights and card."""
RANDOM_WEIGHTS = "random weights"
"""How the recipe begins of a network that has learned nothing."""
_MOST_HEADER_BYTES = 100_000_000  # the limit of safetensors itself
_MOST_HEADER_MEMORY = 1 << 29
OutputKind = Literal[
    "classes", "embedding", "attributes", "heatmaps", "segmentation", "tokens", "boxes", "simcc",
    "person_parts", "part_attributes"]  # fmt: skip
# What a dataset was used for; "teacher": taught the teacher of a distilled network.
Role = Literal["pretraining", "training", "selection", "calibration", "teacher"]


@dataclass(frozen=True)
class InputSpec:
    """The raw record that the graph takes.

    Attributes:
        record: name of a record in `edgehuman.records`.
        shape: one sample's shape, without the batch; 0 means a dynamic axis.
        dtype: "float32", "uint8" or "int32".
        units: in words.
        rate_hz: samples or frames per second.
        least: the smallest size of a dynamic axis. merges: the vocabulary of sentences, token ids.
    """

    record: str
    shape: tuple[int, ...]
    dtype: str
    units: str
    rate_hz: float
    least: int = 1
    merges: tuple[tuple[int, int], ...] = ()


IMU_INPUT = InputSpec(
    record="ImuWindow",
    shape=(128, 6),
    dtype="float32",
    units="ax ay az in g with gravity, gx gy gz in rad/s",
    rate_hz=50.0,
)


def image_input(height: int = 256, width: int = 128, record: str = "PersonCrop") -> InputSpec:
    """The input of a network of pictures: a crop of one person, or a whole Frame."""
    return InputSpec(record, (height, width, 3), "uint8", "RGB, 0 to 255", 0.0)


def skeleton_input(frames: int, rate_hz: float = 24.0) -> InputSpec:
    """The input of a gait network: a tracked person's joints."""
    return InputSpec(
        record="SkeletonSequence",
        shape=(frames, 18, 3),
        dtype="float32",
        units="x right and y down in pixels, confidence 0 to 1 (0: not seen); OpenPose-18",
        rate_hz=rate_hz,
    )


def silhouette_input(rate_hz: float = 25.0) -> InputSpec:
    """The input of a silhouette network: a tracked person's outlines, any number of them."""
    return InputSpec(
        record="SilhouetteSequence",
        shape=(0, 64, 64),
        dtype="uint8",
        units="0 or 255 (the person), as tall as the picture and centred",
        rate_hz=rate_hz,
    )


@dataclass(frozen=True)
class OutputSpec:
    """The output of the graph.

    Attributes:
        kind: classes (N, labels) logits; embedding (N, dim), or (N, parts, dim) of a person's
            parts, compared by `distance`; attributes (N, labels) logits of independent yes/no
            questions; heatmaps (N, labels, h, w), one per joint; segmentation (N, labels, h, w),
            logits of every pixel; boxes (N, rows, 5), x1, y1, x2, y2 in pixels of the input and a
            score from 0 to 1, in any order, each person once; simcc (N, labels, X), for each joint
            `dim` logits of x, two a pixel, then as many a pixel of y, and one of its presence;
            person_parts, part_attributes: boxes with masks, see `metrics.{crowds,garments}.answers`
        parts: of an embedding; 0: one vector. Two people's distance is the mean over their parts.
        placements: of a wearable's classes: where the sensor may be worn. The output is then
            (N, placements * labels), logits of every pair, placement by placement.
    """

    kind: OutputKind
    labels: tuple[str, ...] = ()
    distance: str | None = None
    dim: int | None = None
    placements: tuple[str, ...] = ()
    parts: int = 0
    attributes: tuple[str, ...] = ()

    @property
    def columns(self) -> int:
        """Logits of one record."""
        return max(1, len(self.placements)) * len(self.labels)


@dataclass(frozen=True)
class Decision:
    """How logits become a label on a stream.

    Attributes:
        temperature: logits are divided by it before the softmax (fitted on held-out people).
        threshold: below this probability the answer is "unknown".
        smoothing: "none", "fixed_lag" (Viterbi with `delay_s` of look-ahead) or "hysteresis".
        delay_s: the delay budget of the smoothing, seconds.
        stay: probability that an activity continues from one hop to the next (fixed_lag).
        hop_s: the hop that the values above were tuned for, seconds.
        upright_axes: for each of the output's placements, the axis of a sensor worn as usual that
            points up while its wearer walks: "+x", "-x"; "y": either end of y.
        upright: the classes in which a wearer is upright and moves. A stream learns from them how
            the sensor is mounted, and turns it; empty: the sensor is taken as it is worn.
        energy: a window whose energy (`metrics.energy`) is lower is like nothing that the model has
            learnt, and its answer is "unknown"; None: no window is.
        affine: what `edgehuman adapt` learned of one person: a row for each class, its numbers of A
            and then of b; the logits of the classes become A logits + b. Empty: they stay.
    """

    temperature: float = 1.0
    threshold: float = 0.0
    smoothing: Literal["none", "fixed_lag", "hysteresis"] = "none"
    delay_s: float = 0.0
    stay: float = 0.95
    hop_s: float = 0.64
    upright: tuple[str, ...] = ()
    upright_axes: tuple[str, ...] = ()
    energy: float | None = None
    affine: tuple[tuple[float, ...], ...] = ()


@dataclass(frozen=True)
class Precision:
    """Numeric precision of the graph, and its exceptions.

    Attributes:
        name: "fp32", "fp16", "int8" (CPU graph) or "int8-tensorrt".
        float_layers: for FP16, the nodes kept in float32; for INT8, the weight layers kept in
            float to stay within the accuracy budget.
        calibration_sha256: hash of the calibration windows, or of the learnt ranges; INT8 only.
        calibration: in words: dataset, number of samples, method.
        islands: for "int8-tensorrt", the nodes in float32; everything else not in INT8 is FP16.
    """

    name: str = "fp32"
    float_layers: tuple[str, ...] = ()
    calibration_sha256: str | None = None
    calibration: str | None = None
    islands: tuple[str, ...] = ()


@dataclass(frozen=True)
class TrainingData:
    """One dataset that a model was trained on, with its licence."""

    dataset: str
    role: Role
    licence: str
    url: str
    windows: int
    subjects: int
    simulated: bool = False


@dataclass(frozen=True)
class Ancestor:
    """A teacher that a network was distilled from; what taught it stands in the card's data.

    Attributes:
        name: what it was opened by.
        arch: its architecture; "": unknown.
        params: number of its parameters; 0: unknown.
        digest: hash of its weights and contract.
        objectives: what was learned of it, with weights: "kd=1".
    """

    name: str
    arch: str
    params: int
    digest: str
    objectives: tuple[str, ...] = ()


@dataclass(frozen=True)
class Metric:
    """One measured number with the protocol that gave it."""

    name: str
    value: float
    protocol: str


@dataclass(frozen=True)
class Card:
    """A model's metadata: identity, input, output, training data, metrics and precision.

    Attributes:
        pruned: whether layers are narrower than `arch` builds them; their weights say how wide.
        space: `weights_sha256` of the model in whose space the embeddings are, which galleries go
            by; "": their own.
    """

    name: str
    task: str
    arch: str
    params: int
    flops: int
    input: InputSpec
    output: OutputSpec
    decision: Decision = field(default_factory=Decision)
    precision: Precision = field(default_factory=Precision)
    data: tuple[TrainingData, ...] = ()
    recipe: str = ""
    commit: str = ""
    metrics: tuple[Metric, ...] = ()
    parity: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    weights_sha256: str = ""
    teachers: tuple[Ancestor, ...] = ()
    pruned: bool = False
    space: str = ""
    schema_version: int = SCHEMA_VERSION

    @property
    def random_weights(self) -> bool:
        """Whether the network has learned nothing: its answers mean nothing, its speed does."""
        return self.recipe.startswith(RANDOM_WEIGHTS)

    @property
    def gallery_space(self) -> str:
        """What two models have in common whose embeddings can be compared; "": not known."""
        return self.space or self.weights_sha256

    def replace(self, **changes: Any) -> Card:
        """Return a copy with some fields changed."""
        return dataclasses.replace(self, **changes)

    def to_json(self, indent: int | None = None) -> str:
        """The card as JSON text."""
        return to_json(dataclasses.asdict(self), indent=indent)


_NESTED = {"input": InputSpec, "output": OutputSpec, "decision": Decision, "precision": Precision}
_NESTED_LISTS = {"data": TrainingData, "metrics": Metric, "teachers": Ancestor}


def from_json(text: str, where: str) -> Card:
    """Parse a card written by `Card.to_json`.

    Raises:
        ArtefactError: not JSON, another schema version, or a missing or unknown key.
    """
    try:
        table = json_of(text, _MOST_HEADER_MEMORY)
        version = table["schema_version"]
    except (ValueError, KeyError, TypeError) as error:
        raise ArtefactError(
            f"{where}: its card is not readable ({error!r}); export the model again"
        ) from None
    if version != SCHEMA_VERSION:
        raise ArtefactError(
            f"{where}: its card has schema version {version}; this edgehuman reads "
            f"{SCHEMA_VERSION}. "
            "Export the model again, or install the edgehuman that wrote it"
        )
    try:
        for key, kind in _NESTED.items():
            table[key] = kind(**_tuples(table[key]))
        table.setdefault("teachers", [])  # a card from before distillation has none
        for key, kind in _NESTED_LISTS.items():
            table[key] = tuple(kind(**_tuples(row)) for row in table[key])
        table["metrics"] = tuple(
            dataclasses.replace(each, value=math.nan) if each.value is None else each
            for each in table["metrics"]  # JSON has no NaN
        )
        card = Card(**table)
        require_types(card)
        taken, given = card.input, card.output
        counts = (taken.least, given.columns, given.dim or 0, given.parts)
        require_records(taken.shape, taken.rate_hz, counts)
        return card
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ArtefactError(
            f"{where}: its card is incomplete ({error}); export the model again"
        ) from None


def lineage(card: Card, name: str) -> tuple[TrainingData, ...]:
    """Return what taught a model, for the card of one that learns from it. If its card names no
    data, one row says that its terms are not stated.

    Args:
        name: what the model was opened by.
    """
    if card.data or card.random_weights:
        return card.data
    return (TrainingData(f"{name}: weights", "pretraining", "not stated", "", 0, 0),)


def of_weights(path: Path) -> Card:
    """Read the card in the header of a safetensors file, such as trained weights, without torch.

    Raises:
        CheckpointError: no such file, damaged, or without an edgehuman card.
        ArtefactError: the card has another schema version.
    """
    try:
        if path.exists() and not path.is_file():
            raise ValueError("no regular file")
        with path.open("rb") as stream:
            size = int.from_bytes(stream.read(8), "little")
            if size > min(_MOST_HEADER_BYTES, path.stat().st_size - 8):
                raise ValueError(f"a header of {size} bytes")
            header = json_of(stream.read(size), _MOST_HEADER_MEMORY)
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path}: {fault_of(error)}; train again or restore a copy") from None
    found = header.get("__metadata__") if isinstance(header, dict) else None
    return of_metadata(found if isinstance(found, dict) else {}, path)


def of_metadata(metadata: Mapping[str, str], path: Path) -> Card:
    """The card in the metadata of a safetensors file, whose seal holds.

    Raises:
        CheckpointError: no card, one without a seal, or one that was changed.
        ArtefactError: the card has another schema version.
    """
    text = metadata.get(CARD_KEY)
    if not isinstance(text, str):
        raise CheckpointError(
            f"{path}: has no edgehuman card; use a folder written by an edgehuman training"
        )
    if set(metadata) == {CARD_KEY}:  # of an earlier version; or somebody took it away
        fix = f"train again; or, if you know where it comes from: `edgehuman seal {path.parent}`"
        raise CheckpointError(f"{path}: its card has no seal, so changes would not be found; {fix}")
    if metadata.get(CARD_SEAL_KEY) != sha256_of_bytes(text.encode()):
        said = "its card was changed after the training, or damaged; restore a copy"
        raise CheckpointError(f"{path}: {said}")
    return from_json(text, str(path))


def sealed_metadata(card: Card) -> dict[str, str]:
    """The metadata of a safetensors file: the card, and its seal."""
    text = card.to_json()
    return {CARD_KEY: text, CARD_SEAL_KEY: sha256_of_bytes(text.encode())}


def _tuples(table: dict[str, Any]) -> dict[str, Any]:
    return {key: _tuple(value) for key, value in table.items()}


def _tuple(value: Any) -> Any:
    return tuple(map(_tuple, value)) if isinstance(value, list) else value


def sha256_of_file(path: Path) -> str:
    """Return the SHA-256 hex digest of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def sha256_of_bytes(*blocks: bytes) -> str:
    """Return the SHA-256 hex digest of concatenated byte blocks."""
    digest = hashlib.sha256()
    for block in blocks:
        digest.update(block)
    return digest.hexdigest()
