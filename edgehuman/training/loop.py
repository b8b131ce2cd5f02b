"""The training loop: every method and task runs through `train_steps`.

Batches, masks, dropout and augmentation depend on (seed, step, process) only, so a resumed run
equals an uninterrupted one bit for bit on a CPU. Under torchrun each process takes its share of
every step.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from edgehuman.card import Card
from edgehuman.errors import CheckpointError, TrainingError
from edgehuman.nets.checkpoint import load_into, require_fits
from edgehuman.progress import progress_bar, tell
from edgehuman.training import checkpoint, loggers
from edgehuman.training.buffers import Buffers
from edgehuman.training.operations import counting
from edgehuman.training.processes import Place, open_place
from edgehuman.training.schedule import names_at, rate_at, require_trunk, start_of
from edgehuman.training.settings import TrainingConfig, world_size
from edgehuman.training.stopping import StopSignals

MAX_BAD_STEPS = 10
ADAM_EPS = 1e-8
Parts = Mapping[str, Tensor]
Log = Callable[[int, Mapping[str, float]], None]


@dataclass(frozen=True)
class Job:
    """What `train_steps` trains.

    Attributes:
        model: forward(*batch) returns {"loss": scalar, other scalars to log}.
        batch: (step, process) -> the tensors of one process's batch, on the CPU.
        product: the part of `model` that is saved as the result.
        card: of the result.
        evaluate: called at every checkpoint with the product in eval mode; its metrics are logged.
        select_by: metric of `evaluate` that selects the checkpoint; None keeps the last.
        lr_scale: parameter name in `model` -> its learning-rate factor.
        decay_scale: parameter name in `model` -> its weight-decay factor.
        eps_scale: parameter name in `model` -> its factor of Adam's epsilon.
        saved: weights of the product -> those that are saved.
        evaluate_at_start: whether to call `evaluate` before the first step too.
        after_step: called with the number (from 0) of each step that changed the weights.
        idle_weights: whether a step may leave some weights without a gradient.
        name: label of the progress bar.
    """

    model: nn.Module
    batch: Callable[[int, Place], tuple[Tensor, ...]]
    product: nn.Module
    card: Card
    evaluate: Callable[[nn.Module], Mapping[str, float]] | None = None
    select_by: str | None = None
    lr_scale: Callable[[str], float] = lambda name: 1.0
    decay_scale: Callable[[str], float] = lambda name: 1.0
    eps_scale: Callable[[str], float] = lambda name: 1.0
    saved: Callable[[Mapping[str, Tensor]], Mapping[str, Tensor]] = lambda weights: weights
    evaluate_at_start: bool = False
    after_step: Callable[[int], None] = lambda step: None
    idle_weights: bool = False
    name: str = "train"


@dataclass
class Progress:
    """The progress of a training.

    Attributes:
        step: steps done.
        stopped: whether a signal stopped it before the last step.
        records: the lines of metrics.jsonl.
        bad_steps: consecutive steps skipped because loss or gradient was not finite.
        best: score, step and weights of the best checkpoint so far, if the job selects one.
    """

    step: int = 0
    stopped: bool = False
    records: list[dict[str, float]] = field(default_factory=list)
    bad_steps: int = 0
    best: dict[str, Any] | None = None


class _Run:
    """The state of a run (model, optimiser, average); steps, saves and resumes it."""

    def __init__(
        self, job: Job, config: TrainingConfig, place: Place, stop: StopSignals | None = None
    ) -> None:
        self.job, self.config, self.place = job, config, place
        self.stop = StopSignals(place.world) if stop is None else stop
        self.model = job.model.to(place.device).train()
        scales = (job.lr_scale, job.decay_scale, job.eps_scale)
        self.optimiser = make_optimiser(self.model, config, *scales)
        self.scaler = torch.amp.GradScaler(place.device.type, enabled=place.dtype == torch.float16)
        self.average = copy.deepcopy(job.product).requires_grad_(False) if config.ema else None
        self.parallel: nn.Module = self.model
        if place.world > 1:
            self.parallel = DistributedDataParallel(
                self.model, find_unused_parameters=job.idle_weights
            )
        self.progress = Progress()
        self.buffers = Buffers(self.model)

    def step(self) -> dict[str, float] | None:
        """Take one optimiser step; None if skipped because loss or gradient is not finite."""
        config, place, step = self.config, self.place, self.progress.step
        rate = rate_at(config, step)
        for group in self.optimiser.param_groups:
            group["lr"] = rate * group["lr_scale"]
        torch.manual_seed((config.seed * 1_000_003 + step) * place.world + place.rank)
        self.optimiser.zero_grad(set_to_none=True)
        batch = [tensor.to(place.device) for tensor in self.job.batch(step, place)]
        chunks = zip(*(tensor.chunk(config.accumulate) for tensor in batch), strict=True)
        total: dict[str, float] = {}
        for chunk in chunks:
            with place.autocast():
                parts: Parts = self.parallel(*chunk)
            self.scaler.scale(parts["loss"] / config.accumulate).backward()  # type: ignore[no-untyped-call]
            for name, value in parts.items():
                total[name] = total.get(name, 0.0) + float(value.detach()) / config.accumulate
        self.scaler.unscale_(self.optimiser)
        limit = config.clip_norm or math.inf
        norm = float(nn.utils.clip_grad_norm_(self.model.parameters(), limit))
        good = math.isfinite(total["loss"]) and math.isfinite(norm)
        # A float16 scaler skips an overflowing step itself and lowers its scale.
        if good or self.scaler.is_enabled():
            self.scaler.step(self.optimiser)
            self.scaler.update()
        if not good:
            self.buffers.put_back()
            return None
        self._update_average()
        self.job.after_step(step)
        self.buffers.keep()
        return {**total, "lr": rate, "grad_norm": norm}

    def _update_average(self) -> None:
        if self.average is None:
            return
        # Start as a plain mean, so that the random initial weights are soon forgotten.
        decay = min(self.config.ema, (1 + self.progress.step) / (10 + self.progress.step))
        with torch.no_grad():
            new = self.job.product.state_dict()
            for name, kept in self.average.state_dict().items():
                kept.lerp_(new[name], 1 - decay) if kept.is_floating_point() else kept.copy_(
                    new[name]
                )

    def asked_to_stop(self) -> bool:
        """Whether any process was asked to stop; the same in all processes."""
        self.progress.stopped = self.stop.agreed(self.place)
        return self.progress.stopped

    def evaluate(self) -> dict[str, float]:
        """Return the job's metrics on the weights that would be saved."""
        if self.job.evaluate is None:
            return {}
        product, step = self.result().eval(), self.progress.step
        with torch.inference_mode():
            numbers = dict(self.job.evaluate(product))
        checkpoint.require_finite_scores(self.config.out, step, numbers, self.job.select_by)
        self.model.train()
        self._keep_best(numbers, product)
        return numbers

    def _keep_best(self, numbers: Mapping[str, float], product: nn.Module) -> None:
        name, best = self.job.select_by, self.progress.best
        if name is not None and (best is None or numbers[name] > best["score"]):
            weights = {key: value.detach().clone() for key, value in product.state_dict().items()}
            step = self.progress.step
            self.progress.best = {"score": numbers[name], "step": step, "weights": weights}

    def result(self) -> nn.Module:
        """The module that is evaluated and saved: the moving average, if any."""
        return self.job.product if self.average is None else self.average

    def result_weights(self) -> Mapping[str, Tensor]:
        """The weights to save: the best so far if the job selects, else the last."""
        best = self.progress.best
        weights: Mapping[str, Tensor] = (
            self.result().state_dict() if best is None else best["weights"]
        )
        return weights

    def save(self) -> None:
        """Write the checkpoint, in the first process only."""
        if not self.place.is_first:
            return
        folder, step = self.config.out, self.progress.step
        weights = self.result_weights()
        for each in (self.model.state_dict(), weights):
            checkpoint.require_finite_training(folder, step, self.config.lr, each)
        state = {
            "step": step,
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "scaler": self.scaler.state_dict(),
            "average": None if self.average is None else self.average.state_dict(),
            "records": self.progress.records,
            "best": self.progress.best,
        }
        checkpoint.save_config(folder, self.config)
        for name in names_at(self.config, step):
            checkpoint.save_state(folder, state, name)
        checkpoint.save_weights(folder, self.job.saved(weights), self.job.card)
        checkpoint.save_metrics(folder, self.progress.records)

    def resume(self, start: Path) -> None:
        """Resume from a state, of this folder or of the trunk.

        Raises:
            CheckpointError: no state, damaged state, or state of another network or optimiser.
        """
        state = checkpoint.load_state(start.parent, start.name)
        where = str(start.parent)
        load_into(self.model, state["model"], where)
        self._resume_optimiser(state["optimiser"], start.parent)
        if state["scaler"]:  # empty: it was off
            self.scaler.load_state_dict(state["scaler"])
        if self.average is not None and state["average"] is not None:
            load_into(self.average, state["average"], where)
        if state["best"] is not None:
            require_fits(self.job.product, state["best"]["weights"], where)
        self.progress.step = state["step"]
        self.progress.records = state["records"]
        self.progress.best = state["best"]
        self.buffers.keep()

    def _resume_optimiser(self, state: dict[str, Any], folder: Path) -> None:
        """Load the optimiser's moments; keep the learning rates and decays of this config."""
        options = [{**group} for group in self.optimiser.param_groups]
        try:
            self.optimiser.load_state_dict(state)
        except ValueError as error:
            raise CheckpointError(
                f"{folder}: the optimiser's parameter groups differ ({error}); use the "
                "same --weight-decay and --optimiser as before"
            ) from error
        for group, own in zip(self.optimiser.param_groups, options, strict=True):
            group.update(own)
        checkpoint.require_moments(folder, self.optimiser)


def make_optimiser(
    model: nn.Module,
    config: TrainingConfig,
    lr_scale: Callable[[str], float] = lambda name: 1.0,
    decay_scale: Callable[[str], float] = lambda name: 1.0,
    eps_scale: Callable[[str], float] = lambda name: 1.0,
) -> torch.optim.Optimizer:
    """Build AdamW or Adam; weight decay applies to matrices only, not to biases and norms."""
    groups: dict[tuple[float, ...], dict[str, Any]] = {}
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        decays = parameter.ndim > 1 and config.optimiser == "adamw"
        decay = config.weight_decay * decay_scale(name) if decays else 0.0
        scale, eps = lr_scale(name), ADAM_EPS * eps_scale(name)
        own = {"lr_scale": scale, "weight_decay": decay, "eps": eps}
        groups.setdefault((*own.values(),), {"params": [], **own})["params"].append(parameter)
    kind = torch.optim.AdamW if config.optimiser == "adamw" else torch.optim.Adam
    return kind(list(groups.values()), lr=config.lr, betas=(0.9, config.beta2))


def require_ready(config: TrainingConfig) -> None:
    """Check, before anything is read, that a training can write to --out and to its loggers.

    Raises:
        UsageError, CheckpointError: see `checkpoint.require_out`.
        UsageError, MissingDependencyError: see `loggers.makers`.
    """
    checkpoint.require_out(config.out, config.resume)
    require_trunk(config, filled=False)
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
        CheckpointError: nothing to resume from, another network, or the disk is full.
    """
    require_ready(config)
    require_trunk(config)
    # Signals are caught before the processes find each other: one that ends early leaves the
    # others to wait.
    with (
        checkpoint.writing_alone(config.out),
        StopSignals(world_size()) as stop,
        open_place(config) as place,
    ):
        checkpoint.require_out(config.out, config.resume)  # another one may have ended since
        return _train(job, config, place, stop)


def _train(job: Job, config: TrainingConfig, place: Place, stop: StopSignals) -> Progress:
    """Run the training; its parallel module is freed before the process group is destroyed."""
    run = _Run(job, config, place, stop)
    if (start := start_of(config)) is not None:
        run.resume(start)
    if not place.is_first:
        _loop(run, lambda step, metrics: None)
        return run.progress
    if config.resume and (said := checkpoint.resumed_in_words(config, run.progress.step)):
        tell(said)
    checkpoint.begin_metrics(config.out, run.progress.records)
    with loggers.opened(config) as log:
        _loop(run, log)
    return run.progress


def _loop(run: _Run, log: Log) -> None:
    config, progress, first = run.config, run.progress, run.place.is_first
    bar = progress_bar(
        total=config.steps, initial=progress.step, desc=run.job.name, disable=not first, unit="step"
    )
    with bar:
        if progress.step == 0 and run.job.evaluate_at_start and first:
            _evaluate(run, log)
        started, counted = time.perf_counter(), 0
        while not run.asked_to_stop() and progress.step < config.steps:
            with counting(config.flops and progress.step == 0) as operations:
                numbers = run.step()
            if operations:
                _record(run, {"flops_per_step": operations[0] * run.place.world}, log)
            _guard(progress, numbers, run)
            progress.step += 1
            counted += config.batch * run.place.world
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


def _guard(progress: Progress, numbers: dict[str, float] | None, run: _Run) -> None:
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


def _record(run: _Run, numbers: Mapping[str, float], log: Log) -> None:
    """Keep the numbers of this step, and log them in the first process."""
    step = run.progress.step
    run.progress.records.append({"step": step, **numbers})
    log(step, numbers)


def _evaluate(run: _Run, log: Log) -> None:
    """Compute, record and print the job's metrics."""
    numbers = run.evaluate()
    if numbers:
        _record(run, numbers, log)
        said = ", ".join(f"{name} {value:.4f}" for name, value in numbers.items())
        tell(f"step {run.progress.step}: {said}")


def _checkpoint(run: _Run, log: Log) -> None:
    if run.place.is_first:
        _evaluate(run, log)
    run.save()
