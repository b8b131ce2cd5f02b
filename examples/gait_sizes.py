"""GaitFormers and a GaitPTv2 that are smaller than the papers': the sizes of a sweep for two cores.

    PYTHONPATH=examples edgehuman scale run recipes/scale_gait.toml --out runs/scale/gait

Any network of your own joins a sweep like this, by its dotted path.
"""

from typing import ClassVar

from edgehuman.nets.skeleton.gaitformer import GaitFormer
from edgehuman.nets.skeleton.gaitpt import GaitPt


class GaitFormer16(GaitFormer):
    """13 thousand parameters."""

    record, method = "SkeletonSequence", "contrastive"

    def __init__(self, frames: int = 24) -> None:
        super().__init__(width=16, depth=3, heads=2, frames=frames)


class GaitFormer32(GaitFormer):
    """53 thousand parameters."""

    record, method = "SkeletonSequence", "contrastive"

    def __init__(self, frames: int = 24) -> None:
        super().__init__(width=32, depth=3, heads=4, frames=frames)


class GaitFormer64(GaitFormer):
    """208 thousand parameters; `dim`: those of a teacher whose galleries it serves."""

    record, method = "SkeletonSequence", "contrastive"
    arguments: ClassVar = {"frames": 24}

    def __init__(self, frames: int = 24, dim: int | None = None) -> None:
        super().__init__(width=64, depth=3, heads=4, frames=frames, dim=dim)


class GaitFormer128(GaitFormer):
    """822 thousand parameters."""

    record, method = "SkeletonSequence", "contrastive"

    def __init__(self, frames: int = 24) -> None:
        super().__init__(width=128, depth=3, heads=8, frames=frames)


class GaitPt4(GaitPt):
    """50 thousand parameters."""

    record, method = "SkeletonSequence", "contrastive"

    def __init__(self, frames: int = 24) -> None:
        super().__init__(
            widths=(4, 8, 16, 32), depths=(1, 1, 2, 1), heads=(1, 2, 4, 8), output=32, frames=frames
        )
