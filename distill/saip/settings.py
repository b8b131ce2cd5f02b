"""The config of scale-aware pretraining with an expert whose answers are kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgehuman.config import require
from edgehuman.pretrain.saip.settings import SaipConfig


@dataclass(frozen=True, kw_only=True)
class DistilSaipConfig(SaipConfig):
    """Scale-aware pretraining of a person-image network."""

    targets: Path | None = None
    """Folder in which the expert's answers for matching are kept, for any student; none: the expert
    is asked in each step."""
    draws: int = 8
    """With --targets: draws of views of each image, the same for every student; without, each
    step has its own."""

    def __post_init__(self) -> None:
        super().__post_init__()
        rules = (
            (
                self.targets is None or self.teacher is not None,
                "targets",
                "omitted without --teacher, because only a fixed expert's answers can be kept",
            ),
            (
                self.targets is None or self.csm > 0,
                "targets",
                "omitted with csm 0, whose answers alone are kept",
            ),
            (self.draws >= 1, "draws", "at least 1"),
            (
                self.targets is not None or self.draws == type(self).draws,
                "draws",
                f"{type(self).draws} without --targets",
            ),
        )
        require(self, rules)

    def _name(self) -> str:
        return super()._name().removeprefix("distil")
