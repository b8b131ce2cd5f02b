"""The config of distilling a network of gait from silhouettes."""

from __future__ import annotations

from dataclasses import dataclass

from edgehuman.distill.settings import DistilFlags
from edgehuman.tasks.silhouette.settings import GaitConfig


@dataclass(frozen=True, kw_only=True)
class DistilGait(DistilFlags, GaitConfig):
    """A small network of gait from silhouettes, taught by a larger one."""
