"""SAIP with a given expert (SAIP*), whose answers for matching may be kept for every student.

    edgehuman pretrain --teacher runs/expert --targets runs/targets --csr-encoder student --css 0

Matching asks the expert for its tokens of both large views of a person. With `--targets` each image
has a number of fixed draws of its views instead of a new one in every step, and what the expert
says of each is kept as a teacher's answers are (`targets/cache.py`). The other two objectives
cannot be kept so: the expert of reconstruction encodes a view with the mask token in it, which is
learned and different in each step; that of search encodes a picture that is pasted together from
whoever is in the batch.

Axes: N persons, D width of a token.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray

from edgehuman.distill.kinds import EMBEDDING
from edgehuman.distill.saip.settings import DistilSaipConfig
from edgehuman.distill.targets.cache import keep_targets
from edgehuman.distill.teachers.trained import OfCard
from edgehuman.distill.views import digest_of
from edgehuman.export.graph.trace import weights_sha256
from edgehuman.nets.checkpoint import read_card
from edgehuman.outcome import Outcome
from edgehuman.pretrain.saip import saip
from edgehuman.pretrain.saip.saip import Keeping, Saip
from edgehuman.pretrain.saip.settings import SaipConfig
from edgehuman.pretrain.saip.source import PersonViews, Told
from edgehuman.records import Float32, Index, Uint8
from edgehuman.training.settings import tell_first

_PERSONS = 16  # in one forward of the expert


def train(config: SaipConfig, data: Sequence[Uint8] | None = None) -> Outcome:
    """Run `edgehuman pretrain --method saip`; write the student's checkpoint to `config.out`.

    Args:
        data: images in memory, uint8 RGB (H, W, 3) each, in the place of `config.data`.

    Raises:
        UsageError, CheckpointError, DataError, TrainingError: see `pretrain.saip.saip.train`.
        DataError: kept targets of another expert, set, seed or size; an image that cannot be read.
    """
    if not isinstance(config, DistilSaipConfig) or config.targets is None:
        return saip.train(config, data)
    return saip.train(config, data, Keeping(config.draws, partial(_kept, config)))


class Expert(OfCard):
    """A given expert as a teacher: its tokens of both large views of a person, as matching asks.

    Args:
        model: holds the expert.
        half: whether it runs in bfloat16.
    """

    def __init__(self, folder: Path, model: Saip, half: bool) -> None:
        super().__init__(str(folder), read_card(folder))
        self.digest = hashlib.sha256(f"saip {weights_sha256(model.expert)}".encode()).hexdigest()
        self._model, self._half = model, half
        self._device = next(model.expert.parameters()).device
        self.precision = f"bf16 on {self._device.type}" if half else "fp32"

    def answer(self, record_N: NDArray[np.uint8]) -> dict[str, Float32]:
        """Return {"embedding": (N, 2, D)} for large views (N, 2, H, W, 3)."""
        with (
            torch.inference_mode(),
            torch.autocast(self._device.type, torch.bfloat16, enabled=self._half),
        ):
            token_NTD = self._model.answer(torch.from_numpy(record_N).to(self._device))
        return {EMBEDDING: token_NTD.float().cpu().numpy()}


def _kept(config: DistilSaipConfig, model: Saip, source: PersonViews) -> Told:
    """The expert's answers to all draws of all images, computed where the folder lacks them."""
    if model.asks_expert:
        tell_first(
            f"the expert is still run in each step for {' and '.join(model.asks_expert)}, whose "
            "inputs cannot be kept; --csr-encoder student --css 0 leave it out"
        )
    if config.device != "cpu" and torch.cuda.is_available():
        model.expert.to("cuda")
    expert = Expert(cast(Path, config.teacher), model, config.autocast == "bf16")
    images = source.images
    targets = keep_targets(
        cast(Path, config.targets),
        expert,
        [images.name(index) for index in range(len(images))],
        config.draws,
        source.large,
        digest_of(source.large, len(images), together=False),
        view_seed=config.seed,
        kinds=[EMBEDDING],
        batch=_PERSONS,
    )

    def told(index_N: Index, number_N: Index) -> Float32:
        found = np.empty((len(index_N), *targets.shapes[EMBEDDING]), np.float32)
        for number in np.unique(number_N).tolist():
            here_N = number_N == number
            found[here_N] = targets.rows(index_N[here_N], number)[EMBEDDING]
        return found

    return told
