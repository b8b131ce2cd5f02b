"""Where the numbers of a training go as they come: metrics.jsonl, TensorBoard, or your own logger.

    class Logger(Protocol): log(step, metrics), close()

    edgehuman finetune ... --logger tensorboard                   the folder's tensorboard/
    edgehuman finetune ... --logger mypackage.loggers:MyLogger    called with the config
    edgehuman.train(config, loggers=[MyLogger()])                 in Python

Only the first process logs. `examples/loggers.py` shows Weights & Biases and MLflow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol, cast

from edgehuman.errors import CheckpointError, UsageError
from edgehuman.install import not_installed
from edgehuman.outcome import to_json
from edgehuman.own import is_missing, is_own, own_code, own_object
from edgehuman.training.checkpoint import METRICS
from edgehuman.training.settings import TrainingConfig

TENSORBOARD = "tensorboard"


class Logger(Protocol):
    """What a training tells its numbers."""

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        """Take the metrics of a step: losses every `log_every` steps, scores at checkpoints."""

    def close(self) -> None:
        """Write what is left; called once, at the end, however the training ends."""


_given: ContextVar[tuple[Logger, ...]] = ContextVar("loggers", default=())


@contextmanager
def log_to(*loggers: Logger) -> Iterator[None]:
    """Trainings inside also log to these."""
    token = _given.set((*_given.get(), *loggers))
    try:
        yield
    finally:
        _given.reset(token)


class MetricsFile:
    """metrics.jsonl in the folder of a training: one line a record, written at once.

    A checkpoint writes the whole file again (`checkpoint.save_metrics`), so it is not kept open.
    """

    def __init__(self, config: TrainingConfig) -> None:
        self._path = config.out / METRICS

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        """Append a line.

        Raises:
            CheckpointError: the disk is full or the folder is gone.
        """
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(to_json({"step": step, **metrics}) + "\n")
        except OSError as error:
            raise CheckpointError(
                f"cannot write {self._path} ({error}); free some space, then continue with --resume"
            ) from error

    def close(self) -> None:
        """Nothing is open."""


class TensorBoard:
    """The scalars of a training in `tensorboard/` of its folder.

    Raises:
        MissingDependencyError: TensorBoard is not installed.
    """

    def __init__(self, config: TrainingConfig) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise not_installed(error.name or TENSORBOARD, "--logger tensorboard") from None
        writer: Any = SummaryWriter
        self._writer = writer(str(config.out / TENSORBOARD))

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        """Write one scalar per metric."""
        for name, value in metrics.items():
            self._writer.add_scalar(name, value, step)
        self._writer.flush()

    def close(self) -> None:
        """Close the event file."""
        self._writer.close()


def makers(words: Sequence[str]) -> list[Callable[[TrainingConfig], Logger]]:
    """The loggers that --logger names, not opened yet.

    Raises:
        UsageError: neither `tensorboard` nor a dotted path of something to call with the config.
        MissingDependencyError: TensorBoard is not installed, or what an own logger imports.
        OwnCodeError: the module of an own logger raised.
    """
    return [_maker(word) for word in words]


def _maker(word: str) -> Callable[[TrainingConfig], Logger]:
    if word == TENSORBOARD:
        if is_missing(TENSORBOARD):
            raise not_installed(TENSORBOARD, "--logger tensorboard")
        return TensorBoard
    if not is_own(word):
        raise UsageError(
            f"--logger is {word!r}; give {TENSORBOARD}, or the dotted path of your own: "
            "package.module:Class, called with the config"
        )
    made = own_object(word, "--logger")
    if not callable(made):
        raise UsageError(
            f"--logger {word} is {type(made).__name__}; name a class or function that takes the "
            "config and returns an object with log(step, metrics) and close()"
        )
    return lambda config: _Own(cast("Callable[[TrainingConfig], Logger]", made), word, config)


class _Own:
    """A logger of the caller's own, by its dotted path.

    Raises:
        UsageError: an object without log or close.
        OwnCodeError: its code raised, here and below.
    """

    def __init__(
        self, make: Callable[[TrainingConfig], Logger], dotted: str, config: TrainingConfig
    ) -> None:
        self._dotted = dotted
        with own_code(dotted, "--logger", "called with the config"):
            made = make(config)
        self._logger = _complete(made, f"--logger {dotted}")

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        with own_code(self._dotted, "--logger", f"asked to log step {step}"):
            self._logger.log(step, metrics)

    def close(self) -> None:
        with own_code(self._dotted, "--logger", "asked to close"):
            self._logger.close()


@contextmanager
def opened(config: TrainingConfig) -> Iterator[Callable[[int, Mapping[str, float]], None]]:
    """Open metrics.jsonl, the loggers of --logger and those of `log_to`; yields what logs to all.

    Raises:
        UsageError, MissingDependencyError: see `makers`; a logger without log or close.
        OwnCodeError: a logger of --logger raised.
    """
    loggers: list[Logger] = [MetricsFile(config), *_given.get()]

    def log(step: int, metrics: Mapping[str, float]) -> None:
        for logger in loggers:
            logger.log(step, metrics)

    try:
        for make in makers(config.logger):
            loggers.append(make(config))
        yield log
    finally:
        _close(loggers)


def _complete(logger: Logger, where: str) -> Logger:
    """Raise UsageError for an object that is no logger."""
    for name in ("log", "close"):
        if not callable(getattr(logger, name, None)):
            raise UsageError(
                f"{where} gave {type(logger).__name__}, which has no {name}(); a logger has "
                "log(step, metrics) and close()"
            )
    return logger


def _close(loggers: Sequence[Logger]) -> None:
    """Close every logger; the first error is raised after all were closed."""
    first: Exception | None = None
    for logger in loggers:
        try:
            logger.close()
        except Exception as error:
            first = first or error
    if first is not None:
        raise first


def shown(numbers: Mapping[str, float]) -> dict[str, str]:
    """Return the losses to show in the progress bar, without learning rate and gradient norm."""
    hidden = ("lr", "grad_norm")
    return {name: f"{value:.4f}" for name, value in numbers.items() if name not in hidden}
