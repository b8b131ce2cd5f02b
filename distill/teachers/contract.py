"""What an ONNX file of any origin takes and gives: a small TOML file beside it.

    contract = read_contract(Path("other.onnx"), spec_of)      other.toml, or teacher.toml

The keys are the fields of `Contract`; `[outputs]` maps kinds of answers (`kinds.py`) to outputs of
the graph, `[model]` and each `[[data]]` state a licence and where it stands.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from edgehuman import catalogue
from edgehuman.card import InputSpec, OutputKind, TrainingData
from edgehuman.config import from_table, read_table
from edgehuman.distill.kinds import KIND_OF, KINDS, LOGITS, MAP
from edgehuman.errors import UsageError

ANY_NAME = "teacher.toml"
UPRIGHT = "+x+y+z"
_LABELLED = (LOGITS, MAP)
_TABLES = ("outputs", "model", "data")
_MOST_RATE_HZ, _MOST_WINDOW, _MOST_SIDE = 5000.0, 100_000, 16_384
_LEAST_STD = 1e-30  # smaller ones are 0 in float32

EXAMPLE = """\
record = "ImuWindow"          # ImuWindow, SkeletonSequence, SilhouetteSequence or PersonCrop
kind = "classes"              # classes, attributes, embedding, segmentation or heatmaps
labels = ["walking", "sitting"]
layout = "NTC"                # order of the graph's axes: NTC or NCT; of pictures NHWC or NCHW
accel = "m/s2"                # or "g"
gyro = "deg/s"                # or "rad/s"
axes = "+x+y+z"               # where its x, y, z come from: "-y+x+z" means its x is our -y
rate_hz = 100.0
window = 256                  # samples, or frames
mean = []                     # of each channel, subtracted; then divided by std
std = []
[outputs]
logits = "output"             # kind of answer = output of the graph
[model]
licence = "CC-BY-4.0"
url = "https://example.org/model"
[[data]]
dataset = "its training data"
licence = "CC-BY-4.0"
url = "https://example.org/data"
"""


@dataclass(frozen=True)
class Origin:
    """A licence, and where it stands.

    Attributes:
        dataset: name of the data; of a model, empty.
    """

    licence: str
    url: str
    dataset: str = ""


@dataclass(frozen=True)
class Contract:
    """What a graph takes and gives.

    Attributes:
        record: our record that it is made from.
        kind: of its output: "classes", "attributes", "embedding", "segmentation", "heatmaps".
        labels: of its logits or maps, in their order.
        applied: what the graph has applied to its logits already; it is undone.
        layout: the graph's axes by the record's letters, such as "NCT"; empty: the record's.
        accel, gyro, axes: units of a wearable's signals, and where the graph's x, y, z come from:
            "-y+x+z" means that its x is our -y.
        pixels: range of a picture before `mean` and `std`.
        colours: order of a picture's channels.
        rate_hz, window: samples or frames per second, and their number. Records are resampled
            linearly; of a longer record the middle is taken.
        size: height and width of a picture, which is resized.
        mean, std: of each channel, or one of all.
        outputs: kind of answer -> output of the graph.
    """

    record: str
    kind: OutputKind
    labels: tuple[str, ...] = ()
    applied: Literal["none", "softmax", "sigmoid"] = "none"
    layout: str = ""
    accel: Literal["", "g", "m/s2"] = ""
    gyro: Literal["", "rad/s", "deg/s"] = ""
    axes: str = UPRIGHT
    pixels: Literal["", "0..255", "0..1"] = ""
    colours: Literal["RGB", "BGR"] = "RGB"
    rate_hz: float = 0.0
    window: int = 0
    size: tuple[int, ...] = ()
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()


@dataclass(frozen=True)
class Declared:
    """A contract with its tables.

    Attributes:
        outputs: kind of answer -> output of the graph.
        spec: our input of the record; axes of any size are 0.
        data: what the model and its ancestors learned from.
        where: the file, for messages.
    """

    contract: Contract
    outputs: Mapping[str, str]
    spec: InputSpec
    data: tuple[TrainingData, ...]
    where: str
    table: Mapping[str, Any] = field(repr=False)


def find_contract(graph: Path) -> Path:
    """Return the contract beside a graph.

    Raises:
        UsageError: there is none; the message shows one.
    """
    places = (graph.with_suffix(".toml"), graph.with_name(ANY_NAME))
    for path in places:
        if path.is_file():
            return path
    raise UsageError(
        f"{graph} has no card of ours and no contract beside it ({places[0].name} or {ANY_NAME}), "
        f"so its input and output are unknown. Write {places[0]}, for example:\n\n{EXAMPLE}"
    )


def read_contract(graph: Path, spec_of: Callable[[str], InputSpec]) -> Declared:
    """Read the contract beside a graph.

    Args:
        spec_of: record -> our input of it.

    Raises:
        UsageError: missing, not TOML, an unknown key, or a value that breaks its rule.
    """
    path = find_contract(graph)
    table = read_table(path)
    plain = {key: value for key, value in table.items() if key not in _TABLES}
    where = str(path)
    contract = from_table(Contract, plain, where)
    catalogue.find(catalogue.RECORDS, f"record in {where}", contract.record)
    spec = spec_of(contract.record)
    _require_values(contract, spec, where)
    outputs = _outputs(table.get("outputs"), contract, where)
    data = _data(table, graph, where)
    return Declared(contract, outputs, spec, data, where, table)


def axes_of(spec: InputSpec) -> str:
    """The letters of a record's axes: N samples, T time, C channels, J joints, H and W sides."""
    if len(spec.shape) == 2:
        return "NTC"
    if spec.dtype == "uint8":
        return "NTHW" if spec.rate_hz else "NHWC"
    return "NTJC"


def channels_of(spec: InputSpec) -> int:
    """Channels that have a mean and a standard deviation."""
    return spec.shape[-1] if axes_of(spec).endswith("C") else 1


def _require_values(contract: Contract, spec: InputSpec, where: str) -> None:
    """Hold a contract against the rules of its record."""
    own, moving, wearable = axes_of(spec), spec.rate_hz > 0, len(spec.shape) == 2
    picture = not moving
    channels = channels_of(spec)
    layout = contract.layout or own
    only = f"is not for {contract.record}; remove it"
    for name, ok, rule in (
        (
            "layout",
            sorted(layout) == sorted(own) and layout[0] == "N",
            f"must order {own}, N first",
        ),
        ("accel", bool(contract.accel) or not wearable, 'must be "g" or "m/s2"'),
        ("accel", not contract.accel or wearable, only),
        ("gyro", bool(contract.gyro) or not wearable, 'must be "rad/s" or "deg/s"'),
        ("gyro", not contract.gyro or wearable, only),
        ("axes", _are_axes(contract.axes), "must be x, y and z once each, with signs"),
        ("axes", contract.axes == UPRIGHT or wearable, only),
        ("pixels", bool(contract.pixels) or spec.dtype != "uint8", 'must be "0..255" or "0..1"'),
        ("pixels", not contract.pixels or spec.dtype == "uint8", only),
        ("colours", contract.colours == "RGB" or picture, only),
        (
            "rate_hz",
            0 < contract.rate_hz <= _MOST_RATE_HZ or not moving,
            f"must be above 0 and at most {_MOST_RATE_HZ:g}",
        ),
        ("rate_hz", contract.rate_hz == 0 or moving, only),
        (
            "window",
            0 < contract.window <= _MOST_WINDOW or not moving,
            f"must be above 0 and at most {_MOST_WINDOW:,}",
        ),
        ("window", contract.window == 0 or moving, only),
        ("size", len(contract.size) == 2 or not picture, "must be [height, width]"),
        (
            "size",
            all(0 < side <= _MOST_SIDE for side in contract.size),
            f"must be above 0 and at most {_MOST_SIDE:,}",
        ),
        ("size", not contract.size or picture, only),
        ("mean", len(contract.mean) in (0, 1, channels), f"must have {channels} values, 1 or none"),
        ("std", len(contract.std) in (0, 1, channels), f"must have {channels} values, 1 or none"),
        ("mean", all(map(math.isfinite, contract.mean)), "must be finite"),
        (
            "std",
            all(_LEAST_STD <= value < math.inf for value in contract.std),
            f"must be finite and at least {_LEAST_STD:g}",
        ),
        ("labels", len(set(contract.labels)) == len(contract.labels), "must differ"),
        (
            "labels",
            bool(contract.labels) or KIND_OF[contract.kind] not in _LABELLED,
            f"must name what the {contract.kind} are",
        ),
    ):
        if not ok:
            raise UsageError(f"{where}: {name} is {getattr(contract, name)!r}; it {rule}")
    if moving and 0 not in spec.shape:
        _require_duration(contract, spec.shape[0], spec.rate_hz, where)


def _are_axes(axes: str) -> bool:
    return sorted(axes[1::2]) == ["x", "y", "z"] and len(axes) == 6 and set(axes[::2]) <= {"+", "-"}


def _require_duration(contract: Contract, frames: int, rate_hz: float, where: str) -> None:
    needed_s, given_s = contract.window / contract.rate_hz, frames / rate_hz
    if needed_s > given_s * (1 + 1e-6):
        raise UsageError(
            f"{where}: a window of {contract.window} at {contract.rate_hz:g} Hz takes "
            f"{needed_s:.2f} s, but a {contract.record} holds {given_s:.2f} s ({frames} at "
            f"{rate_hz:g} Hz); choose a teacher with a shorter window"
        )


def _outputs(given: Any, contract: Contract, where: str) -> dict[str, str]:
    """Kind of answer -> output of the graph."""
    first = KIND_OF[contract.kind]
    if not isinstance(given, dict) or not given:
        raise UsageError(
            f'{where}: [outputs] is missing; add for example:\n[outputs]\n{first} = "output"'
        )
    for kind, name in given.items():
        if kind not in KINDS:
            raise UsageError(
                f"{where}: [outputs] has {kind!r}; valid kinds of answers: {', '.join(KINDS)}"
            )
        if not isinstance(name, str):
            raise UsageError(f"{where}: {kind} is {name!r}; it must be the name of an output")
    if first not in given:
        raise UsageError(
            f"{where}: kind is {contract.kind}, so [outputs] needs {first}; it has "
            f"{', '.join(given)}"
        )
    return dict(given)


def _data(table: Mapping[str, Any], graph: Path, where: str) -> tuple[TrainingData, ...]:
    """The licences of the model and of its data."""
    model, rows = table.get("model"), table.get("data", [])
    if not isinstance(model, dict):
        raise UsageError(f"{where}: [model] is missing; add it with licence and url")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UsageError(f"{where}: data is {rows!r}; it must be tables [[data]]")
    weights = _origin(model, f"{where}: [model]")
    found = [
        TrainingData(f"{graph.name}: weights", "pretraining", weights.licence, weights.url, 0, 0)
    ]
    for row in rows:
        origin = _origin(row, f"{where}: [[data]]")
        if not origin.dataset:
            raise UsageError(f"{where}: a [[data]] has no dataset; name it")
        found.append(TrainingData(origin.dataset, "training", origin.licence, origin.url, 0, 0))
    return tuple(found)


def _origin(table: dict[str, Any], where: str) -> Origin:
    origin = from_table(Origin, table, where)
    if not origin.licence.strip():
        raise UsageError(
            f'{where}: licence is empty; name it, such as "MIT", or "unknown" if nobody states one'
        )
    return origin
