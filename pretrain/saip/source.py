"""Views of unlabelled person images for training: from a source's name to a step's tensors."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from edgehuman import catalogue
from edgehuman.card import TrainingData
from edgehuman.catalogue import SIMULATED
from edgehuman.data.image.unlabelled.images import Images, open_images
from edgehuman.data.image.unlabelled.shards import LOST, ShardImages
from edgehuman.data.image.views.load import ViewConfig, ViewLoader
from edgehuman.data.image.views.order import Filler
from edgehuman.data.shards.address import shown
from edgehuman.data.shards.cache import OnBad
from edgehuman.errors import DataError, ImageError, UsageError
from edgehuman.records import Float32, Index, Uint8
from edgehuman.training.processes import Place

Told = Callable[[Index, Index], Float32]
"""(indices of images (N,), numbers of their draws (N,)) -> an expert's tokens of both large views,
(N, 2, D)."""


class PersonViews:
    """The views of any step, for this process's share of the images.

    Args:
        data: an argument of `open_images`.
        config: of each image's views.
        batch: persons per step.
        workers: processes that make views.
        seed: of order and random draws.
        given: images in memory, in the place of those that `data` names.
        on_bad, cache_gb: of shards, see `open_images`.
        draws: how many draws of views an image has; 0: a new one whenever it comes.

    Attributes:
        told: what an expert says of the numbered draws; None: nobody knows.
        images: the opened images.
        num_simulated: number of simulated images: all from the simulator, and those marked in a
            folder's labels.jsonl or in the json of a shard's sample.
        simulated: whether all images are simulated.

    Raises:
        DataError: no images.
    """

    def __init__(
        self,
        data: str,
        config: ViewConfig,
        batch: int,
        workers: int,
        seed: int,
        given: Images | None = None,
        on_bad: OnBad = "fail",
        cache_gb: float = 0.0,
        draws: int = 0,
    ) -> None:
        self.images = open_images(data, seed, on_bad, cache_gb) if given is None else given
        self._data = data
        self.num_simulated = int(self.images.simulated_N.sum())
        self.simulated = 0 < self.num_simulated == len(self.images)
        self.told: Told | None = None
        self._config, self._batch, self._workers, self._seed = config, batch, workers, seed
        self._draws = draws
        self._loader: ViewLoader | None = None

    def tensors(self, step: int, place: Place) -> tuple[Tensor, ...]:
        """Return two large views (N, 2, H, W, 3) and small ones (N, V, H / 2, W / 2, 3), uint8, and
        what the expert says of the large ones (N, 2, D), if `told` knows.

        Raises:
            DataError: no image can be read.
        """
        if self._loader is None:
            self._loader = ViewLoader(
                self.images,
                self._config,
                self._batch // place.world,
                self._workers,
                self._seed,
                place.rank,
                place.world,
                draws=self._draws,
            )
        views = self._loader.batch(step)
        both = torch.from_numpy(views.global_NVHWC), torch.from_numpy(views.local_NVHWC)
        if self.told is None:
            return both
        return (*both, torch.from_numpy(self.told(views.index_N, views.number_N)))

    def large(self, index_N: Index, number: int) -> Uint8:
        """Return both large views (N, 2, H, W, 3) of one numbered draw of these images.

        Raises:
            DataError: an image cannot be read.
        """
        config = self._config
        global_NVHWC = np.empty((len(index_N), 2, config.height, config.width, 3), np.uint8)
        half = config.height // 2, config.width // 2
        local_VHWC = np.empty((config.locals_, *half, 3), np.uint8)
        filler = Filler(self.images, config, 1, self._seed, draws=self._draws)
        for place, index in enumerate(index_N.tolist()):
            try:
                filler.one(index, number, global_NVHWC[place], local_VHWC)
            except ImageError as error:
                raise DataError(
                    f"{error}. With --targets every image of --data {self._data} must be read; "
                    "omit it, and one that cannot be read is left out"
                ) from None
        return global_NVHWC

    @property
    def num_corrupt(self) -> int:
        """Number of unreadable images so far; other images replace them."""
        return 0 if self._loader is None else len(self._loader.corrupt)

    @property
    def skipped(self) -> dict[str, str]:
        """Shards left out so far, with the reason: on opening, or as they were needed."""
        if not isinstance(self.images, ShardImages):
            return {}
        corrupt = {} if self._loader is None else self._loader.corrupt
        lost = {
            shown(self.images.shards[self.images.shard_N[index]]): reason
            for index, reason in corrupt.items()
            if reason.startswith(LOST)
        }
        return {**dict(self.images.skipped), **lost}

    def row(self, dataset: str = "") -> TrainingData:
        """Return the card's row; for a known dataset, with its licence.

        Raises:
            UsageError: a dataset's name for images of which some are simulated.
        """
        if dataset and self.num_simulated:
            raise UsageError(
                f"--dataset is {dataset}, but {self.num_simulated} of the {len(self.images)} "
                f"images of --data {self._data} are simulated; omit --dataset, or give the "
                "dataset's own folder"
            )
        source = str(self.images.source)
        known: catalogue.Dataset | None = catalogue.DATASETS.get(dataset)
        name, licence = Path(source).name or source, "not stated"
        if self.num_simulated and not self.simulated:
            name += f" ({self.num_simulated} of {len(self.images)} simulated)"
        if self._data == SIMULATED:
            name, licence = "simulated person images", "Apache-2.0 (edgehuman's own simulator)"
        return TrainingData(
            dataset=name if known is None else dataset,
            role="pretraining",
            licence=licence if known is None else known.licence,
            url="" if known is None else known.url,
            windows=len(self.images),
            subjects=0,
            simulated=self.simulated,
        )

    def close(self) -> None:
        """Stop the workers."""
        if self._loader is not None:
            self._loader.close()


def require_enough(views: PersonViews, data: str, persons: int) -> None:
    """Check that a source has at least as many images as a step shows.

    Raises:
        DataError: fewer images, so one would be shown as several different persons.
    """
    if len(views.images) < persons:
        raise DataError(
            f"--data {data} has {len(views.images)} images, but a step needs {persons} different "
            "persons; give more images or a smaller --batch"
        )
