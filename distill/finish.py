"""The last part of a distillation: quantisation-aware training of the student, taught by itself.

    folder = trained_in_int8(config, student, card, views)      OUT/qat, which the export reads

The teacher is the float student: what INT8 must keep is what it says. The records are the views
that it learned from.

Axes: N records of a batch.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from edgehuman.card import Card
from edgehuman.distill.kinds import KIND_OF
from edgehuman.distill.objectives.weighted import TOTAL, Weighted, build_objectives
from edgehuman.distill.qat.handover import save_handover
from edgehuman.distill.qat.oscillation import Oscillation
from edgehuman.distill.qat.quantised import Quantised, decay_scale, lr_scale, prepare
from edgehuman.distill.settings import DistilFlags
from edgehuman.distill.views import Views
from edgehuman.errors import CheckpointError
from edgehuman.export.graph.learnt import STUDENT
from edgehuman.export.graph.trace import weights_sha256
from edgehuman.files import write_whole
from edgehuman.progress import tell
from edgehuman.tasks.finetune import answer_of
from edgehuman.training.checkpoint import STATE
from edgehuman.training.loop import train_steps
from edgehuman.training.processes import Place
from edgehuman.training.run import Job
from edgehuman.training.settings import TrainingConfig

QAT = "qat"
_CALIBRATING = 512
# The student's output alone is compared: its inner layers are those of the network that is rounded.
_OBJECTIVE_OF = {
    "classes": "kd",
    "attributes": "bce",
    "embedding": "features",
    "segmentation": "pixel",
    "heatmaps": "heatmaps",
}


class SelfTaught(nn.Module):
    """A rounded network that follows itself in float.

    Args:
        rounded: learns.
        network: the same network in float; it stays as it is.
        kind: of its output.
    """

    def __init__(
        self, rounded: Quantised, network: nn.Module, kind: str, objectives: Weighted
    ) -> None:
        super().__init__()
        self.rounded, self.objectives, self.kind = rounded, objectives, kind
        self._network = (network.eval().requires_grad_(False),)  # not part of what is trained

    def forward(self, record_N: Tensor) -> dict[str, Tensor]:
        """Return {"loss", and each objective} of raw records (N, ...)."""
        (network,) = self._network
        with torch.no_grad():
            said = network.to(record_N.device)(record_N)
        found = self.objectives({self.kind: self.rounded(record_N)}, {self.kind: said})
        loss = found.pop(TOTAL)
        return {"loss": loss, **{name: value.detach() for name, value in found.items()}}


def trained_in_int8(
    config: DistilFlags, student: nn.Module, card: Card, views: Views
) -> Path | None:
    """Train the student under the rounding of its INT8 file; return the folder of the checkpoint,
    or None if a signal stopped the training.

    Raises:
        DataError, CheckpointError, ArtefactError, TrainingError: see `prepare` and `train_steps`.
    """
    folder = config.out / QAT
    resume = _began(folder, student)
    spread = np.unique(np.linspace(0, len(views) - 1, _CALIBRATING).astype(np.int64))
    rounded = prepare(student, card, config.qat_layout, views.records(spread, 0))
    for remark in rounded.remarks:
        tell(remark)
    kind = KIND_OF[card.output.kind]
    shape = answer_of(student)(views.records(spread[:1], 0)).shape[1:]
    objectives = build_objectives(
        (_OBJECTIVE_OF[card.output.kind],), {kind: shape}, {kind: shape}, config.seed
    )

    def batch(step: int, place: Place) -> tuple[Tensor, ...]:
        index_B = views.samples.indices(step, place)
        return (views.batch(index_B, views.of_step(step, config.batch))[0],)

    job = Job(
        model=SelfTaught(rounded, student, kind, objectives),
        batch=batch,
        product=rounded.network,
        card=card,
        lr_scale=lr_scale,
        decay_scale=decay_scale,
        after_step=Oscillation(rounded, config.qat_steps).after_step,
        idle_weights=True,  # heads of pretraining
        name=f"QAT {card.arch}",
    )
    settings = TrainingConfig(
        out=folder,
        steps=config.qat_steps,
        batch=config.batch,
        lr=config.qat_lr,
        min_lr=min(1e-6, config.qat_lr),
        weight_decay=0.0,
        autocast=config.autocast,
        device=config.device,
        threads=config.threads,
        seed=config.seed,
        log_every=config.log_every,
        save_every=config.save_every,
        resume=resume,
    )
    if train_steps(job, settings).stopped:
        return None
    recipe = f"{card.recipe}, {config.qat_steps} steps of quantisation-aware training"
    # What was enrolled with the float student is found with the rounded one.
    space = card.space or weights_sha256(student)
    save_handover(folder, rounded, card.replace(recipe=recipe, space=space))
    return folder


def _began(folder: Path, student: nn.Module) -> bool:
    """Whether a training of this student was begun in a folder. That of another student, which was
    trained further since, is removed: its steps would not be this one's.

    Raises:
        CheckpointError: the folder cannot be written to.
    """
    digest, note = weights_sha256(student).encode(), folder / STUDENT
    if note.is_file() and note.read_bytes() == digest:
        return (folder / STATE).is_file()
    shutil.rmtree(folder, ignore_errors=True)
    write_whole(note, digest, CheckpointError)
    return False
