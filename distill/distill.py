"""`edgehuman distill`: from a teacher to a small student, and on to its INT8 file.

    edgehuman distill --teacher runs/large --student imuconv_288k --data uci_har.npz --out runs/s

The student runs its task's own training, on fixed views of the training samples, with what the
teacher says of each added to the loss (`learner.py`). What the teacher says is kept (`cache.py`),
so a second student does not ask it again. Teacher, student and INT8 file are scored on the test
part by the task's own judge and timed on this machine (`report.py`).

Axes: B samples of a batch.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from edgehuman import catalogue
from edgehuman.card import Ancestor, Card
from edgehuman.distill.answers import Answering
from edgehuman.distill.finish import trained_in_int8
from edgehuman.distill.kinds import KIND_OF
from edgehuman.distill.labels import taught
from edgehuman.distill.learner import Pupil
from edgehuman.distill.objectives.objective import Shapes
from edgehuman.distill.objectives.weighted import (
    OBJECTIVES,
    Weighted,
    build_objectives,
    parse_objectives,
)
from edgehuman.distill.report import Compared, calibrating_data, compare, require_free, with_files
from edgehuman.distill.settings import DistilFlags
from edgehuman.distill.targets.cache import keep_targets, kinds_in
from edgehuman.distill.targets.targets import OnTheFly, Targets
from edgehuman.distill.teachers.ensemble import members_of
from edgehuman.distill.teachers.teachers import (
    Device,
    Teacher,
    TeacherPrecision,
    open_teachers,
    require_fits,
    require_record,
)
from edgehuman.distill.views import Views
from edgehuman.errors import UsageError
from edgehuman.nets.checkpoint import load_network
from edgehuman.outcome import Outcome
from edgehuman.tasks.finetune import Batches, Training, TrainingSamples, Work, finetune
from edgehuman.tasks.learner import Learner
from edgehuman.training.processes import Place
from edgehuman.training.settings import alone, process_rank

DEFAULTS = {
    "classes": ("kd",),
    "attributes": ("bce",),
    "embedding": ("similarity", "rkd"),
    "segmentation": ("pixel", "channel"),
    "heatmaps": ("heatmaps",),
}
"""Objectives by the kind of the student's output; with --compatible always `features`."""
COMPATIBLE = ("features",)
_PUPIL = "learner."  # prefix of the task's learner in a `Pupil`
_FIRST = np.zeros(1, np.int64)  # index of the record whose answers say the shapes


def distil(config: DistilFlags, data: Any = None) -> Outcome:
    """Run `edgehuman distill`; write the student to `config.out`.

    Args:
        data: in memory, in the place of `config.data`, as for the task.

    Raises:
        UsageError: teacher and student do not fit, or an objective does not fit them.
        DataError, CheckpointError, ArtefactError, TrainingError: see the functions it calls.
    """
    if data is None and taught.is_taught_by_labels(config):
        return taught.distil_by_labels(config)
    work, teacher = _prepared(config, data)
    config = cast(DistilFlags, work.config)
    if config.precision == "int8":
        calibrating_data(config)  # said before the training
        require_free(config)
    lesson = _lesson(config, work.training, teacher)
    outcome = finetune(config, lesson.training, work.judge)
    if outcome.exit_code or process_rank():
        return outcome
    with alone():  # the other processes of a training end here
        return _finished(config, work, teacher, lesson, outcome)


def _finished(
    config: DistilFlags, work: Work, teacher: Teacher, lesson: Lesson, outcome: Outcome
) -> Outcome:
    """What comes after the training: its INT8 file, and the comparison with the teacher."""
    folder = None
    if config.qat_steps:
        student, card = load_network(config.out, own=True)
        folder = trained_in_int8(config, student, card, lesson.views)
        if folder is None:
            said = f"{config.out}: stopped early; continue with --resume"
            return dataclasses.replace(outcome, text=said, exit_code=1)
    compared = Compared(config, work.judge, work.training.select_by, teacher, folder)
    return compare(compared, outcome) if config.read_test else with_files(compared, outcome)


def compared_with(config: DistilFlags) -> Outcome:
    """Compare a finished network with a teacher: that in `config.out`, whoever trained it.

    Raises:
        UsageError: teacher and student do not fit.
        CheckpointError: no network there.
    """
    work, teacher = _prepared(dataclasses.replace(config, resume=True), None)
    compared = Compared(
        cast(DistilFlags, work.config), work.judge, work.training.select_by, teacher
    )
    return compare(compared, Outcome({}, ""))


def _prepared(config: DistilFlags, data: Any) -> tuple[Work, Teacher]:
    """Return the task's training of the student, and the teacher with the student's labels."""
    # A training in bfloat16 or on a GPU has its teacher answer there too.
    precision: TeacherPrecision = "bf16" if config.autocast == "bf16" else "fp32"
    on_gpu = config.device != "cpu" and torch.cuda.is_available()
    device: Device = "cuda" if on_gpu else "cpu"
    row = catalogue.network(config.student)
    # What needs no data is said before they are read.
    if config.objective:
        parse_objectives(config.objective)
    teacher = open_teachers(config.teacher, precision, device, config.threads)
    require_record(teacher, row.input, config.student)
    if config.compatible:
        config = _in_teachers_space(config, teacher)
    prepare: Callable[..., Work] = catalogue.load_object(task_of(config).prepare)
    work = prepare(config, data)
    card = work.training.card
    return work, require_fits(teacher, card, kinds_of(objectives_of(config, card)))


def task_of(config: DistilFlags) -> catalogue.Task:
    """The row of the task whose config this is."""
    rows = (row for task in catalogue.TASKS.values() for row in task.rows if row.distil)
    return next(row for row in rows if catalogue.load_object(row.distil) is type(config))


def _learned(config: DistilFlags) -> str:
    """The name of the task whose config this is."""
    task = task_of(config)
    return next(name for name, row in catalogue.TASKS.items() if task in (row, *row.also))


def _in_teachers_space(config: DistilFlags, teacher: Teacher) -> DistilFlags:
    """Give the student the width of the teacher's embedding.

    Raises:
        UsageError: an ensemble, whose space is too wide, or a task without embeddings.
    """
    if not hasattr(config, "dim") or teacher.output.kind != "embedding":
        raise UsageError(
            f"--compatible is for students and teachers of embeddings; {teacher.name} gives "
            f"{teacher.output.kind}, and {config.student} learns {_learned(config)}; leave it out"
        )
    if len(config.teacher) > 1:
        raise UsageError(
            f"--compatible needs one teacher, whose galleries exist; --teacher has "
            f"{len(config.teacher)}"
        )
    if not space_of(teacher):
        raise UsageError(
            f"--compatible is for galleries of edgehuman, and {teacher.name} has none; import it "
            "first, or leave --compatible out"
        )
    dim, distance = teacher.output.dim, teacher.output.distance
    if config.dim not in (None, dim):
        raise UsageError(f"--dim is {config.dim}; with --compatible it is the teacher's, {dim}")
    changes: dict[str, Any] = {"dim": dim}
    if hasattr(config, "distance"):
        changes["distance"] = distance
    return dataclasses.replace(config, **changes)


def space_of(teacher: Teacher) -> str:
    """What galleries of this teacher go by; "": it has none."""
    (member, *others) = members_of(teacher)
    return "" if others else str(getattr(member, "space", ""))


@dataclass(frozen=True)
class Lesson:
    """A student's training with its teacher.

    Attributes:
        training: of the task, with the teacher's part.
        views: what both see.
    """

    training: Training
    views: Views


def _lesson(config: DistilFlags, training: Training, teacher: Teacher) -> Lesson:
    """Add the teacher's part to a task's training; its targets are computed here, if need be.

    Raises:
        UsageError: samples without one shape, or objectives that do not fit.
        DataError: kept targets of another teacher, or targets that are not finite.
    """
    samples = training.samples
    if samples is None:
        raise UsageError(
            f"{training.card.arch} is trained on sequences of unequal lengths, of which no targets "
            "can be kept; give --sampling fixed_unordered or fixed_ordered"
        )
    words = objectives_of(config, training.card)
    kinds = kinds_of(words)
    views = Views(samples, _learner(config, training), config.views, config.seed)
    said = Answering(training.network, training.card).shapes(views.records(_FIRST, 0).shape[1:])

    def require(shapes: Shapes) -> None:
        objectives = build_objectives(words, said, shapes, config.seed)
        _require_taught(config, training.card, objectives)

    targets = _targets(config, teacher, views, kinds, require)
    require(targets.shapes)
    training = _taught(config, training, samples, views, targets, words, said)
    card = _card(training.card, teacher, words)
    if config.compatible:
        card = card.replace(space=space_of(teacher))
    return Lesson(dataclasses.replace(training, card=card), views)


def objectives_of(config: DistilFlags, card: Card) -> tuple[str, ...]:
    """The objectives in words: the given ones, or those that fit the student's output.

    Raises:
        UsageError: with --compatible, objectives that do not keep the teacher's space.
    """
    if not config.objective:
        kind = card.output.kind
        if kind not in DEFAULTS:
            raise UsageError(f"no objective is for {kind}; students give {', '.join(DEFAULTS)}")
        return COMPATIBLE if config.compatible else DEFAULTS[kind]
    if config.compatible and not set(COMPATIBLE) & set(parse_objectives(config.objective)):
        raise UsageError(
            f"--compatible needs the objective {COMPATIBLE[0]}, which keeps the teacher's space; "
            f"--objective is {' '.join(config.objective)}"
        )
    return config.objective


def kinds_of(words: Sequence[str]) -> list[str]:
    """The kinds of answers that objectives need."""
    return sorted({kind for name in parse_objectives(words) for kind in OBJECTIVES[name].needs})


def _learner(config: DistilFlags, training: Training) -> Learner:
    """A learner of the task that augments, and is not trained."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        return cast(Learner, training.learner(training.network))


def _targets(
    config: DistilFlags,
    teacher: Teacher,
    views: Views,
    kinds: Sequence[str],
    require: Callable[[Shapes], None],
) -> Targets:
    """The teacher's answers to all views: kept, or computed in each step."""
    names = views.samples.names
    if not config.keep:
        return OnTheFly(teacher, names, views.records, kinds)
    made = views.digest()
    folder = config.targets
    if folder is None:
        folder = _folder_of(config.out.parent / "targets", teacher.digest[:12], made[:12], kinds)
    return keep_targets(
        folder,
        teacher,
        names,
        config.views,
        views.records,
        made,
        view_seed=config.seed,
        kinds=kinds,
        require=require,
    )


def _folder_of(beside: Path, teacher: str, views: str, kinds: Sequence[str]) -> Path:
    """The folder of a teacher's answers to some views: that which keeps these kinds already, beside
    others or not.
    """
    own = beside / f"{teacher}-{views}-{'-'.join(kinds)}"
    kept = sorted(beside.glob(f"{teacher}-{views}-*")) if beside.is_dir() else []
    return next((each for each in kept if set(kinds) <= kinds_in(each)), own)


def _taught(
    config: DistilFlags,
    training: Training,
    samples: TrainingSamples,
    views: Views,
    targets: Targets,
    words: Sequence[str],
    said: Shapes,
) -> Training:
    """A training whose learner follows these targets."""
    kinds = tuple(targets.shapes)

    def learner(network: nn.Module) -> nn.Module:
        inner = cast(Learner, training.learner(network))
        if not config.task_weight:
            for name, parameter in inner.named_parameters():
                parameter.requires_grad_(name.startswith("network.") and parameter.requires_grad)
        objectives = build_objectives(words, said, targets.shapes, config.seed)
        answering = Answering(network, training.card)
        return Pupil(inner, answering, objectives, kinds, config.task_weight)

    def lr_scale(name: str) -> float:
        is_own = name.startswith(_PUPIL)
        return training.lr_scale(name.removeprefix(_PUPIL)) if is_own else 1.0

    return dataclasses.replace(
        training,
        learner=learner,
        batches=_batches(config, samples, views, targets),
        lr_scale=lr_scale,
        name=f"distil {training.card.arch}",
    )


def _require_taught(config: DistilFlags, card: Card, objectives: Weighted) -> None:
    """Raise a UsageError where objectives would leave the output untrained, or in another space."""
    kind = KIND_OF[card.output.kind]
    if not config.task_weight and kind not in objectives.needs:
        raise UsageError(
            f"--task-weight is 0 and the objectives {' '.join(objectives.weights)} are of "
            f"{', '.join(objectives.needs)}, so nothing teaches the student its {kind}; add an "
            "objective of it, or give a weight above 0"
        )
    if config.compatible and not objectives.compatible:
        raise UsageError(
            "--compatible: the student's embedding is not as wide as the teacher's, so it would "
            "live in another space; give --dim the teacher's width"
        )


@contextmanager
def _batches(
    config: DistilFlags, samples: TrainingSamples, views: Views, targets: Targets
) -> Iterator[Batches]:
    """Open the batches: records, the task's targets, then the teacher's answers by kind. Where
    reading takes long, the next batch is read meanwhile.
    """

    def make(step: int, place: Place) -> tuple[Tensor, ...]:
        index_B = samples.indices(step, place)
        view = views.of_step(step, config.batch)
        said = targets.rows(index_B, view)
        answers = (torch.from_numpy(said[kind]) for kind in targets.shapes)
        return (*views.batch(index_B, view), *answers)

    if samples.together > 1:
        yield make
        return
    with ThreadPoolExecutor(1, "views") as pool:
        coming: dict[int, Future[tuple[Tensor, ...]]] = {}

        def ahead(step: int, place: Place) -> tuple[Tensor, ...]:
            for number in (step, step + 1):
                if number not in coming and number < config.steps:
                    coming[number] = pool.submit(make, number, place)
            return coming.pop(step).result()

        yield ahead


def _card(card: Card, teacher: Teacher, words: Sequence[str]) -> Card:
    """The student's card with its lineage: the teachers, and what taught them."""
    learned = tuple(words)
    teachers = tuple(
        Ancestor(each.name, getattr(each, "arch", ""), each.params, each.digest, learned)
        for each in members_of(teacher)
    )
    before = tuple(dataclasses.replace(row, role="teacher") for row in teacher.card_data)
    data = tuple(dict.fromkeys((*card.data, *before)))
    return card.replace(teachers=teachers, data=data, recipe=f"{card.task} distil")
