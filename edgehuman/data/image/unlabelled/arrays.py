"""Person images in memory: a `unlabelled.images.Images` of the caller's own arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgehuman.catalogue import IN_MEMORY
from edgehuman.errors import DataError
from edgehuman.records import Bool, Uint8


class ArrayImages:
    """Images in memory; they are copied to every worker process.

    Args:
        images: uint8 RGB (H, W, 3) each, of any size; an array (N, H, W, 3) will do.
        simulated: whether they are known to be simulated.

    Raises:
        DataError: none, or an array that is no image.
    """

    def __init__(self, images: Sequence[Uint8], simulated: bool = False) -> None:
        self.source = IN_MEMORY
        self._images = [np.asarray(image) for image in images]
        self.simulated_N: Bool = np.full(len(self._images), simulated, np.bool_)
        if not self._images:
            raise DataError("data holds no image; give at least one array (H, W, 3)")
        for index, image_HWC in enumerate(self._images):
            wrong = image_HWC.dtype != np.uint8 or image_HWC.ndim != 3 or image_HWC.shape[2] != 3
            if wrong or not image_HWC.size:
                raise DataError(
                    f"image {index} of data is {image_HWC.dtype} {image_HWC.shape}; give uint8 RGB "
                    "(height, width, 3)"
                )

    def __len__(self) -> int:
        return len(self._images)

    def name(self, index: int) -> str:
        """Its number."""
        return f"image {index} in memory"

    def encoded(self, index: int) -> None:
        """None: no file."""
        return

    def read(self, index: int) -> Uint8:
        """The array."""
        return self._images[index]
