"""Pictures to pretrain on for table 5: more of them, poorer ones, others than of people, real ones.

    folder = collected(work, [Source("people", 1000), Source("objects", 1000)])

Every source is a folder of pictures, drawn or found once; several together are a folder of links.
Axes: H height, W width, C colour.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edgehuman.bench.pages.image.person import TableConfig, unlabelled_photos
from edgehuman.data.image.crops.marring import Marring, mar
from edgehuman.data.image.crowds.grounds import drawn_ground, grain_table, plain_ground
from edgehuman.data.image.crowds.plan import Camera, Thing
from edgehuman.data.image.crowds.things import paint_thing
from edgehuman.errors import DataError
from edgehuman.files import writing_tree
from edgehuman.preprocess.image.pixels import HEIGHT, WIDTH
from edgehuman.records import Uint8
from edgehuman.runtime.image.frames.answer import answer_frame
from edgehuman.runtime.image.frames.source import FrameSource
from edgehuman.runtime.image.frames.watch import opened, watching_alone
from edgehuman.simulate.body.seeding import generator
from edgehuman.simulate.image.people import SimulatedImages

PEOPLE, MARRED, OBJECTS, PHOTOS, CUTS = "people", "marred", "objects", "photos", "cuts"
DETECTOR = "zoo:person-detector-int8"
_EACH, _SEED = 2, 3007  # nobody of the tasks or of other pretrainings
_POOR = Marring(dark=0.25, grey=0.2, coarse=0.8, blur=0.3, streak=0.2, blocks=0.6, noise=0.4,
                fewest_px=20, most_px=56)  # fmt: skip
_SHAPES = ("pole", "box", "bench", "bush", "sign", "bin")
_SHIFT, _SMALLEST, _LARGEST = 0.2, 0.6, 1.0
_TALL_PX = 64


@dataclass(frozen=True, slots=True)
class Source:
    """Attributes:
    kind: "people": simulated; "marred": the same people, in few pixels, dark, blurred, cut off, as
        a detector in a poor video gives them; "objects": streets with things and nobody; "photos":
        of `place`, Clothing Co-Parsing, those without masks; "cuts": people that a detector found
        in `place`, a video.
    count: how many pictures, at most.
    place: of what is not drawn.
    """

    kind: str
    count: int
    place: Path | None = None

    @property
    def name(self) -> str:
        """Of its folder."""
        return f"{self.kind}-{self.count}"


def collected(work: Path, sources: Sequence[Source]) -> Path:
    """The folder of all pictures of some sources, made now where it is missing.

    Raises:
        DataError: a source without pictures, or a file that cannot be written.
    """
    folders = [_folder(work, source) for source in sources]
    if len(folders) == 1:
        return folders[0]
    together = work / "+".join(source.name for source in sources)
    if not together.is_dir():
        with writing_tree(together, "--out", DataError, replace=False) as partial:
            for source, folder in zip(sources, folders, strict=True):
                for path in sorted(folder.iterdir()):
                    (partial / f"{source.kind}-{path.name}").symlink_to(path.resolve())
    return together


def _folder(work: Path, source: Source) -> Path:
    folder = work / source.name
    if folder.is_dir():
        return folder
    work.mkdir(parents=True, exist_ok=True)
    count = 0
    with writing_tree(folder, "--out", DataError, replace=False) as partial:
        if source.kind == PHOTOS:
            assert source.place is not None
            config = TableConfig(data=source.place, out=work / "ccp")
            for path in sorted(unlabelled_photos(config).iterdir())[: source.count]:
                (partial / path.name).symlink_to(path.resolve())
                count += 1
        else:
            for image_HWC in _pictures(source):
                _, packed = cv2.imencode(".png", image_HWC[..., ::-1])
                (partial / f"{count:06d}.png").write_bytes(packed.tobytes())
                count += 1
        if not count:
            raise DataError(f"{source.place}: no picture for {source.kind}; give another file")
    return folder


def _pictures(source: Source) -> Iterator[Uint8]:
    if source.kind == CUTS:
        assert source.place is not None
        yield from cuts(source.place, source.count)
        return
    draw = DRAWN[source.kind]
    for index in range(source.count):
        yield draw(index)


def person(index: int) -> Uint8:
    """A simulated person, cleanly seen."""
    return SimulatedImages(index // _EACH + 1, _EACH, _SEED).read(index)


def marred(index: int) -> Uint8:
    """The same person, as a detector in a poor video gives them: beside the middle, cut off, and in
    few pixels.
    """
    image_HWC, rng = person(index), generator(_SEED, 0x3A2, index)
    high, wide = image_HWC.shape[:2]
    scale = float(rng.uniform(_SMALLEST, _LARGEST))
    down, across = rng.uniform(-_SHIFT, _SHIFT, 2) * (high, wide)
    middle_2 = np.array((wide / 2 + across, high / 2 + down))
    matrix_23 = np.array(((scale, 0, middle_2[0] - scale * wide / 2),
                          (0, scale, middle_2[1] - scale * high / 2)))  # fmt: skip
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    border = cv2.BORDER_REPLICATE
    cut_HWC = cv2.warpAffine(image_HWC, matrix_23, (wide, high), flags=flags, borderMode=border)
    return mar(np.asarray(cut_HWC, np.uint8), _POOR, rng)


def objects(index: int) -> Uint8:
    """A street or a wall with a few things, and nobody."""
    rng = generator(_SEED, 0x0B7, index)
    camera = Camera(HEIGHT, WIDTH, "street", float(rng.uniform(0.0, 0.5) * HEIGHT), 1.0, 1.0)
    seed, number = int(rng.integers(2**31)), int(rng.integers(24))
    plain = rng.random() < 0.2
    ground_HWC = plain_ground(camera, seed) if plain else drawn_ground(_SEED, number, camera, seed)
    scene_HWC = ground_HWC.astype(np.float32)
    for _ in range(int(rng.integers(1, 5))):
        high, wide = rng.uniform(0.15, 0.8) * HEIGHT, rng.uniform(0.15, 0.9) * WIDTH
        x, y = rng.uniform(-0.2, 0.9) * WIDTH, rng.uniform(0.3, 1.05) * HEIGHT
        colour = tuple(rng.uniform(20.0, 230.0, 3).tolist())
        shape = _SHAPES[int(rng.integers(len(_SHAPES)))]
        box = (float(x), float(y - high), float(x + wide), float(y))
        thing = Thing(shape, box, colour, int(rng.integers(2**31)))
        paint_thing(scene_HWC, thing, grain_table())
    return np.clip(scene_HWC, 0, 255).astype(np.uint8)


DRAWN: Mapping[str, Callable[[int], Uint8]] = {PEOPLE: person, MARRED: marred, OBJECTS: objects}
"""By kind, what draws a picture of a number."""


def cuts(video: Path, count: int) -> Iterator[Uint8]:
    """Cut the people out of a video whom a detector finds, spread over it.

    Raises:
        DataError: no such video, or damaged.
    """
    watching = watching_alone(opened(DETECTOR))
    done = 0
    for taken in FrameSource(video, every=2):
        if taken.image_HWC is None:
            continue
        for each in answer_frame(watching, taken).people:
            x0, y0, x1, y1 = (round(value) for value in each.box_4.tolist())
            if y1 - y0 < _TALL_PX or done >= count:
                continue
            cut_HWC = taken.image_HWC[max(0, y0) : y1, max(0, x0) : x1]
            yield np.ascontiguousarray(cut_HWC)
            done += 1
