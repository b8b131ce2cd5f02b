"""The config of distilling a network of wearable windows."""

from __future__ import annotations

from dataclasses import dataclass

from edgehuman.config import require
from edgehuman.distill.settings import DistilFlags
from edgehuman.tasks.imu.settings import ActivityConfig


@dataclass(frozen=True, kw_only=True)
class DistilActivity(DistilFlags, ActivityConfig):
    """A small network of wearable windows, taught by a larger one."""

    def __post_init__(self) -> None:
        DistilFlags.__post_init__(self)
        require(self, [(self.mode == "finetune", "mode", "finetune")])
