"""How a student compares with its teacher: metric, agreement, size and time, on the same test part.

Axes: N records.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto
from torch import nn

from edgehuman.card import Card, OutputSpec
from edgehuman.catalogue import IN_MEMORY
from edgehuman.distill.kinds import EMBEDDING, KIND_OF, LOGITS
from edgehuman.distill.learner import Answer, Distant
from edgehuman.distill.settings import DistilFlags
from edgehuman.distill.teachers.ensemble import members_of
from edgehuman.distill.teachers.teachers import Teacher, has_labels_of
from edgehuman.errors import UsageError
from edgehuman.export.export import export
from edgehuman.export.graph.sessions import interleaved_ms, open_session
from edgehuman.export.graph.trace import to_onnx
from edgehuman.export.networks import load
from edgehuman.export.words import ExportConfig
from edgehuman.metrics import agreement
from edgehuman.metrics.placements import of_classes
from edgehuman.metrics.retrieval import Distance
from edgehuman.nets.checkpoint import load_network
from edgehuman.outcome import Outcome
from edgehuman.progress import tell
from edgehuman.records import Float32
from edgehuman.runtime import model as runtime
from edgehuman.runtime.zoo import ZOO, file_of
from edgehuman.tasks.finetune import Judge, Measured, answer_of
from edgehuman.training.checkpoint import require_finite_result

INT8, CALIBRATED = "int8.onnx", "calibrated.onnx"


@dataclass(frozen=True)
class Compared:
    """What is compared.

    Attributes:
        judge: of the student's task.
        metric: that the comparison is in.
        teacher: with its labels in the student's order.
        qat: the checkpoint of quantisation-aware training; None: ranges are calibrated.
    """

    config: DistilFlags
    judge: Judge
    metric: str
    teacher: Teacher
    qat: Path | None = None


@dataclass
class Heard:
    """A model's test: its scores, and what it said.

    Attributes:
        outputs: (N, ...) for the records of the test, in the judge's order.
        record: one of them, (1, ...).
    """

    measured: Measured
    outputs: Float32
    record: NDArray[Any]


def compare(compared: Compared, outcome: Outcome) -> Outcome:
    """Score teacher, student and INT8 file on the test part; add the comparison to the outcome.

    Raises:
        UsageError, ParityError, DataError: see `export`, for the INT8 file.
        TrainingError: a score is not finite.
    """
    config, teacher = compared.config, compared.teacher
    student, card = load_network(config.out, own=True)
    graph = to_onnx(student, card)
    answers: dict[str, Answer] = {}
    if _is_comparable(teacher, card.output):
        answers["teacher"] = _of_teacher(teacher, card.output)
    else:
        tell(
            f"{teacher.name} gives {teacher.output.kind} or labels that the student does not; it "
            "is not scored"
        )
    facts: dict[str, dict[str, Any]] = {"teacher": {"params": teacher.params, **_size(teacher)}}
    for name, row in _files(compared, graph).items():
        answers[name] = _laid_out(runtime.load(row["path"]).logits, card.output)
        facts[name] = row
    # The student comes last: a judge draws pictures into --out, and the last one stays.
    answers["student"] = answer_of(student)
    heard = {name: _hear(name, answer, student, card, compared) for name, answer in answers.items()}
    facts["student"] = {"params": card.params, "mb": graph.ByteSize() / 1e6}
    files = {name: row["path"] for name, row in facts.items() if "path" in row}
    times = _milliseconds(teacher, graph, files, heard["student"].record)
    said = {name: {**row, "ms": times[name]} for name, row in facts.items()}
    for name, found in heard.items():
        said[name]["metrics"] = dict(found.measured.metrics)
    data = {**cast(dict[str, Any], outcome.data), **said, **_compared(compared.metric, said)}
    data["agreement"] = {
        name: _agreement(heard["teacher"], found, card.output, config.compatible)
        for name, found in heard.items()
        if name != "teacher" and "teacher" in heard
    }
    return Outcome(data, f"{outcome.text}\n{table(data, compared.metric)}")


def with_files(compared: Compared, outcome: Outcome) -> Outcome:
    """Write the INT8 files and add them to the outcome; the test part is not read.

    Raises:
        UsageError, ParityError, DataError: see `export`.
    """
    files = _files(compared)
    text = "".join(f"; {row['path']}, {row['mb']:.2f} MB" for row in files.values())
    return Outcome({**cast(dict[str, Any], outcome.data), **files}, outcome.text + text)


def _is_comparable(teacher: Teacher, output: OutputSpec) -> bool:
    """Whether a judge of such an output can score the teacher."""
    if output.kind == EMBEDDING:  # which classifiers give too
        return KIND_OF[teacher.output.kind] in (EMBEDDING, LOGITS)
    return has_labels_of(teacher, output)


def _compared(metric: str, said: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Speed and metric of the student, or of its INT8 file if there is one."""
    last = said.get("int8", said["student"])
    value = {name: row["metrics"][metric] for name, row in said.items() if "metrics" in row}
    drops = {
        name: 100 * (value["teacher"] - value[name])
        for name in said
        if name != "teacher" and "teacher" in value
    }
    return {
        "metric": metric,
        "speedup": said["teacher"]["ms"] / last["ms"],
        "smaller": said["teacher"]["params"] / said["student"]["params"],
        "metric_drop": drops.get("int8", drops.get("student")),
        "metric_drops": drops,
    }


def _files(compared: Compared, graph: ModelProto | None = None) -> dict[str, dict[str, Any]]:
    """Size and path of each INT8 file, which are written here."""
    return {
        name: {"mb": path.stat().st_size / 1e6, "path": str(path)}
        for name, path in _int8_files(compared, graph).items()
    }


def _int8_files(compared: Compared, graph: ModelProto | None) -> dict[str, Path]:
    """The student's INT8 files: that which ships, and after quantisation-aware training the one
    that calibration alone gives too.

    Args:
        graph: the float student's, if it is traced already.
    """
    config = compared.config
    if config.precision != "int8":
        return {}
    if compared.qat is None:
        return {"int8": write_int8(config, config.out, config.out / INT8, graph)}
    return {
        "calibrated": write_int8(config, config.out, config.out / CALIBRATED, graph),
        "int8": write_int8(config, compared.qat, config.out / INT8),
    }


def calibrating_data(config: DistilFlags) -> str:
    """The dataset that calibrates INT8: the first that the student learns from.

    Raises:
        UsageError: data in memory alone.
    """
    data = cast(Any, config).data
    first: str = data if isinstance(data, str) else data[0]
    if first == IN_MEMORY:
        raise UsageError(
            "--precision int8 calibrates on --data, a path or `simulated`; with data in memory, "
            "distil in fp32 and export the student afterwards"
        )
    return first


def require_free(config: DistilFlags) -> None:
    """Raise UsageError if --out holds an INT8 file that is not of a distillation to resume."""
    held = [name for name in (INT8, CALIBRATED) if (config.out / name).exists()]
    if held and not config.resume:
        raise UsageError(
            f"--out {config.out} already contains {held[0]}; choose another --out, or move that "
            "file"
        )


def write_int8(
    config: DistilFlags, checkpoint: Path, path: Path, graph: ModelProto | None = None
) -> Path:
    """Export a checkpoint as an INT8 file; return the file.

    Args:
        graph: of the checkpoint in float, if it is traced already.

    Raises:
        UsageError, ParityError, DataError: see `calibrating_data` and `export`.
    """
    data = calibrating_data(config)
    export(
        ExportConfig(
            str(checkpoint),
            precision="int8",
            data=data,
            out=path,
            replace=True,  # that of an earlier student in this training's own folder
            threads=1,
            seed=config.seed,
        ),
        None if graph is None else lambda network, card: graph,
    )
    return path


def _of_teacher(teacher: Teacher, output: OutputSpec) -> Answer:
    """What a teacher answers, as the student's output is laid out."""
    kind = KIND_OF[output.kind]
    return _laid_out(lambda record_N: teacher.answer(record_N)[kind], output)


def _laid_out(answer: Answer, output: OutputSpec) -> Answer:
    """Answers as the student's network gives them. Teachers and files answer with the logits of the
    classes (N, K); for a network of placements they are those of any placement.
    """
    placements = len(output.placements)
    if placements < 2:
        return answer
    return lambda record_N: np.tile(answer(record_N), (1, placements))


def _hear(name: str, answer: Answer, student: nn.Module, card: Card, compared: Compared) -> Heard:
    """Test a model, and keep what it says.

    Raises:
        TrainingError: a score is not finite.
    """
    judge, folder = compared.judge, compared.config.out
    outputs: list[Float32] = []
    records: list[NDArray[Any]] = []

    def said(record_N: NDArray[Any]) -> Float32:
        found = answer(record_N)
        outputs.append(found)
        records[:] = records or [record_N[:1]]
        return found

    measured = judge.test(Distant(said, student), card)
    require_finite_result(folder, measured.metrics, f"the test part, answered by the {name}")
    return Heard(measured, np.concatenate(outputs), records[0])


def _agreement(
    teacher: Heard, student: Heard, output: OutputSpec, compatible: bool
) -> dict[str, float]:
    """How far a student agrees with its teacher; see `metrics.agreement`."""
    if output.kind == "classes":
        logits = (of_classes(each.outputs, len(output.placements)) for each in (teacher, student))
        return {"top1": agreement.same_class(*logits)}
    if output.kind == "segmentation":
        return {"pixels": agreement.same_class(teacher.outputs, student.outputs)}
    if output.kind == "attributes":
        return {"answers": agreement.same_answers(teacher.outputs, student.outputs)}
    if output.kind == "heatmaps":
        return {"peaks": agreement.same_peaks(teacher.outputs, student.outputs)}
    first, second, person_N = teacher.outputs, student.outputs, None
    if teacher.measured.vectors is not None and student.measured.vectors is not None:
        first, second = (each.measured.vectors.feature_NX for each in (teacher, student))  # type: ignore[union-attr]
        person_N = teacher.measured.vectors.person_N
    distance = cast(Distance, output.distance or "cosine")
    found = agreement.same_neighbours(first, second, distance, person_N)
    if compatible:
        shared = agreement.shared_space(first, second, distance, person_N)
        found |= {f"{name}_in_teachers_gallery": value for name, value in shared.items()}
    return found


def _milliseconds(
    teacher: Teacher, graph: ModelProto, files: Mapping[str, str], record: NDArray[Any]
) -> dict[str, float]:
    """Median milliseconds of one record at one thread, in turn: the teacher's members one after
    another, the student and its INT8 files.
    """
    each = [_call(member, record) for member in members_of(teacher)]
    session = open_session(graph, 1)
    feed = {session.get_inputs()[0].name: record}
    calls: dict[str, Callable[[], object]] = {
        "teacher": lambda: [call() for call in each],
        "student": lambda: session.run(None, feed),
    }
    for name, path in files.items():
        calls[name] = partial(runtime.load(path).logits, record)
    return interleaved_ms(calls)


def _call(member: Teacher, record: NDArray[Any]) -> Callable[[], object]:
    """One answer of a teacher; of a checkpoint by its graph, as it would be deployed."""
    if not Path(member.name).is_dir():
        return lambda: member.answer(record)
    session = open_session(_graph_of(member.name, member.digest), 1)
    feed = {session.get_inputs()[0].name: record}
    return lambda: session.run(None, feed)


def _size(teacher: Teacher) -> dict[str, float]:
    """{"mb": of the teacher's graphs together}; {} if one of them has no file."""
    found = []
    for member in members_of(teacher):
        name = member.name
        if Path(name).is_dir():
            found.append(_graph_of(name, member.digest).ByteSize())
        elif name.startswith(ZOO) or Path(name).is_file():
            found.append(file_of(name).stat().st_size)
        else:
            return {}
    return {"mb": sum(found) / 1e6}


@lru_cache(maxsize=4)
def _graph_of(folder: str, digest: str) -> ModelProto:
    """The graph of a checkpoint; several students of one teacher trace it once."""
    return to_onnx(*load(folder, 0))


def table(data: Mapping[str, Any], metric: str) -> str:
    """The comparison in Markdown."""
    lines = [f"| | {metric} | agrees with the teacher | parameters | MB | ms |"]
    lines += ["|---|---:|---:|---:|---:|---:|"]
    for name in ("teacher", "student", "calibrated", "int8"):
        if name not in data:
            continue
        row, agrees = data[name], data["agreement"].get(name, {})
        shares = next((f"{100 * share:.1f} %" for share in agrees.values()), "-")
        params = f"{row['params']:,}" if row.get("params") else "-"
        size = f"{row['mb']:.2f}" if "mb" in row else "-"
        value = f"{100 * row['metrics'][metric]:.1f}" if "metrics" in row else "-"
        lines.append(f"| {name} | {value} | {shares} | {params} | {size} | {row['ms']:.3f} |")
    return "\n".join(lines)
