"""What `edgehuman run --save` writes of frames: lines, pictures or a video, and poses.

FOLDER/frames.jsonl      the lines of --json
FOLDER/poses.jsonl       of a video in which somebody has joints: a line for each person of each
                         frame, which `edgehuman run zoo:gait-skeleton --source` reads
FOLDER/masks/TRACK/*.png of a video and a model that gives masks: white on black, which `edgehuman
                         run zoo:gait-silhouette --source FOLDER/masks` reads
FOLDER/PHOTO.png         each photo with what was found
FOLDER/VIDEO.mp4         the same of a video, or of a camera, in which frames keep their times

Of several sources each has a folder of its own, FOLDER/SOURCE.
"""

from __future__ import annotations

import contextlib
import math
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import IO, Any

import numpy as np

from edgehuman.errors import UsageError
from edgehuman.files import (
    cannot_write,
    require_apart,
    require_usable_file,
    write_whole,
    writing,
    writing_lines,
)
from edgehuman.geometry import COCO_17
from edgehuman.outcome import to_json
from edgehuman.placing import partial_of
from edgehuman.reading.parsers import foreign
from edgehuman.records import Uint8
from edgehuman.runtime.image.frames.draw import drawn
from edgehuman.runtime.image.frames.results import FrameResult, Person
from edgehuman.runtime.image.frames.taken import Kept, TakenFrame
from edgehuman.runtime.image.part_maps import mask_names, require_no_photo

LINES, POSES, MASKS = "frames.jsonl", "poses.jsonl", "masks"
_CODEC = "mp4v"
_GAP_S = 10.0


class Saving:
    """The files of one run; see `saving`."""

    def __init__(
        self,
        folder: Path,
        lines: IO[str],
        poses: Callable[[], IO[str]] | None,
        pictures: dict[str, Path],
        film: Film | None,
        live: bool = False,
    ) -> None:
        self._masks = folder / MASKS
        self._lines, self._open_poses, self._pictures, self._film = lines, poses, pictures, film
        self._poses: IO[str] | None = None
        self._live = live

    def add(self, taken: TakenFrame, result: FrameResult, line: str) -> None:
        """Write one frame.

        Raises:
            UsageError: a file cannot be written to.
        """
        self._lines.write(line + "\n")
        if self._open_poses is not None and result.t_s is not None:
            for person in result.people:
                # Somebody of whom no joint is there, or who has no track yet, is nobody to a model
                # of gait.
                if person.track and person.joints == COCO_17 and _is_seen(person):
                    self._poses = self._poses or self._open_poses()
                    self._poses.write(pose_line(result, person) + "\n")
        if taken.image_HWC is None or result.reason:
            return
        if self._film is not None:
            self._save_masks(taken, result)
        rows, columns = taken.image_HWC.shape[:2]
        scale = columns / taken.width, rows / taken.height
        picture_HWC = drawn(taken.image_HWC, result.people, scale)
        if self._film is not None:
            self._film.add(picture_HWC, result.t_s if self._live else None)
        elif taken.name in self._pictures:
            write_whole(self._pictures[taken.name], _png(picture_HWC), UsageError)

    @property
    def has_poses(self) -> bool:
        """Whether anybody had joints."""
        return self._poses is not None

    def _save_masks(self, taken: TakenFrame, result: FrameResult) -> None:
        for person in result.people:
            if person.mask_HW is not None and person.track and person.mask_HW.any():
                path = self._masks / person.track / f"{taken.index:06d}.png"
                write_whole(path, _png(person.mask_HW.astype(np.uint8) * 255), UsageError)


def _is_seen(person: Person) -> bool:
    return person.joint_J3 is not None and bool((person.joint_J3[:, 2] > 0).any())


def pose_line(result: FrameResult, person: Person) -> str:
    """One person of one frame in the format that gait models read (`preprocess.skeleton.line`):
    the track, and joints in pixels; null: not seen.
    """
    assert person.joint_J3 is not None
    joints = [
        [round(float(x), 2), round(float(y), 2), round(float(score), 4)] if score > 0 else None
        for x, y, score in person.joint_J3
    ]
    row: dict[str, Any] = {
        "t": round(result.t_s or 0.0, 6),
        "id": person.track,
        "joints": joints,
        "layout": "coco17",
        "width": result.width,
        "height": result.height,
    }
    return to_json(row)


class SavingEach:
    """The files of several sources; see `saving`."""

    def __init__(self, each: Mapping[str, Saving]) -> None:
        self._each = each

    def add(self, taken: TakenFrame, result: FrameResult, line: str) -> None:
        """Write one frame of one of them."""
        self._each[result.source].add(taken, result, line)


@contextlib.contextmanager
def saving(folder: Path, sources: Mapping[str, Kept], model: str) -> Iterator[SavingEach]:
    """Open the files; each replaces that of an earlier run when the block ends without an error.

    Args:
        sources: what is saved of each, by its name as results have it.

    Raises:
        UsageError: a file cannot be written, or would replace the model, a photo or the video.
    """
    inputs = [path for source in sources.values() for path in source.inputs]
    with contextlib.ExitStack() as stack:
        each = {}
        for name, source in sources.items():
            place = folder / source.stem if len(sources) > 1 else folder
            each[name] = stack.enter_context(_saving_one(place, source, inputs, model))
        yield SavingEach(each)


@contextlib.contextmanager
def _saving_one(folder: Path, source: Kept, inputs: Sequence[Path], model: str) -> Iterator[Saving]:
    if source.video and (folder / MASKS).is_dir() and any((folder / MASKS).iterdir()):
        raise UsageError(
            f"--save: {folder / MASKS} holds masks of an earlier run, among which these would be "
            "lost; choose another folder, or remove it"
        )
    names = mask_names(list(source.photos))
    pictures = {name: folder / picture for name, picture in names.items()}
    film_path = folder / f"{source.stem}.mp4" if source.video else None
    outputs = [folder / LINES, *pictures.values(), *([film_path] if film_path else [])]
    if source.video:
        outputs.append(folder / POSES)
    for output in outputs:
        require_apart({"the model": model, "--save": output})
    kind = "video" if source.video else "photo"
    require_no_photo(outputs, inputs, "what was found in it", kind)
    with contextlib.ExitStack() as stack:
        lines = stack.enter_context(writing_lines(folder / LINES, "--save"))
        poses, film = None, None
        if film_path is not None:
            require_usable_file(folder / POSES, "--save")
            # Opened with the first joints: of a model that gives none, there is no such file.
            poses = partial(stack.enter_context, writing_lines(folder / POSES, "--save"))
            film = stack.enter_context(filming(film_path, source.fps))
        saved = Saving(folder, lines, poses, pictures, film, source.live)
        yield saved
        if film is not None and not saved.has_poses:
            _remove(folder / POSES)


def _remove(path: Path) -> None:
    """Remove what an earlier run wrote, and this one does not give."""
    try:
        path.unlink(missing_ok=True)
    except OSError as reason:
        raise UsageError(cannot_write(path, reason)) from None


@contextlib.contextmanager
def filming(path: Path, fps: float) -> Iterator[Film]:
    """A video that is being written, and stands at its path when the block ends without an error.

    Raises:
        UsageError: it cannot be written, or not whole: then what stood there stays.
    """
    made = partial_of(path)  # a folder: of OpenCV's file, the suffix counts
    try:
        made.mkdir()
    except OSError as reason:
        raise UsageError(cannot_write(path, reason)) from None
    try:
        film = Film(made / "film.mp4", fps)
        try:
            yield film
        finally:
            film.close()
        if film.path.is_file():
            film.require_whole(path)
            try:
                with writing(path) as partial:
                    os.replace(film.path, partial)
            except OSError as reason:
                raise UsageError(cannot_write(path, reason)) from None
    finally:
        shutil.rmtree(made, ignore_errors=True)


class Film:
    """A video that is being written; all frames at the size of the first.

    Args:
        fps: frames per second, of which a camera's frames fill as many as their times say; after a
            gap of over ten seconds the film goes on at once.

    Attributes:
        path: of its file; not there until a frame came.
    """

    def __init__(self, path: Path, fps: float) -> None:
        self.path, self._fps = path, fps
        self._writer: Any = None
        self._size = (0, 0)
        self._next_s = math.nan
        self._frames = 0

    def add(self, image_HWC: Uint8, t_s: float | None = None) -> None:
        """Append a frame, uint8 RGB (H, W, 3).

        Args:
            t_s: the time until which it is to be seen, at the earliest; None: for one frame.

        Raises:
            UsageError: OpenCV cannot write videos here.
        """
        import cv2

        if self._writer is None:
            self._size = image_HWC.shape[1], image_HWC.shape[0]
            codec = cv2.VideoWriter.fourcc(*_CODEC)
            self._writer = cv2.VideoWriter(str(self.path), codec, self._fps, self._size)
            if not self._writer.isOpened():
                raise UsageError(
                    f"--save: this OpenCV cannot write a video of {self._size[0]}x{self._size[1]} "
                    "pixels (MPEG-4); take photos out of the video first, and give their folder"
                )
        if (image_HWC.shape[1], image_HWC.shape[0]) != self._size:
            image_HWC = cv2.resize(image_HWC, self._size)  # type: ignore[assignment]
        bgr_HWC = cv2.cvtColor(image_HWC, cv2.COLOR_RGB2BGR)
        for _ in range(self._times(t_s)):
            self._writer.write(bgr_HWC)
            self._frames += 1

    def _times(self, t_s: float | None) -> int:
        """How often a frame of a camera is written, so that the film keeps its time."""
        if t_s is None:
            return 1
        if not -_GAP_S < t_s - self._next_s < _GAP_S:  # also the first one
            self._next_s = t_s
        times = max(0, math.floor((t_s - self._next_s) * self._fps + 1))
        self._next_s += times / self._fps
        return times

    def close(self) -> None:
        """Finish the file."""
        if self._writer is not None:
            self._writer.release()

    def require_whole(self, path: Path) -> None:
        """Raise UsageError where the file lacks frames: OpenCV says nothing of a full disk.

        Args:
            path: where it is to stand, for the message.
        """
        import cv2

        with foreign():
            film = cv2.VideoCapture(str(self.path), cv2.CAP_FFMPEG)
            there = max(0, round(film.get(cv2.CAP_PROP_FRAME_COUNT)))
            film.release()
        if there < self._frames:
            raise UsageError(
                f"--save {path}: {there} of {self._frames} frames of the video could be written; "
                "an existing file is unchanged. Free some space, or choose another folder"
            )


def _png(image: Uint8) -> bytes:
    """A picture in colour (H, W, 3), red first, or in grey (H, W)."""
    import cv2

    done, content = cv2.imencode(".png", image[..., ::-1] if image.ndim == 3 else image)
    assert done
    return bytes(content.tobytes())
