"""Two gait models in one run (`--fuse`): opened, each with its gallery, and what names people by
both.

    two = open_two(model, other, (gallery, other_gallery), leads="outlines")
    two.namer("door.mp4", hop_s=None)
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from edgehuman.errors import ArtefactError
from edgehuman.runtime.gait.bodies import Bodies
from edgehuman.runtime.gait.fused import Fused
from edgehuman.runtime.gait.outlines import Outlines
from edgehuman.runtime.gait.walkers import Wanted
from edgehuman.runtime.gallery import Gallery, require_same_model, threshold_for
from edgehuman.runtime.gallery.fusion import Pair, fusion_for, one_sided
from edgehuman.runtime.model import Model
from edgehuman.runtime.silhouette.answer import require_silhouettes
from edgehuman.runtime.skeleton.answer import require_gait

_log = logging.getLogger("edgehuman.runtime")


@dataclass(frozen=True, slots=True)
class Two:
    """Attributes:
    models, galleries: of joints and of outlines.
    pair: both galleries together.
    notify: called once for each problem.
    """

    models: tuple[Model, Model]
    galleries: tuple[Gallery, Gallery]
    pair: Pair
    notify: Callable[[str], object]

    def namer(self, source: str, hop_s: float | None = None, on_the_spot: bool = False) -> Fused:
        """What names the people of one source.

        Raises:
            UsageError: a hop out of range.
        """
        (bones, masks), (joints, outlines) = self.models, self.galleries
        words: dict[str, Any] = {"notify": self.notify, "on_the_spot": on_the_spot}
        return Fused(
            Bodies(bones, source, joints, hop_s, None, **words),
            Outlines(masks, source, outlines, hop_s, None, **words),
            self.pair,
        )

    def report(self) -> dict[str, Any]:
        """How the scores become one, for a summary."""
        joints, outlines = self.galleries
        fusion = self.pair.fusion
        return {
            "joints": {"model": self.models[0].name, "gallery": joints.people()},
            "outlines": {"model": self.models[1].name, "gallery": outlines.people()},
            "in_both": len({*joints.person_G} & {*outlines.person_G}),
            "share_of_joints": None if fusion is None else fusion.share,
            "threshold": None if fusion is None else fusion.threshold.score,
        }


def open_two(
    wanted: Wanted,
    models: tuple[Model, Model],
    galleries: tuple[Gallery, Gallery],
    threshold: float | None = None,
    notify: Callable[[str], object] = _log.warning,
) -> Two:
    """Two models of the same people.

    Args:
        wanted: what the first of both reads; where it is not known how both scores become one, the
            first decides.
        galleries: as the models know people, in their order.
        threshold: of both scores together; None: calibrated.

    Raises:
        ArtefactError: not one model of joints and one of outlines, or the gallery of another model.
        UsageError: a threshold outside -1 to 1, or one of scores that cannot be fused.
    """
    if wanted == "outlines":
        models, galleries = (models[1], models[0]), (galleries[1], galleries[0])
    try:
        require_gait(models[0])
        require_silhouettes(models[1])
    except ArtefactError as error:
        raise ArtefactError(f"a model of joints and one of outlines are fused; {error}") from None
    spaces = [each.card.gallery_space for each in models]
    if [each.weights_sha256 for each in galleries] == spaces[::-1]:
        raise ArtefactError(
            "the two galleries are swapped: each goes with the model that made it, --gallery with "
            "the one that is named first and --fuse-gallery with --fuse"
        )
    for model, gallery in zip(models, galleries, strict=True):
        require_same_model(gallery, model.card)
    thresholds = (
        threshold_for(models[0].card, None, galleries[0]),
        threshold_for(models[1].card, None, galleries[1]),
    )
    fusion = fusion_for(galleries, threshold, notify)
    if fusion is None:
        notify(
            f"it is not known how the scores of {models[0].card.name} and {models[1].card.name} "
            f"become one: {wanted} alone decide where both are seen. Run `edgehuman gallery "
            "threshold --fuse-gallery` on both galleries with --apply"
        )
    if said := one_sided(galleries):
        notify(said)
    pair = Pair(galleries, thresholds, fusion, leads=int(wanted == "outlines"))
    return Two(models, galleries, pair, notify)
