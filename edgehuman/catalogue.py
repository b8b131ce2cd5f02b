"""What there is (networks, datasets, tasks: `tables/`), and what every stage does with a record."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from edgehuman.errors import UsageError
from edgehuman.own import is_own, own_network
from edgehuman.tables.dataset import SIMULATED
from edgehuman.tables.datasets import DATASETS, Dataset
from edgehuman.tables.network import Network
from edgehuman.tables.networks import NETWORKS
from edgehuman.tables.records import Action, Record
from edgehuman.tables.trainings import (
    DISTIL,
    EXPORT,
    EXPORT_CONFIG,
    EXPORT_GRAPH,
    METHODS,
    SOURCES,
    TASKS,
    Method,
    Source,
    Task,
)

__all__ = [
    "DATASETS",
    "DISTIL",
    "EXPORT",
    "EXPORT_CONFIG",
    "EXPORT_GRAPH",
    "IN_MEMORY",
    "METHODS",
    "NETWORKS",
    "RECORDS",
    "SIMULATED",
    "SOURCES",
    "TASKS",
    "Action",
    "Dataset",
    "Method",
    "Network",
    "Record",
    "Source",
    "Task",
    "datasets_of",
    "find",
    "is_of",
    "load_object",
    "network",
    "network_for",
    "networks_of",
    "served",
    "step",
]

# In place of a path: data in memory, for a training. SIMULATED is for any command.
IN_MEMORY = "in memory"


RECORDS: Mapping[str, Record] = {
    "ImuWindow": Record(
        "imu",
        axes=("samples", "channels"),
        input="edgehuman.nets.imu.build:input_of",
        output="edgehuman.nets.imu.build:output_of",
        build="edgehuman.nets.imu.build:build_for",
        contract="edgehuman.nets.imu.build:require_own",
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
        needs="an accelerometer and a gyroscope on the body; --accel-unit, --gyro-unit and --axes "
        "are for other units and axes",
        kind="imu",
        simulate=Action(
            "edgehuman.data.imu.write:SimulateConfig",
            "edgehuman.data.imu.write:simulate",
            "edgehuman data simulate --kind imu --people 3 --minutes 5 --out recordings",
        ),
        convert=Action(
            "edgehuman.data.imu.convert:ConvertConfig",
            "edgehuman.data.imu.convert:convert",
            'edgehuman data convert "downloads/UCI HAR Dataset" --out uci_har.npz',
            suffix=".npz",
        ),
    ),
    "SkeletonSequence": Record(
        "skeleton",
        axes=("frames", "joints", "values"),
        input="edgehuman.nets.skeleton.build:input_of",
        output="edgehuman.nets.skeleton.build:output_of",
        build="edgehuman.nets.skeleton.build:build_for",
        contract="edgehuman.nets.skeleton.build:require_own",
        samples="edgehuman.data.skeleton.samples:read_samples",
        calibrate=(128, 32),
        judge=(32, 16),
        score="edgehuman.bench.evaluate.skeleton:trial",
        run=Action(
            "edgehuman.runtime.gait.run:RunConfig",
            "edgehuman.runtime.gait.run:run",
            "edgehuman run zoo:gait-skeleton --source door.mp4 --gallery known.npz",
        ),
        stream="edgehuman.runtime.gait.stream:open_stream",
        evaluate=Action(
            "edgehuman.bench.evaluate.skeleton:EvaluateConfig",
            "edgehuman.bench.evaluate.skeleton:evaluate",
            "edgehuman evaluate zoo:gait-skeleton --data ucalgary_gait_skeleton.npz",
        ),
        enroll=Action(
            "edgehuman.runtime.gait.commands:EnrolConfig",
            "edgehuman.runtime.gait.commands:enroll",
            "edgehuman gallery enroll zoo:gait-skeleton --source a.jsonl --name A --gallery k.npz",
        ),
        identify=Action(
            "edgehuman.runtime.gait.commands:IdentifyConfig",
            "edgehuman.runtime.gait.commands:identify",
            "edgehuman gallery identify zoo:gait-skeleton --source door.jsonl --gallery k.npz",
        ),
        load="edgehuman.data.skeleton.load:load_skeletons",
        layouts="edgehuman.data.skeleton.load:layouts",
        extent="edgehuman.data.skeleton.check:extent",
        check="edgehuman.data.skeleton.check:check",
        needs="a camera that sees a walker from head to foot (a video), or the poses of an "
        "estimator that follows people",
        kind="skeletons",
        simulate=Action(
            "edgehuman.data.skeleton.write:SimulateConfig",
            "edgehuman.data.skeleton.write:simulate",
            "edgehuman data simulate --kind skeletons --people 3 --out walks",
        ),
        convert=Action(
            "edgehuman.data.skeleton.convert:ConvertConfig",
            "edgehuman.data.skeleton.convert:convert",
            "edgehuman data convert openpose_json --rate-hz 30 --out poses.jsonl",
            suffix=".jsonl",
        ),
    ),
    "SilhouetteSequence": Record(
        "silhouette",
        axes=("frames", "height", "width"),
        input="edgehuman.nets.silhouette.build:input_of",
        output="edgehuman.nets.silhouette.build:output_of",
        build="edgehuman.nets.silhouette.build:build_for",
        contract="edgehuman.nets.silhouette.build:require_own",
        calibrate=(128, 32),
        judge=(32, 16),
        samples="edgehuman.data.silhouette.samples:read_samples",
        score="edgehuman.bench.evaluate.silhouette:trial",
        evaluate=Action(
            "edgehuman.bench.evaluate.silhouette:EvaluateConfig",
            "edgehuman.bench.evaluate.silhouette:evaluate",
            "edgehuman evaluate zoo:gait-silhouette --data simulated",
        ),
        load="edgehuman.data.silhouette.load:load_silhouettes",
        layouts="edgehuman.data.silhouette.load:layouts",
        extent="edgehuman.data.silhouette.check:extent",
        check="edgehuman.data.silhouette.check:check",
        run=Action(
            "edgehuman.runtime.gait.run:SilhouetteRunConfig",
            "edgehuman.runtime.gait.run:run_silhouettes",
            "edgehuman run zoo:gait-silhouette --source door.mp4 --gallery k.npz",
        ),
        stream="edgehuman.runtime.gait.stream:open_silhouettes",
        enroll=Action(
            "edgehuman.runtime.gait.commands:SilhouetteEnrolConfig",
            "edgehuman.runtime.gait.commands:enroll_silhouettes",
            "edgehuman gallery enroll zoo:gait-silhouette --source a --name A --gallery k.npz",
        ),
        identify=Action(
            "edgehuman.runtime.gait.commands:SilhouetteIdentifyConfig",
            "edgehuman.runtime.gait.commands:identify_silhouettes",
            "edgehuman gallery identify zoo:gait-silhouette --source door --gallery k.npz",
        ),
        kind="silhouettes",
        pack=Action(
            "edgehuman.data.silhouette.pack:PackConfig",
            "edgehuman.data.silhouette.pack:pack",
            "edgehuman data pack GaitDatasetB-silh --out casia_b.silhouettes",
        ),
        needs="a camera and a segmenter that gives masks of one walker at a time, white on black, "
        "of any size, as folders of PNG files, a video, or a packed file",
        simulate=Action(
            "edgehuman.data.silhouette.write:SimulateConfig",
            "edgehuman.data.silhouette.write:simulate",
            "edgehuman data simulate --kind silhouettes --people 3 --out silhouettes",
        ),
    ),
    "PersonCrop": Record(
        "image",
        axes=("height", "width", "channels"),
        input="edgehuman.nets.image.build:input_of",
        output="edgehuman.nets.image.build:output_of",
        build="edgehuman.nets.image.build:build_for",
        contract="edgehuman.nets.image.build:require_own",
        samples="edgehuman.data.image.samples:read_samples",
        calibrate=(128, 32),
        judge=(32, 16),
        score="edgehuman.bench.evaluate.image:trial",
        run=Action(
            "edgehuman.runtime.together.run:PersonsConfig",
            "edgehuman.runtime.together.run:run_persons",
            "edgehuman run zoo:person-garments --source photos --save parts",
        ),
        stream="edgehuman.runtime.together.stream:open_persons",
        evaluate=Action(
            "edgehuman.bench.evaluate.image:EvaluateConfig",
            "edgehuman.bench.evaluate.image:evaluate",
            "edgehuman evaluate zoo:person-garments --data ccp",
        ),
        load="edgehuman.data.image.load:load_persons",
        layouts="edgehuman.data.image.load:layouts",
        extent="edgehuman.data.image.check:extent",
        check="edgehuman.data.image.check:check",
        needs="one picture of one person, cut close around the body; any size",
        kind="people",
        simulate=Action(
            "edgehuman.data.image.write:SimulateConfig",
            "edgehuman.data.image.write:simulate",
            "edgehuman data simulate --kind people --people 8 --out people",
        ),
        pack=Action(
            "edgehuman.data.image.pack:PackConfig",
            "edgehuman.data.image.pack:pack",
            "edgehuman data pack photos --out shards --shard-size 5000",
        ),
    ),
    "Sentence": Record(
        "image",
        axes=("tokens",),
        samples="edgehuman.data.image.captions.samples:read_samples",
        layouts="edgehuman.data.image.load:layouts",
        calibrate=(128, 32),
        judge=(64, 64),
        lengths=(8, 32, 77),
    ),
    "Frame": Record(
        "image",
        axes=("height", "width", "channels"),
        input="edgehuman.nets.image.build:frame_input_of",
        output="edgehuman.nets.image.build:boxes_of",
        build="edgehuman.nets.image.build:build_for",
        contract="edgehuman.nets.image.build:require_own",
        samples="edgehuman.data.image.frames.samples:read_samples",
        calibrate=(128, 32),
        judge=(32, 16),
        score="edgehuman.bench.evaluate.frames:trial",
        run=Action(
            "edgehuman.runtime.together.run:FramesConfig",
            "edgehuman.runtime.together.run:run_frames",
            "edgehuman run zoo:person-detector --source door.mp4 --save seen",
        ),
        stream="edgehuman.runtime.together.stream:open_frames",
        evaluate=Action(
            "edgehuman.bench.evaluate.frames:EvaluateConfig",
            "edgehuman.bench.evaluate.frames:evaluate",
            "edgehuman evaluate zoo:person-detector --data mot",
        ),
        load="edgehuman.data.image.frames.load:load_frames",
        layouts="edgehuman.data.image.frames.load:layouts",
        extent="edgehuman.data.image.frames.check:extent",
        check="edgehuman.data.image.frames.check:check",
        needs="photos or a video of any size in which people are to be found",
        kind="frames",
        simulate=Action(
            "edgehuman.data.image.frames.write:SimulateConfig",
            "edgehuman.data.image.frames.write:simulate",
            "edgehuman data simulate --kind frames --frames 8 --labels garments --out crowds",
        ),
    ),
}


def find(table: Mapping[str, Any], kind: str, name: str) -> Any:
    """Return the row with that name.

    Raises:
        UsageError: no such row; the message gives the nearest and all valid names.
    """
    if name in table:
        return table[name]
    near = difflib.get_close_matches(name, table, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise UsageError(f"unknown {kind} {name!r}.{hint} Valid names: {', '.join(table)}")


def network_for(arch: str, name: str, modality: str = "") -> Network:
    """Return the row of a network for a task (of that modality; "": the task's own) or for a
    pretraining method (named in the row).

    Raises:
        UsageError: unknown or unsuitable network; the message lists the suitable ones.
    """
    row = network(arch)
    if name in TASKS:
        modality = modality or TASKS[name].modality
        fitting, fits = [*networks_of(modality)], row.modality == modality
        why = f"{arch} reads {row.input} ({row.modality}), but task {name} needs {modality}"
    else:
        fitting = [other for other, each in NETWORKS.items() if each.method == name]
        fits = row.method == name
        why = f"{arch} is pretrained by {row.method}, not by {name}"
    if not fits:
        raise UsageError(f"{why}; give --arch one of: {', '.join(fitting)}")
    return row


def network(name: str) -> Network:
    """Return the row of a catalogued network, or of the caller's own: `package.module:Class`.

    Raises:
        UsageError: no such network; see `own.own_network`.
    """
    if is_own(name):
        return own_network(name, {record: RECORDS[record].modality for record in served("build")})
    row: Network = find(NETWORKS, "network", name)
    return row


def is_cut_from(name: str, larger: str) -> bool:
    """Whether a network starts from the weights of another: its row says so, or it is `larger` with
    smaller kernels.
    """
    if name not in NETWORKS or larger not in NETWORKS:
        return False
    rows = (NETWORKS[name], NETWORKS[larger])
    if rows[0].begins == larger:
        return True
    small, large = ({**row.arguments, "kernel": 0} for row in rows)
    sides = [row.arguments.get("kernel", 0) for row in rows]
    return (rows[0].build, small) == (rows[1].build, large) and sides[0] < sides[1]


def load_object(dotted: str) -> Any:
    """Import and return the object at `package.module:name`."""
    module, _, name = dotted.partition(":")
    return getattr(importlib.import_module(module), name)


def is_of(record: str, modality: str) -> bool:
    """Whether a record belongs to a modality; False for a record not in the catalogue."""
    return record in RECORDS and RECORDS[record].modality == modality


def networks_of(modality: str) -> dict[str, Network]:
    """Return the networks of a modality, in catalogue order."""
    return {name: row for name, row in NETWORKS.items() if row.modality == modality}


def datasets_of(modality: str) -> dict[str, Dataset]:
    """Return the public datasets of a modality, in catalogue order; of one that holds several
    kinds of data, the row of this modality.
    """
    found = {}
    for name, row in DATASETS.items():
        if row.modality == modality:
            found[name] = row
        elif modality in row.also:
            found[name] = replace(row, modality=modality, read=row.also[modality])
    return found


def step(record: str, name: str) -> Any:
    """Import and return the object that a field of a record's row names; an `Action` is returned
    as it is.

    Raises:
        UsageError: the record does not support the step; the message lists the records that do.
    """
    row: Record = find(RECORDS, "record", record)
    found = getattr(row, name)
    if not found:
        raise UsageError(
            f"{record} does not support {name!r}; records that do: {', '.join(served(name))}"
        )
    return load_object(found) if isinstance(found, str) else found


def served(name: str) -> dict[str, Any]:
    """Return the records that support a step, with that field of each row; import nothing."""
    return {record: getattr(row, name) for record, row in RECORDS.items() if getattr(row, name)}
