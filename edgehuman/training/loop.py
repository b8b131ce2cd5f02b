"""The training loop: every method and task runs through `train_steps`.

Batches, masks, dropout and augmentation depend on seed, step and the sample's place in the step's
batch, so a resumed run equals an uninterrupted one bit for bit on a CPU, and neither the number of
processes nor that of parts changes what is learned, but for rounding. Under torchrun each process
takes its share of every batch (`training/many/`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from edgehuman.errors import TrainingError
from edgehuman.progress import progress_bar, tell
from edgehuman.training import checkpoint, loggers
from edgehuman.training.many.agreed import begun, require_agreed
from edgehuman.training.many.joining import exchanging, require_group
from edgehuman.training.many.parallel import (
    is_sharded,
    require_divides,
    require_shardable,
)
from edgehuman.training.operations import counting
from edgehuman.training.processes import Place, open_place
from edgehuman.training.run import Job, Progress, Run
from edgehuman.training.schedule import require_trunk, start_of
from edgehuman.training.settings import TrainingConfig, process_rank, world_size
from edgehuman.training.stopping import StopSignals

MAX_BAD_STEPS = 10
Log = Callable[[int, Mapping[str, float]], None]


def require_ready(config: TrainingConfig) -> None:
    """Check, before anything is read, that a training can write to --out and to its loggers.

    Raises:
        UsageError, CheckpointError: see `checkpoint.require_out`.
        UsageError: a batch that the processes cannot share, or an environment without their
            address.
        UsageError, MissingDependencyError: see `loggers.makers`.
    """
    require_group()
    require_divides(config, world_size())
    require_shardable(config, world_size())
    require_trunk(config, filled=False)
    if not process_rank():  # which alone writes, and speaks for all
        checkpoint.require_out(config.out, config.resume)
        if config.out.is_dir():
            with checkpoint.writing_alone(config.out):
                pass
    loggers.makers(config.logger)


def train_steps(job: Job, config: TrainingConfig) -> Progress:
    """Run a job to its last step or until a signal; write the result to `config.out`.

    Raises:
        UsageError: the folder holds a checkpoint and `resume` is off.
        TrainingError: ten consecutive steps without a finite loss; the last good checkpoint is
            kept.
        TrainingError: the processes do not find each other, or one is lost.
        CheckpointError: nothing to resume from, another network, or the disk is full.
        UsageError: the processes have different settings or code.
    """
    require_ready(config)
    require_trunk(config)
    # Signals are caught before the processes find each other: one that ends early leaves the
    # others to wait.
    with (
        checkpoint.writing_alone(config.out),
        StopSignals(world_size()) as stop,
        exchanging(config.out),
        open_place(config) as place,
    ):
        return _train(job, begun(config, place), place, stop)


def _train(job: Job, config: TrainingConfig, place: Place, stop: StopSignals) -> Progress:
    """Run the training; its parallel module is freed before the process group is destroyed."""
    if is_sharded(config):
        from edgehuman.training.many.sharded import ShardedRun

        require_agreed(config, job.model.state_dict(), place.device)
        run: Run = ShardedRun(job, config, place, stop)
    else:
        run = Run(job, config, place, stop)
    if (start := start_of(config)) is not None:
        run.resume(start)
    if not is_sharded(config):
        require_agreed(config, run.model.state_dict(), place.device)
    if not place.is_first:
        _loop(run, lambda step, metrics: None)
        return run.progress
    if config.resume and (said := checkpoint.resumed_in_words(config, run.progress.step)):
        tell(said)
    checkpoint.begin_metrics(config.out, run.progress.records)
    with loggers.opened(config) as log:
        _loop(run, log)
    return run.progress


def _loop(run: Run, log: Log) -> None:
    config, progress, first = run.config, run.progress, run.place.is_first
    bar = progress_bar(
        total=config.steps, initial=progress.step, desc=run.job.name, disable=not first, unit="step"
    )
    with bar:
        if progress.step == 0 and run.job.evaluate_at_start:
            _evaluate(run, log)
        started, counted = time.perf_counter(), 0
        while not run.asked_to_stop() and progress.step < config.steps:
            with counting(config.flops and progress.step == 0) as operations:
                numbers = run.step()
            if operations:
                _record(run, {"flops_per_step": operations[0] * run.place.world}, log)
            _guard(progress, numbers, run)
            progress.step += 1
            counted += config.batch
            rate = counted / (time.perf_counter() - started)
            if numbers is not None:
                bar.set_postfix({**loggers.shown(numbers), "per_s": f"{rate:.0f}"}, refresh=False)
            bar.update()
            if progress.step == 1:
                bar.refresh()  # the first loss, without waiting for the bar's next state
            last = progress.step == config.steps
            if numbers is not None and (progress.step % config.log_every == 0 or last):
                _record(run, {**numbers, "samples_per_s": rate}, log)
                started, counted = time.perf_counter(), 0
            if progress.step % config.save_every == 0 or last or progress.step in config.keep_at:
                _checkpoint(run, log)
                started = time.perf_counter()
        if progress.stopped and progress.step < config.steps:
            _checkpoint(run, log)


def _guard(progress: Progress, numbers: dict[str, float] | None, run: Run) -> None:
    """Count consecutive steps without a finite loss; raise after too many."""
    if numbers is not None:
        progress.bad_steps = 0
        return
    progress.bad_steps += 1
    if run.place.is_first:
        tell(f"step {progress.step}: loss or gradient is not finite; step skipped")
    if progress.bad_steps >= MAX_BAD_STEPS:
        raise TrainingError(
            f"step {progress.step}: no finite loss in {MAX_BAD_STEPS} consecutive steps; "
            f"{run.config.out} keeps the last good checkpoint. Lower --lr (now {run.config.lr:g}) "
            "or check the data for NaN"
        )


def _record(run: Run, numbers: Mapping[str, float], log: Log) -> None:
    """Keep the numbers of this step, and log them in the first process."""
    step = run.progress.step
    run.progress.records.append({"step": step, **numbers})
    log(step, numbers)


def _evaluate(run: Run, log: Log) -> None:
    """Compute, record and print the job's metrics, in the first process."""
    if not (run.place.is_first or run.evaluates_together):
        return
    numbers = run.evaluate()
    if numbers and run.place.is_first:
        _record(run, numbers, log)
        said = ", ".join(f"{name} {value:.4f}" for name, value in numbers.items())
        tell(f"step {run.progress.step}: {said}")


def _checkpoint(run: Run, log: Log) -> None:
    _evaluate(run, log)
    run.save()
