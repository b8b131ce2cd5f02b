"""What chooses the flags of a command: `--method`, `--task`, `--kind` or `--source`, as the
catalogue says.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from edgehuman import catalogue
from edgehuman.config import resolve
from edgehuman.errors import EdgehumanError, UsageError
from edgehuman.flags.words import flag_value, recipe_table, take_recipe, wants_help

# Any folder of pictures can be packed, whatever its layout.
_IMAGES = "people"


def pretrain(words: Sequence[str]) -> tuple[str, str]:
    """Config and function of `--method`, or of the method of `--arch`; masked autoencoding if the
    words name neither.

    Raises:
        UsageError: an unknown name, or a network without pretraining.
    """
    recipe = recipe_table(words)
    method = flag_value(words, "method", recipe)
    arch = flag_value(words, "arch", recipe)
    if method is None:
        method = "mae" if arch is None else catalogue.network(arch).method
    if method == "none":
        raise UsageError(
            f"--arch {arch} has no pretraining; train it from scratch with `edgehuman finetune`"
        )
    row = catalogue.find(catalogue.METHODS, "method", method)
    return row.config, row.train


def finetune(words: Sequence[str]) -> tuple[str, str]:
    """Config and function of `--task`; activity if the words name none. If the task has several
    modalities, the network of `--arch` or `--weights` chooses.

    Raises:
        UsageError: an unknown task or network.
    """
    recipe = recipe_table(words)
    row: catalogue.Task = catalogue.find(
        catalogue.TASKS, "task", flag_value(words, "task", recipe) or "activity"
    )
    if row.also and (modality := _modality(words, recipe)):
        row = next((each for each in (row, *row.also) if each.modality == modality), row)
    return row.config, row.train


def distil(words: Sequence[str]) -> tuple[str, str]:
    """Config of `edgehuman distill` for `--task`, for the only task of the student's modality, or
    for the task that the teacher's card names; activity if the words name none.

    Raises:
        UsageError: an unknown task or network, or a task that nothing says.
    """
    recipe = recipe_table(words)
    rows = {name: row.rows for name, row in catalogue.TASKS.items() if row.distil}
    student = flag_value(words, "student", recipe) or flag_value(words, "arch", recipe)
    task = flag_value(words, "task", recipe)
    if student is not None:
        modality = catalogue.network(student).modality
        rows = {
            name: own
            for name, each in rows.items()
            if (own := tuple(row for row in each if row.modality == modality))
        }
    if task is None and student is not None and len(rows) > 1:
        task = _task_of_teacher(words, recipe)
        if task not in rows:
            raise UsageError(
                f"--student {student} may learn several tasks; give --task: {', '.join(rows)}"
            )
    if student is not None and task is not None and task in catalogue.TASKS and task not in rows:
        needed, reads = catalogue.TASKS[task].modality, catalogue.network(student).input
        fitting = ", ".join(catalogue.networks_of(needed))
        raise UsageError(
            f"--student {student} reads {reads}, but task {task} needs {needed}; give --student "
            f"one of: {fitting}"
        )
    row = catalogue.find(rows, "task", task or next(iter(rows)))[0]
    return row.distil, catalogue.DISTIL


def _task_of_teacher(words: Sequence[str], recipe: Mapping[str, Any]) -> str:
    """The task on the first teacher's card; "" if it has none."""
    from edgehuman.card import WEIGHTS, of_weights
    from edgehuman.runtime.engine.onnx_file import read_card
    from edgehuman.runtime.zoo import file_of

    listed = recipe.get("teacher")
    first = listed[0] if isinstance(listed, list) and listed else None
    teacher = flag_value(words, "teacher", {}) or first
    if not isinstance(teacher, str):
        return ""
    try:
        path = file_of(teacher)
        card = of_weights(path / WEIGHTS) if path.is_dir() else read_card(path)
    except EdgehumanError:
        return ""  # the command says what is wrong with it
    return card.task


def distillations() -> dict[str, catalogue.Action]:
    """What `edgehuman distill` runs for each task, with an example."""
    found = {}
    for name, task in catalogue.TASKS.items():
        for row in filter(lambda each: each.distil, task.rows):
            student = row.student
            example = f"edgehuman distill --task {name} --teacher runs/large --student {student}"
            own = name if row is task else f"{name} ({row.modality})"
            found[own] = catalogue.Action(row.distil, catalogue.DISTIL, example)
    return found


def _modality(words: Sequence[str], recipe: Mapping[str, Any]) -> str:
    """The modality of the network that a training starts from; "" if the words name none."""
    from edgehuman.runtime.run import record_of

    arch, weights = (flag_value(words, flag, recipe) for flag in ("arch", "weights"))
    if arch is not None:
        return catalogue.network(arch).modality
    try:
        return "" if weights is None else catalogue.RECORDS[record_of(weights)].modality
    except EdgehumanError:
        return ""  # the training says what is wrong with them


def export(words: Sequence[str]) -> tuple[str, str]:
    """An engine of a finished ONNX file needs no PyTorch, so that a device can build it. Another
    precision of an FP32 file does: its network is read back from the graph.
    """
    if not wants_help(words):
        from edgehuman.runtime.zoo import ZOO

        rest = [word for word in words if word != "--json"]
        recipe = take_recipe(rest)
        config = resolve(
            catalogue.load_object(catalogue.EXPORT_CONFIG), rest, recipe, "edgehuman export"
        )
        is_graph = config.checkpoint.startswith(ZOO) or Path(config.checkpoint).suffix == ".onnx"
        if is_graph and (config.precision == "fp32" or not _is_fp32(config.checkpoint)):
            return catalogue.EXPORT_CONFIG, catalogue.EXPORT_GRAPH
    return catalogue.EXPORT_CONFIG, catalogue.EXPORT


def _is_fp32(model: str) -> bool:
    """Whether a model's file is an FP32 graph; one that cannot be read is told later."""
    from edgehuman.runtime.engine.onnx_file import read_card
    from edgehuman.runtime.zoo import file_of

    with contextlib.suppress(EdgehumanError):
        return read_card(file_of(model)).precision.name == "fp32"
    return False


def simulate(words: Sequence[str]) -> tuple[str, str]:
    """Config and function of `--kind`; a wearable if the words name none."""
    kinds = simulations()
    kind = flag_value(words, "kind", recipe_table(words)) or next(iter(kinds))
    action: catalogue.Action = catalogue.find(kinds, "kind", kind)
    return action.config, action.function


def weights(words: Sequence[str]) -> tuple[str, str]:
    """Config and function of `--source`; the first if the words name none.

    Raises:
        UsageError: an unknown source.
    """
    source = flag_value(words, "source", recipe_table(words)) or next(iter(catalogue.SOURCES))
    row: catalogue.Source = catalogue.find(catalogue.SOURCES, "source", source)
    return row.config, row.train


def actions(
    table: Mapping[str, catalogue.Method | catalogue.Task | catalogue.Source],
) -> dict[str, catalogue.Action]:
    """What each method, task or source runs, with an example; a task for another modality has that
    in its name.
    """
    found = {}
    for name, row in table.items():
        found[name] = catalogue.Action(row.config, row.train, row.example)
        for each in row.also if isinstance(row, catalogue.Task) else ():
            found[f"{name} ({each.modality})"] = catalogue.Action(
                each.config, each.train, each.example
            )
    return found


def simulations() -> dict[str, catalogue.Action]:
    """What each `--kind` of simulation runs, with an example."""
    records = catalogue.RECORDS.values()
    return {record.kind: record.simulate for record in records if record.simulate}


def pack(words: Sequence[str]) -> tuple[str, str]:
    """Config and function of `--kind`, of the suffix of `--out` (NAME.silhouettes), or of the
    record that a path among the words holds; of images if none of them says.

    Raises:
        UsageError: an unknown kind.
    """
    kinds = packs()
    recipe = recipe_table(words)
    suffix = Path(flag_value(words, "out", recipe) or "").suffix.removeprefix(".")
    kind = flag_value(words, "kind", recipe) or (suffix if suffix in kinds else "")
    kind = kind or _held_kind(words, kinds, _IMAGES)
    action: catalogue.Action = catalogue.find(kinds, "kind", kind or _IMAGES)
    return action.config, action.function


def packs() -> dict[str, catalogue.Action]:
    """What each `--kind` of packing runs, with an example."""
    records = catalogue.RECORDS.values()
    return {record.kind: record.pack for record in records if record.pack}


def convert(words: Sequence[str]) -> tuple[str, str]:
    """Config and function of `--kind`, of the suffix of `--out`, or of the record that a path among
    the words holds; of the first kind if none of them says.

    Raises:
        UsageError: an unknown kind.
    """
    kinds = conversions()
    recipe = recipe_table(words)
    suffix = Path(flag_value(words, "out", recipe) or "").suffix
    usual = next(iter(kinds))
    of_suffix = {action.suffix: kind for kind, action in kinds.items() if action.suffix}
    kind = flag_value(words, "kind", recipe) or of_suffix.get(suffix)
    kind = kind or _held_kind(words, kinds, usual) or usual
    action: catalogue.Action = catalogue.find(kinds, "kind", kind)
    return action.config, action.function


def conversions() -> dict[str, catalogue.Action]:
    """What each `--kind` of conversion runs, with an example."""
    records = catalogue.RECORDS.values()
    return {record.kind: record.convert for record in records if record.convert}


def _held_kind(words: Sequence[str], kinds: Mapping[str, catalogue.Action], usual: str) -> str:
    """The kind of the first path among the words whose layout is known; "" if there is none. The
    usual kind is not looked for.
    """
    from edgehuman.data.layout import recognised

    # The word after a flag is its value.
    pairs = zip(["", *words], words, strict=False)
    given = [Path(word) for flag, word in pairs if "-" not in (flag[:1], word[:1])]
    given = [path for path in given[:1] if path.exists()]
    for record in catalogue.RECORDS.values():
        if record.kind not in kinds or record.kind == usual or not record.layouts:
            continue
        known = catalogue.load_object(record.layouts)()
        if any(next(recognised(path, known), None) for path in given):
            return record.kind
    return ""
