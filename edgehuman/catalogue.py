"""Plain data: every network, method, dataset and task, each with its source."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edgehuman.datasets import DATASETS, Dataset
from edgehuman.errors import UsageError
from edgehuman.networks import NETWORKS, Network
from edgehuman.outcome import Outcome

__all__ = [
    "DATASETS",
    "METHODS",
    "NETWORKS",
    "RECORDS",
    "SIMULATED",
    "TASKS",
    "Action",
    "Dataset",
    "Method",
    "ModelsConfig",
    "Network",
    "Record",
    "Task",
    "datasets_of",
    "find",
    "load_object",
    "modality_of",
    "models",
    "network_for",
    "served",
    "step",
]


# The word that every `--data` and `--source` takes in place of a path: edgehuman's own walkers.
SIMULATED = "simulated"


@dataclass(frozen=True, slots=True)
class Method:
    """One pretraining method: its config and the function that trains."""

    config: str
    train: str
    modality: str
    source: str


@dataclass(frozen=True, slots=True)
class Task:
    """One downstream task: its config and the function that fine-tunes."""

    config: str
    train: str
    modality: str


@dataclass(frozen=True, slots=True)
class Action:
    """A step that a command takes: dotted paths of its config and of the function that takes it,
    and a line that takes it.
    """

    config: str
    function: str
    example: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """What every stage does with one record; each a dotted path, imported when asked for. Empty or
    None: not served, and `step` says so.

    Attributes:
        modality: imu, skeleton, silhouette or image: the name of its folder in every layer.
        input: (Network) -> the `card.InputSpec` that a catalogued network begins at.
        output: (Network) -> the `card.OutputSpec` of a catalogued network with random weights; of
            an embedding the network says how wide.
        build: (card, weights, seed) -> the network (torch) that a card describes, with random
            weights; those of a checkpoint, or none, say what of its shape the card leaves open.
        load: path or "simulated" -> the set.
        layouts: () -> the layouts (`data.layout.Layout`) of files that hold this record.
        extent: (Dataset) -> how large it is, in a line of `edgehuman data list`.
        check: (path, dataset) -> the outcome of `edgehuman data check`, or None where the path
            holds another record.
        kind: the word of `edgehuman data simulate --kind`.
        simulate: the step of `edgehuman data simulate --kind`.
        samples: (card, data) -> the records that calibrate and judge an export.
        calibrate: how many samples calibrate INT8: usually, and of a network of over 20 M
            parameters.
        judge: how many samples judge a float graph, in the same order.
        score: (card, `bench.trial.Words`) -> the `bench.trial.Trial` of `edgehuman bench`: what is
            timed, and how a model is scored.
        run: the step of `edgehuman run`.
        stream: (model, source, *, words of this record) -> the `LiveStream` of
            `edgehuman.stream`; its keyword-only parameters are the words that there are.
        evaluate: the step of `edgehuman evaluate`.
    """

    modality: str
    input: str = ""
    output: str = ""
    build: str = ""
    load: str = ""
    layouts: str = ""
    extent: str = ""
    check: str = ""
    kind: str = ""
    simulate: Action | None = None
    samples: str = ""
    calibrate: tuple[int, int] = (512, 256)
    judge: tuple[int, int] = (64, 64)
    score: str = ""
    run: Action | None = None
    stream: str = ""
    evaluate: Action | None = None


RECORDS: Mapping[str, Record] = {
    "ImuWindow": Record(
        "imu",
        input="edgehuman.nets.imu.build:input_of",
        output="edgehuman.nets.imu.build:output_of",
        build="edgehuman.nets.imu.build:build_for",
        samples="edgehuman.data.imu.samples:read_samples",
        score="edgehuman.bench.evaluate.imu:trial",
        run=Action(
            "edgehuman.runtime.imu.run:RunConfig",
            "edgehuman.runtime.imu.run:run",
            "edgehuman run zoo:activity --source walk.csv --json",
        ),
        stream="edgehuman.runtime.imu.stream:open_stream",
        evaluate=Action(
            "edgehuman.bench.evaluate.imu:EvaluateConfig",
            "edgehuman.bench.evaluate.imu:evaluate",
            "edgehuman evaluate zoo:activity --data uci_har.npz --json",
        ),
        load="edgehuman.data.imu.load:load_windows",
        layouts="edgehuman.data.imu.load:layouts",
        extent="edgehuman.data.imu.check:extent",
        check="edgehuman.data.imu.check:check",
        kind="imu",
        simulate=Action(
            "edgehuman.data.imu.write:SimulateConfig", "edgehuman.data.imu.write:simulate"
        ),
    ),
    "SkeletonSequence": Record(
        "skeleton",
        input="edgehuman.nets.skeleton.build:input_of",
        output="edgehuman.nets.skeleton.build:output_of",
        build="edgehuman.nets.skeleton.build:build_for",
        samples="edgehuman.data.skeleton.samples:read_samples",
        calibrate=(128, 32),
        judge=(32, 16),
        score="edgehuman.bench.evaluate.skeleton:trial",
        run=Action(
            "edgehuman.runtime.skeleton.run:RunConfig",
            "edgehuman.runtime.skeleton.run:run",
            "edgehuman run zoo:gait-skeleton --source door.jsonl --gallery known.npz",
        ),
        stream="edgehuman.runtime.skeleton.stream:open_stream",
        evaluate=Action(
            "edgehuman.bench.evaluate.skeleton:EvaluateConfig",
            "edgehuman.bench.evaluate.skeleton:evaluate",
            "edgehuman evaluate zoo:gait-skeleton --data ucalgary_gait_skeleton.npz",
        ),
        load="edgehuman.data.skeleton.load:load_skeletons",
        layouts="edgehuman.data.skeleton.load:layouts",
        extent="edgehuman.data.skeleton.check:extent",
        check="edgehuman.data.skeleton.check:check",
        kind="skeletons",
        simulate=Action(
            "edgehuman.data.skeleton.write:SimulateConfig", "edgehuman.data.skeleton.write:simulate"
        ),
    ),
    "SilhouetteSequence": Record("silhouette", calibrate=(128, 32), judge=(32, 16)),
    "PersonCrop": Record(
        "image",
        input="edgehuman.nets.image.build:input_of",
        output="edgehuman.nets.image.build:output_of",
        build="edgehuman.nets.image.build:build_for",
        samples="edgehuman.data.image.samples:read_samples",
        calibrate=(128, 32),
        judge=(32, 16),
        score="edgehuman.bench.evaluate.image:trial",
        run=Action(
            "edgehuman.runtime.image.run:RunConfig",
            "edgehuman.runtime.image.run:run",
            "edgehuman run zoo:person-garments --source photos --save parts",
        ),
        stream="edgehuman.runtime.image.stream:open_stream",
        evaluate=Action(
            "edgehuman.bench.evaluate.image:EvaluateConfig",
            "edgehuman.bench.evaluate.image:evaluate",
            "edgehuman evaluate zoo:person-garments --data ccp",
        ),
        load="edgehuman.data.image.load:load_persons",
        layouts="edgehuman.data.image.load:layouts",
        extent="edgehuman.data.image.check:extent",
        check="edgehuman.data.image.check:check",
        kind="people",
        simulate=Action(
            "edgehuman.data.image.write:SimulateConfig", "edgehuman.data.image.write:simulate"
        ),
    ),
    "Frame": Record("image", calibrate=(128, 32), judge=(32, 16)),
}

METHODS: Mapping[str, Method] = {
    "mae": Method(
        "edgehuman.pretrain.mae:MaeConfig",
        "edgehuman.pretrain.mae:train",
        "imu",
        "arXiv 2502.03364, section 3.3",
    ),
    "saip": Method(
        "edgehuman.pretrain.saip.saip:SaipConfig",
        "edgehuman.pretrain.saip.saip:train",
        "image",
        "arXiv 2503.08201",
    ),
    "contrastive": Method(
        "edgehuman.pretrain.contrastive.contrastive:ContrastiveConfig",
        "edgehuman.pretrain.contrastive.contrastive:train",
        "skeleton",
        "arXiv 2504.07598",
    ),
}

TASKS: Mapping[str, Task] = {
    "activity": Task(
        "edgehuman.tasks.imu.settings:ActivityConfig", "edgehuman.tasks.imu.activity:train", "imu"
    ),
    "gait": Task(
        "edgehuman.tasks.skeleton.settings:GaitConfig",
        "edgehuman.tasks.skeleton.gait:train",
        "skeleton",
    ),
    "reid": Task(
        "edgehuman.tasks.image.reid:ReidConfig", "edgehuman.tasks.image.reid:train", "image"
    ),
    "attributes": Task(
        "edgehuman.tasks.image.attributes:AttributesConfig",
        "edgehuman.tasks.image.attributes:train",
        "image",
    ),
    "pose": Task(
        "edgehuman.tasks.image.pose:PoseConfig", "edgehuman.tasks.image.pose:train", "image"
    ),
    "landmarks": Task(
        "edgehuman.tasks.image.pose:LandmarksConfig", "edgehuman.tasks.image.pose:train", "image"
    ),
    "parsing": Task(
        "edgehuman.tasks.image.parsing:ParsingConfig",
        "edgehuman.tasks.image.parsing:train",
        "image",
    ),
}


def find(table: Mapping[str, Any], kind: str, name: str) -> Any:
    """The row of that name.

    Raises:
        UsageError: there is none; the message lists the nearest and all valid names.
    """
    if name in table:
        return table[name]
    near = difflib.get_close_matches(name, table, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise UsageError(f"unknown {kind} {name!r}.{hint} Valid names: {', '.join(table)}")


def network_for(arch: str, name: str) -> Network:
    """The row of a network that is to serve a task, which its modality tells, or a pretraining
    method, which its row names.

    Raises:
        UsageError: no such network, or one that is not for it; the message lists those that are.
    """
    row: Network = find(NETWORKS, "network", arch)
    if name in TASKS:
        modality = TASKS[name].modality
        fitting = [other for other, each in NETWORKS.items() if each.modality == modality]
        why = f"{arch} reads {row.input} ({row.modality}), and the task {name} is of {modality}"
    else:
        fitting = [other for other, each in NETWORKS.items() if each.method == name]
        why = f"{arch} is pretrained by {row.method}, not by {name}"
    if arch not in fitting:
        raise UsageError(f"{why}; give --arch one of: {', '.join(fitting)}")
    return row


def load_object(dotted: str) -> Any:
    """What `package.module:name` points at, imported now."""
    module, _, name = dotted.partition(":")
    return getattr(importlib.import_module(module), name)


def modality_of(record: str) -> str:
    """imu, skeleton, silhouette or image.

    Raises:
        UsageError: no such record.
    """
    row: Record = find(RECORDS, "record", record)
    return row.modality


def datasets_of(modality: str) -> dict[str, Dataset]:
    """The public datasets that hold a modality, in their order."""
    return {name: row for name, row in DATASETS.items() if row.modality == modality}


def step(record: str, name: str) -> Any:
    """What a stage does with a record: the object that a field of its row names, imported now; of
    an `Action`, the row itself.

    Raises:
        UsageError: the record has no such step; the message names the records that have one.
    """
    row: Record = find(RECORDS, "record", record)
    found = getattr(row, name)
    if not found:
        raise UsageError(
            f"{record} has no {name!r} here; the records that have one: {', '.join(served(name))}"
        )
    return load_object(found) if isinstance(found, str) else found


def served(name: str) -> dict[str, Any]:
    """The records that have a step, each with what its row says of it; nothing is imported."""
    return {record: getattr(row, name) for record, row in RECORDS.items() if getattr(row, name)}


@dataclass(frozen=True, slots=True)
class ModelsConfig:
    """Every network in the catalogue."""


def models(config: ModelsConfig) -> Outcome:
    """`edgehuman models`: one row per network."""
    keys = (
        "family",
        "modality",
        "input",
        "task",
        "method",
        "params",
        "params_paper",
        "flops",
        "source",
    )
    rows = [
        {"name": name, **{key: getattr(row, key) for key in keys}} for name, row in NETWORKS.items()
    ]
    head = f"{'name':<18}{'family':<15}{'input':<18}{'params':>12}{'MFLOPs':>10}  source"
    lines = [
        f"{row['name']:<18}{row['family']:<15}{row['input']:<18}{row['params']:>12,}"
        f"{row['flops'] / 1e6:>10.1f}  {row['source']}"
        for row in rows
    ]
    return Outcome(rows, "\n".join([head, *lines]))
