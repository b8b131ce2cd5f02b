"""A training's state: what it trains, how far it is, and how it takes a step, saves and resumes."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from edgehuman.card import Card
from edgehuman.nets.checkpoint import load_into, require_fits
from edgehuman.nets.draws import share
from edgehuman.training import checkpoint
from edgehuman.training.many.parallel import (
    alike,
    in_parallel,
    mean_of_all,
    parts_of,
    without_exchange,
)
from edgehuman.training.optimiser import follow, load_moments, make_optimiser
from edgehuman.training.processes import Place
from edgehuman.training.schedule import rate_at
from edgehuman.training.settings import TrainingConfig
from edgehuman.training.stopping import StopSignals

Parts = Mapping[str, Tensor]
# Batch normalisation changes its buffers without counting it; a queue of millions of values is
# copied only where PyTorch counted a change.
_SMALL = 1 << 16


@dataclass
class _Kept:
    """A buffer, its copy, and the number of changes that the copy has."""

    buffer: Tensor
    copy: Tensor
    version: int

    def differs(self) -> bool:
        return self.buffer.numel() <= _SMALL or self.version != self.buffer._version


class Buffers:
    """Undoes what a skipped step did to the buffers of a network: its batch may have held NaN."""

    def __init__(self, model: nn.Module) -> None:
        self._kept = [_Kept(each, each.clone(), each._version) for each in model.buffers()]

    def keep(self) -> None:
        """Copy the buffers that changed since."""
        for each in self._kept:
            if each.differs():
                each.copy.copy_(each.buffer)
                each.version = each.buffer._version

    def put_back(self) -> None:
        """Undo the changes since."""
        for each in self._kept:
            if each.differs():
                each.buffer.copy_(each.copy)
                each.version = each.buffer._version


@dataclass(frozen=True)
class Job:
    """What `train_steps` trains.

    Attributes:
        model: forward(*batch) returns {"loss": scalar, other scalars to log}.
        batch: (step, process) -> the tensors of that process's share of the batch, on the CPU; each
            has a row for each sample.
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


class Run:
    """The state of a run (model, optimiser, average); steps, saves and resumes it."""

    evaluates_together = False  # whether all processes must take part in an evaluation

    def __init__(
        self, job: Job, config: TrainingConfig, place: Place, stop: StopSignals | None = None
    ) -> None:
        self.job, self.config, self.place = job, config, place
        self.stop = StopSignals(place.world) if stop is None else stop
        self.model = job.model.to(place.device).train()
        self.share_out()
        scales = (job.lr_scale, job.decay_scale, job.eps_scale)
        self.optimiser = make_optimiser(self.model, config, *scales)
        self.scaler = torch.amp.GradScaler(place.device.type, enabled=place.dtype == torch.float16)
        self.average = copy.deepcopy(job.product).requires_grad_(False) if config.ema else None
        self.parts = parts_of(config.accumulate, place.world)
        self.parallel = in_parallel(self.model, place, job.idle_weights, self.parts)
        self.progress = Progress()
        self.buffers = Buffers(self.model)

    def share_out(self) -> None:
        """Leave each process its part of the weights; here it has all."""

    def clipped(self) -> float:
        """Clip the gradients; return their norm before that."""
        limit = self.config.clip_norm or math.inf
        return float(nn.utils.clip_grad_norm_(self.model.parameters(), limit))

    def step(self) -> dict[str, float] | None:
        """Take one optimiser step; None if skipped because loss or gradient is not finite."""
        config, place, step = self.config, self.place, self.progress.step
        rate = rate_at(config, step)
        for group in self.optimiser.param_groups:
            group["lr"] = rate * group["lr_scale"]
        torch.manual_seed(config.seed * 1_000_003 + step)
        self.optimiser.zero_grad(set_to_none=True)
        batch = [tensor.to(place.device) for tensor in self.job.batch(step, place)]
        total = self._gradients(batch, config.seed * 1_000_003 + step)
        self.scaler.unscale_(self.optimiser)
        norm = self.clipped()
        good = math.isfinite(total["loss"]) and math.isfinite(norm)
        # A float16 scaler skips an overflowing step itself and lowers its scale.
        if good or self.scaler.is_enabled():
            self.scaler.step(self.optimiser)
            self.scaler.update()
        if not good:
            self.buffers.put_back()
            return None
        if self.average is not None:
            follow(self.average, self.job.product, config.ema, step)
        self.job.after_step(step)
        self.buffers.keep()
        return {**total, "lr": rate, "grad_norm": norm}

    def _gradients(self, batch: Sequence[Tensor], seed: int) -> dict[str, float]:
        """Compute the gradients of a step, part by part; return its losses, of all processes."""
        place, own, total = self.place, len(batch[0]), dict[str, float]()
        first = place.rank * own
        parted = zip(*(tensor.chunk(self.parts) for tensor in batch), strict=True)
        for number, part in enumerate(parted):
            if number:
                torch.manual_seed(seed)  # every part draws for the whole batch
            rows = share(first, len(part[0]), own * place.world)
            more = number < self.parts - 1
            with rows, without_exchange(self.parallel, more), alike(self.model):
                with place.autocast():
                    losses: Parts = self.parallel(*part)
                self.scaler.scale(losses["loss"] / self.parts).backward()  # type: ignore[no-untyped-call]
            first += len(part[0])
            for name, value in losses.items():
                total[name] = total.get(name, 0.0) + float(value.detach()) / self.parts
        return mean_of_all(total, place.device)

    def asked_to_stop(self) -> bool:
        """Whether any process was asked to stop; the same in all processes."""
        self.progress.stopped = self.stop.agreed(self.place)
        return self.progress.stopped

    def judging(self) -> AbstractContextManager[Any]:
        """The context of an evaluation."""
        return torch.inference_mode()

    def evaluate(self) -> dict[str, float]:
        """Return the job's metrics on the weights that would be saved."""
        if self.job.evaluate is None:
            return {}
        product, step = self.result().eval(), self.progress.step
        with self.judging():
            numbers = dict(self.job.evaluate(product))
        checkpoint.require_finite_scores(self.config.out, step, numbers, self.job.select_by)
        self.model.train()
        self._keep_best(numbers, product)
        return numbers

    def _keep_best(self, numbers: Mapping[str, float], product: nn.Module) -> None:
        name, best = self.job.select_by, self.progress.best
        if name is not None and (best is None or numbers[name] > best["score"]):
            weights = {key: value.detach().clone() for key, value in product.state_dict().items()}
            best = {"score": numbers[name], "step": self.progress.step, "weights": weights}
            self.progress.best = best

    def result(self) -> nn.Module:
        """The module that is evaluated and saved: the moving average, if any."""
        return self.job.product if self.average is None else self.average

    def result_weights(self) -> Mapping[str, Tensor]:
        """The weights to save: the best so far if the job selects, else the last."""
        best = self.progress.best
        held: Mapping[str, Tensor] = self.result().state_dict() if best is None else best["weights"]
        return held

    def save(self) -> None:
        """Write the checkpoint, in the first process only."""
        if not self.place.is_first:
            return
        state = {
            "step": self.progress.step,
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "scaler": self.scaler.state_dict(),
            "average": None if self.average is None else self.average.state_dict(),
            "records": self.progress.records,
            "best": self.progress.best,
        }
        weights = self.job.saved(self.result_weights())
        checkpoint.save_all(self.config, state, weights, self.job.card)

    def resume(self, start: Path) -> None:
        """Resume from a state, of this folder or of the trunk.

        Raises:
            CheckpointError: no state, damaged state, or state of another network or optimiser.
        """
        state = checkpoint.load_state(start.parent, start.name)
        where = str(start.parent)
        load_into(self.model, state["model"], where)
        load_moments(self.optimiser, state["optimiser"], start.parent)
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
