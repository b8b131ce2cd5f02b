"""One entry to every training in Python: `edgehuman.train`.

    config = ActivityConfig(out=Path("runs/mine"), steps=500)
    outcome = edgehuman.train(config, data=windows, loggers=[MyLogger()])
    print(outcome.data["metrics"])

The config says which method or task it is; the same config is the command line, the recipe file and
what the checkpoint stores.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from edgehuman import catalogue
from edgehuman.errors import UsageError
from edgehuman.outcome import Outcome
from edgehuman.training.loggers import Logger, log_to
from edgehuman.training.settings import TrainingConfig


def train(
    config: TrainingConfig, data: object | None = None, loggers: Sequence[Logger] = ()
) -> Outcome:
    """Pretrain or fine-tune as the config says; write the checkpoint to `config.out`.

    Args:
        config: of a pretraining method (`MaeConfig`, `SaipConfig`, `ContrastiveConfig`) or of a
            task (`ActivityConfig`, `GaitConfig`, `ReidConfig`, `AttributesConfig`, `PoseConfig`,
            `LandmarksConfig`, `ParsingConfig`).
        data: a set in memory, in the place of `config.data`: a `WindowSet` for wearables (for mae
            and activity also several), a `SkeletonSet` or `SilhouetteSet` for gait (for
            pretraining also several), a `PersonSet` for the tasks on photos, a `FrameSet` for
            detection (also several), arrays (H, W, 3) for saip.
        loggers: told the metrics as they come, beside `config.logger`; closed at the end.

    Returns:
        What the command prints: `data` (the numbers), `text`, and `exit_code`, 1 if a signal
        stopped the training early.

    Raises:
        UsageError: a config of something else, or data of another type than the method's.
        EdgehumanError: as the method or task.
    """
    function = _function_of(config)
    with log_to(*loggers):
        return function(config) if data is None else function(config, data)


def _function_of(config: TrainingConfig) -> Callable[..., Outcome]:
    """The training function of the catalogue's row that a config belongs to."""
    for table, name in ((catalogue.METHODS, "method"), (catalogue.TASKS, "task")):
        row: Any = table.get(getattr(config, name, ""))
        if row is not None and isinstance(config, TrainingConfig):
            if isinstance(row, catalogue.Task):
                own = {f"{each.__module__}:{each.__qualname__}" for each in type(config).__mro__}
                row = next((each for each in (row, *row.also) if each.config in own), row)
            function: Callable[..., Outcome] = catalogue.load_object(row.train)
            return function
    raise UsageError(
        f"config is {type(config).__name__}; give that of a method ({', '.join(catalogue.METHODS)})"
        f" or of a task ({', '.join(catalogue.TASKS)})"
    )
