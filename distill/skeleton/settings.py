"""The config of distilling a network of gait from skeletons."""

from __future__ import annotations

from dataclasses import dataclass

from edgehuman.distill.settings import DistilFlags
from edgehuman.tasks.skeleton.settings import GaitConfig


@dataclass(frozen=True, kw_only=True)
class DistilGait(DistilFlags, GaitConfig):
    """A small network of gait from skeletons, taught by a larger one."""
