"""Teachers: whoever answers raw records, behind one interface.

    teacher = open_teachers(["runs/large"])                  a checkpoint folder, imported ones too
    teacher = open_teachers(["zoo:activity"])                or any .onnx of ours, of any precision
    teacher = open_teachers(["other.onnx"])                  any ONNX file; other.toml says what it
                                                             takes and gives (`contract.py`)
    teacher = open_teachers(["runs/seed0", "runs/seed1"])    an ensemble (`ensemble.py`)
    answers = teacher.answer(record_N)                       {"logits": float32 (N, K), ...}

Nothing here imports torch before a teacher is opened.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from numpy.typing import NDArray

from edgehuman.card import Card, InputSpec, OutputSpec, TrainingData
from edgehuman.distill.kinds import KIND_OF, KINDS, LOGITS, MAP
from edgehuman.errors import ArtefactError, UsageError
from edgehuman.records import Float32
from edgehuman.runtime.engine.onnx_file import content_of, read_onnx
from edgehuman.runtime.zoo import ZOO

Device = Literal["cpu", "cuda"]
TeacherPrecision = Literal["fp32", "bf16"]


class Teacher(Protocol):
    """Whoever answers raw records.

    Attributes:
        name: what it was opened by.
        card_data: what it and its ancestors learned from, with licences.
        digest: hash of its weights and of what it takes and gives.
        labels: of its logits or maps, in their order; empty: it has none.
        input: the raw record that it takes; 0: any size.
        output: what it gives first; an ensemble's is that of its members.
        params: number of parameters; 0: unknown.
        precision: of its arithmetic, in words.
    """

    @property
    def name(self) -> str: ...
    @property
    def card_data(self) -> tuple[TrainingData, ...]: ...
    @property
    def digest(self) -> str: ...
    @property
    def labels(self) -> tuple[str, ...]: ...
    @property
    def input(self) -> InputSpec: ...
    @property
    def output(self) -> OutputSpec: ...
    @property
    def params(self) -> int: ...
    @property
    def precision(self) -> str: ...

    def answer(self, record_N: NDArray[Any]) -> dict[str, Float32]:
        """Return the answers (N, ...), by their kind (`kinds.py`), to raw records (N, ...)."""


@dataclass(frozen=True, slots=True)
class Running:
    """How teachers are run.

    Attributes:
        precision: of checkpoints; a graph has its own.
        device: "cuda": an NVIDIA GPU.
        threads: of graphs on the CPU; checkpoints use PyTorch's.
    """

    precision: TeacherPrecision = "fp32"
    device: Device = "cpu"
    threads: int = 1


def open_teachers(
    words: Sequence[str],
    precision: TeacherPrecision = "fp32",
    device: Device = "cpu",
    threads: int = 1,
) -> Teacher:
    """Open a teacher, or several as one.

    Raises:
        UsageError: no word, an unknown name, a contract that is missing or wrong, or several that
            cannot answer together.
        ArtefactError, CheckpointError: no such file or folder, or damaged.
        EngineError: this machine cannot run it.
    """
    if not words:
        raise UsageError("no teacher is given; give a checkpoint folder, zoo:NAME or an .onnx file")
    running = Running(precision, device, threads)
    teachers = [_open(word, running) for word in words]
    if len(teachers) == 1:
        return teachers[0]
    from edgehuman.distill.teachers.ensemble import Ensemble

    return Ensemble(teachers)


def _open(word: str, running: Running) -> Teacher:
    path = Path(word)
    if word.startswith(ZOO) or (path.suffix == ".onnx" and _has_card(path)):
        from edgehuman.distill.teachers.trained import GraphTeacher

        return GraphTeacher(word, running)
    if path.suffix == ".onnx":
        from edgehuman.distill.teachers.foreign import ForeignTeacher

        return ForeignTeacher(path, running)
    from edgehuman.distill.teachers.trained import NetworkTeacher

    return NetworkTeacher(word, running)


def _has_card(path: Path) -> bool:
    if not path.is_file():
        raise ArtefactError(f"{path}: no such file; give the path of an .onnx file")
    return read_onnx(content_of(path), str(path)).is_ours


def require_record(teacher: Teacher, record: str, student: str) -> None:
    """Check that a teacher takes the record of a student, by its name.

    Raises:
        UsageError: it takes another.
    """
    if teacher.input.record != record:
        raise UsageError(
            f"the teacher {teacher.name} and the student {student} take different records: "
            f"{teacher.input.record!r} and {record!r}; choose a teacher that takes what the "
            "student takes"
        )


def require_fits(teacher: Teacher, student: Card, kinds: Collection[str] = KINDS) -> Teacher:
    """Check that a student can learn from a teacher; return the teacher with its labels in the
    student's order, if they are the same.

    Args:
        kinds: of the answers that the student learns.

    Raises:
        UsageError: they take different records, units, rates or sizes; or the student learns logits
            or maps, and they have other labels or another kind of them.
    """
    require_record(teacher, student.input.record, student.name)
    for what, given, taken in (
        ("units", teacher.input.units, student.input.units),
        ("dtypes", teacher.input.dtype, student.input.dtype),
        ("rates", f"{teacher.input.rate_hz:g} Hz", f"{student.input.rate_hz:g} Hz"),
    ):
        if given != taken:
            raise UsageError(
                f"the teacher {teacher.name} and the student {student.name} take different {what}: "
                f"{given!r} and {taken!r}; choose a teacher that takes what the student takes"
            )
    if not _same_shape(teacher.input.shape, student.input.shape):
        raise UsageError(
            f"the teacher {teacher.name} takes records of {teacher.input.shape}, the student "
            f"{student.name} of {student.input.shape} (0: any size); both see the same records, so "
            "give the student the teacher's: --frames for walks, --height and --width for photos"
        )
    if not teacher.labels or not student.output.labels:
        return teacher
    if not {LOGITS, MAP} & set(kinds) and not has_labels_of(teacher, student.output):
        return teacher
    given, taken = teacher.output.kind, student.output.kind
    if given != taken and KIND_OF[given] == KIND_OF[taken]:
        raise UsageError(
            f"the teacher {teacher.name} gives {given} and the student {student.name} {taken}; "
            f"choose a teacher of {taken}"
        )
    from edgehuman.distill.teachers.ensemble import in_order

    fix = ", or learn from the teacher's embedding: --objective features"
    return in_order(teacher, student.output.labels, f"the student {student.name}", fix)


def has_labels_of(teacher: Teacher, output: OutputSpec) -> bool:
    """Whether a teacher gives an output of this kind, with the same labels in any order."""
    return teacher.output.kind == output.kind and set(teacher.labels) == set(output.labels)


def _same_shape(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return len(one) == len(other) and all(
        a == b or 0 in (a, b) for a, b in zip(one, other, strict=True)
    )
