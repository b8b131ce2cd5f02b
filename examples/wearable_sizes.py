"""Wearable transformers of three blocks, 86 and 340 thousand parameters: sizes for two cores.

    PYTHONPATH=examples edgehuman scale run recipes/scale_wearable.toml --out runs/wearable

They are the paper's networks (arXiv 2502.03364, section 3.2) with heads of 8 channels, between
those that the catalogue names, and leave the mean of the visible patches within 1,600 steps.
"""

from edgehuman.nets.imu.imuvit import ImuVit


class Imu48(ImuVit):
    """86 thousand parameters."""

    record, method = "ImuWindow", "mae"

    def __init__(
        self, num_classes: int | None = None, window: int = 128, dropout: float = 0.0
    ) -> None:
        super().__init__(48, 3, 192, 6, num_classes, window, dropout)


class Imu96(ImuVit):
    """340 thousand parameters."""

    record, method = "ImuWindow", "mae"

    def __init__(
        self, num_classes: int | None = None, window: int = 128, dropout: float = 0.0
    ) -> None:
        super().__init__(96, 3, 384, 12, num_classes, window, dropout)
