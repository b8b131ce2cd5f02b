"""Photos per second that one core turns into the paper's ten views, and where the time goes.

    python -m edgehuman.bench.targets.views [--data photos] [--photos 300]

It measures processor time, not the clock: one core, whatever else the machine does. Photos are held
in memory as the bytes of their files, so that disks are not measured.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np

from edgehuman.bench.entry import main
from edgehuman.bench.targets.recordings import recordings_folder
from edgehuman.data.image.pack import write_shard
from edgehuman.data.image.unlabelled.images import DrawnImages, Images, open_images
from edgehuman.data.image.unlabelled.shards import ShardImages
from edgehuman.data.image.views import make as view_making
from edgehuman.data.image.views.make import ViewConfig
from edgehuman.errors import ImageError, UsageError
from edgehuman.outcome import Outcome
from edgehuman.preprocess.image.pixels import decode
from edgehuman.progress import tell
from edgehuman.records import Bool, Uint8
from edgehuman.runtime import machine

ResultT = TypeVar("ResultT")

_HEIGHT, _WIDTH = 320, 212
_ROUNDS = 3
_SHARD = 64


@dataclass(frozen=True, slots=True)
class ViewsConfig:
    """Photos per second to ten views, on one core."""

    data: str = ""
    """A folder of photos, or shards; default: the street photos in EDGEHUMAN_DATA if it is set,
    otherwise simulated people as JPEGs of 320 x 212 pixels."""
    photos: int = 300
    """Number of photos."""

    def __post_init__(self) -> None:
        if self.photos < 1:
            raise UsageError(f"--photos is {self.photos}; it must be at least 1")


@dataclass(frozen=True)
class InMemory:
    """Encoded photos in memory."""

    source: str
    files: list[bytes]
    simulated_N: Bool

    def __len__(self) -> int:
        return len(self.files)

    def name(self, index: int) -> str:
        """See `Images`."""
        return str(index)

    def encoded(self, index: int) -> bytes:
        """See `Images`."""
        return self.files[index]

    def read(self, index: int) -> Uint8:
        """See `Images`."""
        return decode(self.files[index])


def photos_in_memory(data: str, count: int) -> InMemory:
    """Read the first photos of a source; unreadable ones are left out.

    Raises:
        DataError: no such source, or EDGEHUMAN_DATA names no folder.
    """
    recordings = None if data else recordings_folder()
    if recordings is not None and (recordings / "ccp" / "photos").is_dir():
        data = str(recordings / "ccp" / "photos")
    images: Images = (
        open_images(data) if data else DrawnImages(max(count // 4, 1), 4, 0, _HEIGHT, _WIDTH)
    )
    files: list[bytes] = []
    taken: list[int] = []
    for index in range(len(images)):
        if len(files) == count:
            break
        try:
            image_HWC = images.read(index)
            files.append(images.encoded(index) or _jpeg(image_HWC))
            taken.append(index)
        except ImageError as error:
            tell(f"left out: {error}")
    return InMemory(images.source, files, images.simulated_N[taken])


def _jpeg(image_HWC: Uint8) -> bytes:
    done, data = cv2.imencode(".jpg", image_HWC[..., ::-1].copy(), [cv2.IMWRITE_JPEG_QUALITY, 90])
    assert done
    return data.tobytes()


class StageClock:
    """Processor seconds of each stage, summed."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def time(self, stage: str, run: Callable[[], ResultT]) -> ResultT:
        """Run a stage and add its time."""
        start_s = time.process_time()
        result = run()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + time.process_time() - start_s
        return result


def stage_seconds(images: Images, config: ViewConfig) -> dict[str, float]:
    """Processor seconds of each stage over all photos, once, in this process alone."""
    clock = StageClock()
    global_VHWC = np.empty((2, config.height, config.width, 3), np.uint8)
    shape = (config.locals_, config.height // 2, config.width // 2, 3)
    local_VHWC = np.empty(shape, np.uint8)
    for index in range(len(images)):
        _one_photo(clock, images, index, config, global_VHWC, local_VHWC)
    return clock.seconds


def _one_photo(
    clock: StageClock,
    images: Images,
    index: int,
    config: ViewConfig,
    global_VHWC: Uint8,
    local_VHWC: Uint8,
) -> None:
    """`view_making.make_views`, stage by stage."""
    rng = clock.time("draw", lambda: np.random.default_rng((0, index)))
    photo, drawn = clock.time("decode", lambda: view_making.fetch(images, index, config, rng))
    views = clock.time("crop + resize", lambda: view_making.cut(photo, drawn, config))
    views = clock.time("colour", lambda: view_making.recolour(views, drawn))
    views = clock.time("blur", lambda: view_making.blur(views, drawn))
    clock.time("store", lambda: view_making.store(views, global_VHWC, local_VHWC))
    # `fetch` draws too, as it needs the photo's size; draw again to time it alone.
    size = photo.image_HWC.shape[0] * photo.shrunk, photo.image_HWC.shape[1] * photo.shrunk
    took_s = clock.seconds["draw"]
    clock.time("draw", lambda: view_making.draw(rng, config, *size))
    clock.seconds["decode"] -= clock.seconds["draw"] - took_s


def best_stages(images: Images) -> dict[str, float]:
    """Stage seconds of the fastest of a few rounds, with OpenCV on one thread."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        rounds = [stage_seconds(images, ViewConfig()) for _ in range(_ROUNDS)]
    finally:
        cv2.setNumThreads(threads)
    return min(rounds, key=lambda seconds: sum(seconds.values()))


def photos_per_second(data: str = "", count: int = 300) -> float:
    """Photos per second of one core to the paper's ten views."""
    images = photos_in_memory(data, count)
    return len(images) / sum(best_stages(images).values())


def shards_over_memory(data: str = "", count: int = 200) -> float:
    """Photos per second to ten views from local shards, over those from memory.

    Both sides of each photo are timed one after the other, so that other work slows both alike; the
    median over rounds counts.
    """
    images = photos_in_memory(data, count)
    config = ViewConfig()
    global_VHWC = np.empty((2, config.height, config.width, 3), np.uint8)
    local_VHWC = np.empty((config.locals_, config.height // 2, config.width // 2, 3), np.uint8)

    def one(of: Images, index: int) -> float:
        rng, start_s = np.random.default_rng((0, index)), time.perf_counter()
        view_making.make_views(of, index, config, rng, global_VHWC, local_VHWC)
        return time.perf_counter() - start_s

    with tempfile.TemporaryDirectory() as folder:
        shards = [Path(folder) / f"{start:06d}.tar" for start in range(0, len(images), _SHARD)]
        for number, path in enumerate(shards):
            start = number * _SHARD
            write_shard(path, images, range(start, min(start + _SHARD, len(images))))
        packed = ShardImages.of(shards, folder)
        one(images, 0)  # what is made once, is made
        spent_R2 = np.zeros((_ROUNDS, 2))
        for spent_2 in spent_R2:
            for index in np.random.default_rng(0).permutation(len(packed)).tolist():
                spent_2 += one(images, index), one(packed, index)
    return float(np.median(spent_R2[:, 0] / spent_R2[:, 1]))


def bench_views(config: ViewsConfig) -> Outcome:
    """The rate and the split by stage.

    Raises:
        DataError: no such photos.
    """
    images = photos_in_memory(config.data, config.photos)
    seconds = best_stages(images)
    total_s, num_photos = sum(seconds.values()), len(images)
    data = {
        "machine": machine.cpu_model(),
        "source": images.source,
        "photos": num_photos,
        "photos_per_s_per_core": round(num_photos / total_s, 1),
        "stage_us": {name: round(1e6 * s / num_photos, 1) for name, s in seconds.items()},
    }
    lines = [
        f"{num_photos} photos of {images.source}, ten views each: "
        f"{num_photos / total_s:.0f} photos per second of one core ({machine.cpu_model()})",
        *(
            f"  {name:<14}{1e6 * s / num_photos:8.0f} us  {100 * s / total_s:3.0f} %"
            for name, s in seconds.items()
        ),
    ]
    return Outcome(data, "\n".join(lines))


if __name__ == "__main__":
    sys.exit(main(ViewsConfig, bench_views))
