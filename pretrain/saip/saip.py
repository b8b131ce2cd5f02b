"""Scale-aware image pretraining: cross-scale matching, reconstruction and search.

Source: Scale-Aware Pre-Training for Human-Centric Visual Perception (arXiv 2503.08201). A student
gets crops of one person at many scales; an expert, its moving average, provides the targets. Three
objectives are summed, each with a weight that may be 0:

    csm  all views agree with the expert's two large ones            matching.py
    csr  a masked view is predicted from the anchor's patch tokens   reconstruction.py
    css  the query person is found in an image of several            search.py

Differences between paper and released code: docs/decisions/0008-saip-paper-and-code.md.

    edgehuman pretrain --arch tinyvit_5m --data photos --out runs/saip

Axes: N persons, V views of one person, D width, C colour, H height, W width.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from edgehuman import catalogue
from edgehuman.card import Card, OutputSpec, TrainingData, image_input
from edgehuman.catalogue import IN_MEMORY, SIMULATED
from edgehuman.data.image.unlabelled.arrays import ArrayImages
from edgehuman.errors import UsageError
from edgehuman.nets import draws
from edgehuman.nets.building import build, size_of
from edgehuman.nets.image.features import Features, ImageBackbone
from edgehuman.outcome import Outcome
from edgehuman.pretrain.saip.expert import (
    as_backbone,
    averaged,
    expert_momentum,
    follow,
    load_expert,
    starting_momentum,
    with_expert,
)
from edgehuman.pretrain.saip.matching import (
    Alignment,
    Matching,
    caught_relations,
    has_relations,
    relation_loss,
)
from edgehuman.pretrain.saip.reconstruction import Reconstruction
from edgehuman.pretrain.saip.search import Search
from edgehuman.pretrain.saip.settings import SaipConfig
from edgehuman.pretrain.saip.source import PersonViews, Told, require_enough
from edgehuman.pretrain.saip.views import (
    by_view,
    draw_size,
    resize,
    scaled_sizes,
    still_statistics,
    stream,
)
from edgehuman.records import Uint8
from edgehuman.training.ledger import commit, versions
from edgehuman.training.loop import require_ready, train_steps
from edgehuman.training.run import Job, Progress
from edgehuman.training.settings import tell_first

__all__ = ["Saip", "SaipConfig", "train"]

OBJECTIVES = ("csm", "csr", "css", "relation")


class Saip(nn.Module):
    """Student, expert and the three objectives.

    Args:
        student: the network to pretrain.
        config: objectives and hyperparameters.
        given: a pretrained expert; None: the student's moving average.
    """

    expert: nn.Module

    def __init__(
        self, student: nn.Module, config: SaipConfig, given: nn.Module | None = None
    ) -> None:
        super().__init__()
        self.config, self.given = config, given is not None
        self.student = student
        if given is None:
            self.expert = averaged(student)
        else:
            # Not a submodule: a given expert is neither trained nor saved.
            object.__setattr__(self, "expert", given)
        usual = starting_momentum(config.batch, config.steps)
        self.start = usual if config.momentum is None else config.momentum
        self.relate = config.relation > 0
        self.sizes = self._sizes(as_backbone(student))
        shape = (config.decoder_width, config.decoder_depth)
        self.matching: Matching | Alignment | None = None
        self.reconstruction: Reconstruction | None = None
        self.search: Search | None = None
        if config.csm:
            with self._stream(config.seed, "csm"):
                self.matching = self._matching()
        if config.csr:
            with self._stream(config.seed, "csr"):
                self.reconstruction = Reconstruction(
                    self._masker(),
                    as_backbone(student),
                    self._sizes(self._masker()),
                    config.mask_ratio,
                    shape,
                    config.csr_anchor,
                )
        if config.css:
            with self._stream(config.seed, "css"):
                self.search = Search(
                    as_backbone(student).middle_width,
                    as_backbone(self.expert).middle_width,
                    shape,
                    (config.height, 2 * config.width),
                    config.persons,
                    config.blend,
                    config.css_loss,
                )

    def _matching(self) -> Matching | Alignment:
        config, width = self.config, as_backbone(self.student).width
        if self.given:
            return Alignment(width, config.head_width, as_backbone(self.expert).width)
        return Matching(
            width,
            config.head_width,
            config.prototypes,
            (config.student_temp, config.teacher_temp),
            config.centre_momentum,
            config.centring,
        )

    def _masker(self) -> ImageBackbone:
        """The network that encodes the masked view."""
        is_expert = self.config.csr_encoder == "expert"
        return as_backbone(self.expert if is_expert else self.student)

    def _sizes(self, network: ImageBackbone) -> list[tuple[int, int]]:
        config = self.config
        scales = (config.scale_low, config.scale_high)
        return scaled_sizes(config.height, config.width, *scales, network.stride)

    def _stream(self, seed: int, name: str) -> AbstractContextManager[None]:
        return stream(seed, name, next(self.student.parameters()).device)

    def _apply(self, fn: Any, recurse: bool = True) -> Saip:
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        if self.given:
            self.expert._apply(fn, recurse)  # type: ignore[no-untyped-call]
        return self

    def forward(
        self, global_NVHWC: Tensor, local_NVHWC: Tensor, told_NTD: Tensor | None = None
    ) -> dict[str, Tensor]:
        """Return the losses and their sum for two large and some small uint8 views per person, and
        for a given expert's tokens of the large ones, where they are kept.

        Each part has its own random stream, so that turning one off does not change the others.
        """
        config, student = self.config, as_backbone(self.student)
        seed, persons = int(torch.randint(2**62, ())), global_NVHWC.shape[0]
        image_NHWC = by_view(global_NVHWC)
        x_NCHW = student.normalise(image_NHWC)
        expert_x_NCHW = as_backbone(self.expert).normalise(image_NHWC) if self.given else x_NCHW
        parts: dict[str, Tensor] = {}
        with (
            self._stream(seed, "global"),
            draws.copies(2),
            caught_relations(self.student, self.relate) as own,
        ):
            both = student.features(x_NCHW)
        anchor = Features(*(part[:persons] for part in both))
        if self.matching or self.search:
            with self._stream(seed, "scaled"), still_statistics(self.student):
                scaled = student.features(resize(x_NCHW[:persons], draw_size(self.sizes)))
        if self.matching:
            tokens = [both.token_ND, scaled.token_ND, *self._local_tokens(local_NVHWC, seed)]
            student_VND = torch.cat(tokens).view(-1, persons, tokens[0].shape[1])
            if told_NTD is None:
                with torch.no_grad(), caught_relations(self.expert, self.relate) as told:
                    expert_TND = self._expert_tokens(expert_x_NCHW)
            else:
                expert_TND = told_NTD.transpose(0, 1)
            parts["csm"] = self.matching(student_VND, expert_TND)
            if self.relate:
                parts["relation"] = relation_loss(own[0], told[0])
        if self.reconstruction:
            second_NCHW = (x_NCHW if config.csr_encoder == "student" else expert_x_NCHW)[persons:]
            with self._stream(seed, "csr"), still_statistics(self.student):
                parts["csr"] = self.reconstruction(self._masker(), second_NCHW, anchor)
        if self.search:
            asking = [anchor.middle_NEHW, scaled.middle_NEHW]
            with self._stream(seed, "css"):
                parts["css"] = self.search(
                    asking, as_backbone(self.expert), expert_x_NCHW[persons:]
                )
        weighted = [getattr(config, name) * value for name, value in parts.items()]
        if isinstance(self.matching, Matching):
            parts["csm_kl"] = self.matching.divergence
        return {"loss": torch.stack(weighted).sum(), **parts}

    def _expert_tokens(self, x_NCHW: Tensor) -> Tensor:
        """The expert's tokens (2, N, D) of both large views of N persons, first views first."""
        with draws.copies(2):
            token_ND: Tensor = as_backbone(self.expert).backbone(x_NCHW)[0]
        return token_ND.view(2, len(token_ND) // 2, -1)

    def answer(self, global_NVHWC: Tensor) -> Tensor:
        """Return the expert's tokens (N, 2, D) of two large uint8 views per person, to be kept."""
        image_NHWC = by_view(global_NVHWC)
        return self._expert_tokens(as_backbone(self.expert).normalise(image_NHWC)).transpose(0, 1)

    @property
    def asks_expert(self) -> list[str]:
        """The objectives, beside matching, that run the expert in each step."""
        masks = self.reconstruction is not None and self.config.csr_encoder == "expert"
        return [name for name, asks in (("csr", masks), ("css", self.search is not None)) if asks]

    def _local_tokens(self, local_NVHWC: Tensor, seed: int) -> list[Tensor]:
        if not local_NVHWC.shape[1]:
            return []
        student = as_backbone(self.student)
        with (
            self._stream(seed, "local"),
            draws.copies(local_NVHWC.shape[1]),
            still_statistics(self.student),
        ):
            return [student.backbone(student.normalise(by_view(local_NVHWC)))[0]]

    def train(self, mode: bool = True) -> Saip:
        """Set training mode, except for a given expert, whose statistics are fixed."""
        super().train(mode)
        if self.given:
            self.expert.eval()
        return self

    def advance(self, step: int) -> None:
        """Update expert and centre after step `step` of the whole run."""
        if isinstance(self.matching, Matching):
            self.matching.advance()
        if self.given:
            return
        momentum = expert_momentum(step, self.config.steps, self.start)
        follow(self.expert, self.student, momentum)
        if isinstance(self.matching, Matching):
            follow(self.matching.expert_head, self.matching.head, momentum)


def backbone_card(config: SaipConfig, student: nn.Module, data: tuple[TrainingData, ...]) -> Card:
    """Return the card of the pretrained student."""
    seen = image_input(config.height, config.width)
    params, flops = size_of(config.arch, student, seen)
    card = Card(
        name=f"{config.arch} pretrained by SAIP",
        task="embedding",
        arch=config.arch,
        params=params,
        flops=flops,
        input=seen,
        output=OutputSpec("embedding", distance="cosine", dim=as_backbone(student).width),
        data=data,
        recipe="saip",
        commit=commit(),
        versions=versions(),
    )
    return card if config.teacher is None else with_expert(card, config.teacher)


def make_model(config: SaipConfig) -> Saip:
    """Build student, expert and objectives, on the CPU.

    Raises:
        UsageError: not a person-image network, or one without attention for --relation.
        CheckpointError: the teacher's folder has no checkpoint.
    """
    catalogue.network_for(config.arch, "saip")
    student = build(config.arch, config.seed, image_size=(config.height, config.width))
    if config.relation and not has_relations(student):
        raise UsageError(
            f"--relation is {config.relation}, but {config.arch} has no attention between all "
            "patches; set it to 0 or use a ViT"
        )
    given = None if config.teacher is None else load_expert(config.teacher)
    # Channels last: convolutions and window attention then access memory sequentially.
    return Saip(student, config, given).to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


@dataclass(frozen=True)
class Keeping:
    """How a given expert's tokens are kept.

    Attributes:
        draws: how many draws of views each image has.
        keep: the model and the images -> what the expert says of these draws.
    """

    draws: int
    keep: Callable[[Saip, PersonViews], Told]


def train(
    config: SaipConfig, data: Sequence[Uint8] | None = None, keeping: Keeping | None = None
) -> Outcome:
    """Pretrain as `config` says; write the student's checkpoint to `config.out`.

    Args:
        data: images in memory, uint8 RGB (H, W, 3) each, in the place of `config.data`.
        keeping: of a given expert's tokens; None: it is asked in each step.

    Raises:
        UsageError, CheckpointError: see `make_model`; --dataset for simulated people, or --out
            cannot be used.
        DataError: too few images.
        TrainingError, CheckpointError: see `train_steps`.
    """
    require_ready(config)
    given = None if data is None else ArrayImages(data)
    if given is not None:
        config = dataclasses.replace(config, data=IN_MEMORY)
    if config.data == SIMULATED:
        said = "pretraining on simulated people (edgehuman's renderer), not on photographs"
        tell_first(said)
    model = make_model(config)
    source = PersonViews(
        config.data,
        config.views(),
        config.batch,
        config.workers,
        config.seed,
        given,
        on_bad=config.on_bad_shard,
        cache_gb=config.cache_gb,
        **({} if keeping is None else {"draws": keeping.draws}),
    )
    require_enough(source, config.data, config.batch // config.accumulate)
    if keeping is not None:
        source.told = keeping.keep(model, source)
    job = Job(
        model,
        source.tensors,
        model.student,
        backbone_card(config, model.student, (source.row(config.dataset),)),
        after_step=model.advance,
        # Without matching the student's token is unused, so its last stage gets no gradient.
        idle_weights=not config.csm,
        name=f"saip {config.arch}",
    )
    try:
        progress = train_steps(job, config)
    finally:
        source.close()
    return _outcome(config, progress, source)


def _outcome(config: SaipConfig, progress: Progress, source: PersonViews) -> Outcome:
    last = progress.records[-1] if progress.records else {}
    losses = {name: last[name] for name in ("loss", *OBJECTIVES) if name in last}
    data = {
        "out": str(config.out),
        "arch": config.arch,
        "steps": progress.step,
        "finished": progress.step >= config.steps,
        "trunk": config.trunk_name,
        **losses,
        "images": len(source.images),
        "corrupt": source.num_corrupt,
        "skipped_shards": source.skipped,
        "simulated": source.simulated,
    }
    text = f"{config.out}: {config.arch}, {progress.step} steps, {data['images']} images"
    text += "".join(f", {name} {value:.4f}" for name, value in losses.items() if name != "loss")
    if source.num_corrupt:
        text += f"; left out {source.num_corrupt} unreadable images"
    if source.skipped:
        listed = ", ".join([*source.skipped][:5])
        text += f"; LEFT OUT {len(source.skipped)} shards: {listed}"
    if progress.stopped:
        text += "; stopped early, continue with --resume"
    return Outcome(data, text, exit_code=1 if progress.stopped else 0)
