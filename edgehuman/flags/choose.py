"""What chooses the flags of a command: `--method`, `--task` or `--kind`, as the catalogue says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from edgehuman import catalogue
from edgehuman.errors import UsageError
from edgehuman.flags.words import flag_value, recipe_table


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
        method = (
            "mae" if arch is None else catalogue.find(catalogue.NETWORKS, "network", arch).method
        )
    if method == "none":
        raise UsageError(
            f"--arch {arch} has no pretraining; train it from scratch with `edgehuman finetune`"
        )
    row = catalogue.find(catalogue.METHODS, "method", method)
    return row.config, row.train


def finetune(words: Sequence[str]) -> tuple[str, str]:
    """Config and function of `--task`; activity if the words name none."""
    task = flag_value(words, "task", recipe_table(words)) or "activity"
    row = catalogue.find(catalogue.TASKS, "task", task)
    return row.config, row.train


def simulate(words: Sequence[str]) -> tuple[str, str]:
    """Config and function of `--kind`; a wearable if the words name none."""
    kinds = simulations()
    kind = flag_value(words, "kind", recipe_table(words)) or next(iter(kinds))
    action: catalogue.Action = catalogue.find(kinds, "kind", kind)
    return action.config, action.function


def actions(table: Mapping[str, catalogue.Method | catalogue.Task]) -> dict[str, catalogue.Action]:
    """What each method, or each task, runs, with an example."""
    return {
        name: catalogue.Action(row.config, row.train, row.example) for name, row in table.items()
    }


def simulations() -> dict[str, catalogue.Action]:
    """What each `--kind` of simulation runs, with an example."""
    records = catalogue.RECORDS.values()
    return {record.kind: record.simulate for record in records if record.simulate}
