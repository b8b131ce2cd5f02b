"""Simulated pictures of people: walkers with bodies, clothes, cameras and exact labels.

An identity is a `Look`; a picture of it is a `Shot`. Image i shows person i // each; it depends
only on the seed and i, so a data worker can draw any image without the others.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edgehuman.errors import UsageError
from edgehuman.records import Float32, Index, Uint8
from edgehuman.simulate.body.acting import ACTING, acting
from edgehuman.simulate.body.seeding import child_seed, generator
from edgehuman.simulate.body.stance import Body
from edgehuman.simulate.image.attributes import ATTRIBUTES, attributes_of
from edgehuman.simulate.image.captions import captions_of
from edgehuman.simulate.image.character import character, movement
from edgehuman.simulate.image.clothes.look import Look
from edgehuman.simulate.image.figure.figure import paint_order
from edgehuman.simulate.image.figure.landmarks import NUM_LANDMARKS, see
from edgehuman.simulate.image.figure.parts import PARTS
from edgehuman.simulate.image.figure.rig import Posed, pose_rig
from edgehuman.simulate.image.figure.tube import View, outline
from edgehuman.simulate.image.scene.backdrop import backdrop, scene
from edgehuman.simulate.image.scene.camera import NUM_CAMERAS, expose, look_at, sample_camera
from edgehuman.simulate.image.scene.painting import Canvas, blank, paint
from edgehuman.simulate.image.scene.shot import Shot, sample_shot
from edgehuman.simulate.image.scene.street import cast_shadow, paint_occluder
from edgehuman.simulate.image.worn import Worn, worn_by

__all__ = [
    "ATTRIBUTES",
    "PARTS",
    "PersonImage",
    "PersonImages",
    "SimulatedImages",
    "render_person",
    "simulate_people",
]

MIN_SIDE, MAX_SIDE = 16, 2048


@dataclass(frozen=True, slots=True)
class PersonImage:
    """One picture of one person, with its labels.

    Attributes:
        image_HWC: uint8 (H, W, 3): RGB.
        keypoint_J3: float32 (17, 3): COCO-17; x, y in pixels (the centre of the first pixel is
            0, 0) and visibility: 2 visible, 1 hidden, 0 outside the picture (then x = y = 0).
        landmark_J3: float32 (133, 3): COCO-WholeBody, likewise.
        part_HW: uint8 (H, W): index into `PARTS`.
        attribute_A: int8 (A,): 1 if the attribute of `ATTRIBUTES` is true and visible.
    """

    image_HWC: Uint8
    keypoint_J3: Float32
    landmark_J3: Float32
    part_HW: Uint8
    attribute_A: NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class PersonImages:
    """N pictures of people: the fields of `PersonImage`, stacked.

    Attributes:
        person_N, camera_N: int64: who, and which camera.
    """

    image_NHWC: Uint8
    person_N: Index
    camera_N: Index
    keypoint_NJ3: Float32
    landmark_NJ3: Float32
    part_NHW: Uint8
    attribute_NA: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.person_N)


def simulate_people(
    num_people: int, each: int, seed: int, height: int = 256, width: int = 128
) -> PersonImages:
    """Draw `each` pictures of each of `num_people` people, ordered by person, in memory.

    Raises:
        UsageError: a number below 1, a negative seed, or a side outside 16..2048 pixels.
    """
    images = SimulatedImages(num_people, each, seed, height, width)
    made = PersonImages(
        np.empty((len(images), height, width, 3), np.uint8),
        np.arange(len(images)) // each,
        np.array([images.camera(i) for i in range(len(images))], np.int64),
        np.empty((len(images), 17, 3), np.float32),
        np.empty((len(images), NUM_LANDMARKS, 3), np.float32),
        np.empty((len(images), height, width), np.uint8),
        np.empty((len(images), len(ATTRIBUTES)), np.int8),
    )
    for i in range(len(images)):
        one = images.labelled(i)
        made.image_NHWC[i] = one.image_HWC
        made.keypoint_NJ3[i] = one.keypoint_J3
        made.landmark_NJ3[i] = one.landmark_J3
        made.part_NHW[i] = one.part_HW
        made.attribute_NA[i] = one.attribute_A
    return made


@dataclass(frozen=True, slots=True)
class SimulatedImages:
    """The pictures of `simulate_people`, each drawn when it is read.

    Attributes:
        acting: share of pictures of people who sit, squat, bend or reach.

    Raises:
        UsageError: a number below 1, a negative seed, a side outside 16..2048 pixels, or a share
            that is none.
    """

    num_people: int
    each: int
    seed: int
    height: int = 256
    width: int = 128
    acting: float = 0.0

    def __post_init__(self) -> None:
        for name, low, high in (
            ("num_people", 1, 10**7),
            ("each", 1, 10**5),
            ("seed", 0, 2**63 - 1),
            ("height", MIN_SIDE, MAX_SIDE),
            ("width", MIN_SIDE, MAX_SIDE),
        ):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
                raise UsageError(f"{name} is {value!r}; it must be an integer")
            if not low <= value <= high:
                raise UsageError(f"{name} is {value}; it must be {low} to {high}")
        if not 0 <= self.acting <= 1:
            raise UsageError(f"acting is {self.acting}; it must be 0 to 1")

    def __len__(self) -> int:
        return self.num_people * self.each

    def person(self, i: int) -> int:
        """Who is in picture i."""
        return self._checked(i) // self.each

    def camera(self, i: int) -> int:
        """Which camera takes picture i: all in turn, in the person's own order."""
        person, turn = divmod(self._checked(i), self.each)
        return (child_seed(self.seed, 0xCA3, person) + turn) % NUM_CAMERAS

    def name(self, i: int) -> str:
        """Name of picture i."""
        return f"simulated/{self.person(i):05d}_c{self.camera(i)}_{i % self.each:03d}"

    def shot(self, i: int) -> Shot:
        """Shot of picture i."""
        camera = sample_camera(self.seed, self.camera(i))
        shot = sample_shot(camera, generator(self.seed, 0x5407, self.person(i), i % self.each))
        acts = self.acting and generator(self.seed, 0xAC7, i).random() < self.acting
        return dataclasses.replace(shot, activity=ACTING) if acts else shot

    def look_seed(self, i: int) -> int:
        """Seed of the look of the person in picture i."""
        return child_seed(self.seed, 0x100C, self.person(i))

    def read(self, i: int) -> Uint8:
        """Picture i: uint8 (H, W, 3), RGB."""
        return _draw(self.look_seed(i), self.shot(i), self.height, self.width).image_HWC

    def labelled(self, i: int) -> PersonImage:
        """Picture i with its labels."""
        return _with_labels(_draw(self.look_seed(i), self.shot(i), self.height, self.width))

    def captions(self, i: int, one: PersonImage, count: int = 2) -> tuple[str, ...]:
        """So many sentences about picture i, as it was drawn."""
        look = character(self.look_seed(i)).look
        attributes = dict(zip(ATTRIBUTES, one.attribute_A.astype(bool).tolist(), strict=True))
        return captions_of(look, one.part_HW, attributes, child_seed(self.seed, 0x7E47, i), count)

    def _checked(self, i: int) -> int:
        if not 0 <= i < len(self):
            raise IndexError(f"picture {i} is out of range; there are {len(self)}")
        return int(i)


def render_person(look_seed: int, shot: Shot, height: int = 256, width: int = 128) -> PersonImage:
    """Draw one picture of the person whose look is `sample_look(look_seed)`.

    For the same person at several scales, use `dataclasses.replace(shot, scale=...)`.

    Raises:
        UsageError: a negative seed, a scale outside 0.02..20, or a side outside 16..2048 pixels.
    """
    _require_shot(look_seed, shot, height, width)
    return _with_labels(_draw(look_seed, shot, height, width))


def _require_shot(look_seed: int, shot: Shot, height: int, width: int) -> None:
    SimulatedImages(1, 1, look_seed, height, width)
    if not 0.02 <= shot.scale <= 20.0:
        raise UsageError(f"scale is {shot.scale}; it must be 0.02 to 20 picture heights")


def render_worn(
    look_seed: int, shot: Shot, height: int = 256, width: int = 128
) -> tuple[PersonImage, Worn]:
    """The picture of `render_person`, and what the person wears in it.

    Raises:
        UsageError: as `render_person`.
    """
    _require_shot(look_seed, shot, height, width)
    drawing = _draw(look_seed, shot, height, width)
    return _with_labels(drawing), worn_by(drawing.look, drawing.posed.rig, drawing.canvas)


@dataclass(frozen=True, slots=True)
class _Drawing:
    image_HWC: Uint8
    canvas: Canvas
    look: Look
    body: Body
    posed: Posed
    view: View


def _draw(look_seed: int, shot: Shot, height: int, width: int) -> _Drawing:
    """Draw a picture, and keep what its labels need."""
    who, light = character(look_seed), shot.camera.light
    if shot.activity == ACTING:
        body = acting(who.look.person, shot.seed)
    else:
        body = movement(look_seed, shot.activity).body(shot.phase)
    posed = pose_rig(who.rig, body)
    far = look_at(shot.camera.height_m, shot.distance_m, float(np.radians(shot.azimuth_deg)))
    view = _cut_out(posed, far, shot, height, width)
    canvas = blank(_surroundings(shot, body, view, height, width))
    outlines = outline(
        posed, paint_order(posed, body, view), view, light, samples=max(64, height // 4)
    )
    paint(canvas, who.rig, outlines, shot.seed)
    paint_occluder(canvas, shot, view)
    image = expose(canvas.colour_CHW, shot.camera, shot.exposure)
    return _Drawing(image, canvas, who.look, body, posed, view)


def _surroundings(shot: Shot, body: Body, view: View, height: int, width: int) -> Float32:
    """Background behind the person, slightly out of focus: rendered at half resolution."""
    place = scene(shot.camera.family, shot.camera.seed)
    half = view.shrunk(0.5)
    behind = backdrop(place, shot.spot, half, height // 2, width // 2)
    cast_shadow(behind, body, half, shot.camera.light)
    planes = cv2.split(cv2.resize(behind, (width, height)))
    return np.array(planes, np.float32)


def _cut_out(posed: Posed, view: View, shot: Shot, height: int, width: int) -> View:
    """The view that frames the body as the shot specifies."""
    place_P22, depth_P2 = view.project(posed.ends_P23)
    margin_P2 = posed.size_P3K[..., [0, -1]].max(axis=1) / depth_P2
    low_2 = (place_P22 - margin_P2[..., None]).min(axis=(0, 1))
    high_2 = (place_P22 + margin_P2[..., None]).max(axis=(0, 1))
    tall = shot.scale * height / (high_2[1] - low_2[1])
    wide = tall * shot.aspect
    if shot.scale <= 1.0:
        # A wide stride must also fit, which makes the whole body smaller.
        fits = min(1.0, 0.97 * width / (wide * (high_2[0] - low_2[0])))
        tall, wide = tall * fits, wide * fits
    scale_2 = np.array([wide, tall])
    middle_2 = (np.array([width, height]) - 1.0) / 2.0 + np.array(shot.shift) * (width, height)
    return View(view.position_3, view.axes_33, scale_2, middle_2 - 0.5 * (low_2 + high_2) * scale_2)


def _with_labels(drawing: _Drawing) -> PersonImage:
    canvas, body, view = drawing.canvas, drawing.body, drawing.view
    landmark_J3 = see(drawing.posed, body, view, canvas.owner_HW)
    attribute_A = attributes_of(drawing.look, drawing.posed.rig, canvas, body, view)
    return PersonImage(
        drawing.image_HWC, landmark_J3[:17].copy(), landmark_J3, canvas.part_HW, attribute_A
    )
