"""YOLO as Ultralytics exports it: v8, 11 and 26; detection, pose and segmentation; raw or finished.

raw         (1, 4 + classes + rest, anchors): centre x, centre y, width, height, a score for each
            class, then the rest: 3 numbers for each joint, or 32 of a mask. Each person several
            times: NMS is made here.
finished    (1, 300, 6 + rest): x1, y1, x2, y2, score, class, then the rest; rows of score 0 are
            padding. Exported with nms=True or end2end.
segmentation gives (1, 32, h, w) besides: a mask is the sum of these by a person's 32 numbers. Of a
            frame the best hundred people have one, of their box alone, and the others are left out.

Boxes and joints are in pixels of the input, RGB 0 to 1, with grey 114 at both sides. Source:
docs.ultralytics.com/guides/end2end-detection; the metadata (task, names, kpt_shape) says the rest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from edgehuman.errors import ArtefactError
from edgehuman.preprocess.image.letterbox import Letterbox, fit
from edgehuman.preprocess.image.pixels import resize
from edgehuman.records import Bool, Float32, Uint8
from edgehuman.runtime.foreign.found import Cut, FoundPerson
from edgehuman.runtime.foreign.graph import Graph
from edgehuman.runtime.foreign.picture import outputs_of, picture_of
from edgehuman.runtime.foreign.suppress import kept

LEAST, OVERLAP = 0.05, 0.7
"""Of a score to be looked at; of two boxes to be one person (as Ultralytics' default)."""
MOST_MASKS = 100
"""People of one frame of a network with masks."""
_FULL = (255.0, 255.0, 255.0)
_JOINTS, _MASK = 17, 32
_COCO = 80
_ENTRY = re.compile(r"(\d+)\s*:\s*['\"]([^'\"]*)['\"]")
_PEOPLE = ("person", "pedestrian", "people", "human")
_TASKS = {"detect": 0, "pose": 3 * _JOINTS, "segment": _MASK}


@dataclass(frozen=True, slots=True)
class Form:
    """How the rows of a graph are to be read.

    Attributes:
        raw: whether anchors stand in the last axis, and a person several times.
        classes: number of classes; of a finished graph it does not matter.
        person: the class of people.
        rest: numbers after the classes: 0, 51 of joints, 32 of a mask.
    """

    raw: bool
    classes: int
    person: int
    rest: int


def form_of(graph: Graph) -> Form | None:
    """The form of a graph, by its metadata or else by its shapes; None: it is not of YOLO.

    Raises:
        ArtefactError: its metadata says YOLO, but no class is a person, or the shapes differ.
    """
    shapes = [*graph.outputs.values()]
    if graph.dtype not in ("tensor(float)", "tensor(float16)") or len(graph.shape) != 4:
        return None
    if not shapes or len(shapes[0]) != 3 or len(shapes) > 2:
        return None
    has_mask = len(shapes) == 2 and len(shapes[1]) == 4 and shapes[1][1] in (_MASK, None)
    if len(shapes) == 2 and not has_mask:
        return None
    task = graph.metadata.get("task", "")
    if task in _TASKS and "names" in graph.metadata:
        return _stated(graph, task, shapes[0])
    rests = (_MASK,) if has_mask else (0, 3 * _JOINTS)
    _, rows, columns = shapes[0]
    for rest in rests:
        if columns == 6 + rest and rows != _anchors(graph):
            return Form(False, 0, 0, rest)
        for classes in (1, _COCO):
            is_raw = columns is None or columns == (_anchors(graph) or columns)
            if rows == 4 + classes + rest and is_raw:
                return Form(True, classes, 0, rest)
    return None


def _stated(graph: Graph, task: str, shape: tuple[int | None, ...]) -> Form:
    """The form that Ultralytics' metadata states."""
    names = {int(key[-9:]): name for key, name in _ENTRY.findall(graph.metadata["names"])}
    person = next((key for key, name in names.items() if name.lower() in _PEOPLE), None)
    if person is None:
        listed = ", ".join([*names.values()][:5]) or "none"
        raise ArtefactError(
            f"{graph.name} knows no people: its classes are {listed}, …; give a network that does"
        )
    rest = _TASKS[task]
    said = re.findall(r"\d+", graph.metadata.get("kpt_shape", ""))
    if task == "pose" and said and said != [str(_JOINTS), "3"]:
        raise ArtefactError(
            f"{graph.name} gives joints of the form {graph.metadata['kpt_shape']}; COCO's are [17, "
            "3]: x, y and a score"
        )
    _, rows, columns = shape
    if columns == 6 + rest and rows != 4 + len(names) + rest:
        return Form(False, len(names), person, rest)
    if rows == 4 + len(names) + rest:
        return Form(True, len(names), person, rest)
    raise ArtefactError(
        f"{graph.name} gives {shape}, but by its metadata ({task}, {len(names)} classes) it is (1, "
        f"{4 + len(names) + rest}, anchors) or (1, rows, {6 + rest}); export it again"
    )


class Yolo:
    """A YOLO network; see the file.

    Raises:
        ArtefactError: the graph is none.
    """

    def __init__(self, graph: Graph) -> None:
        form = form_of(graph)
        if form is None:
            raise ArtefactError(f"{graph.name} gives {dict(graph.outputs)}, which is no YOLO's")
        self.name = graph.name
        self._graph, self._form, self._picture = graph, form, picture_of(graph)

    def find(self, frame_HWC: Uint8, box_4: Float32 | None = None) -> list[FoundPerson]:
        """See `PersonFinder`; the box is not used.

        Raises:
            DataError: an output that is not finite.
        """
        input_HWC, place = fit(frame_HWC, self._picture.height, self._picture.width)
        answers = outputs_of(self._graph, self._picture.array(input_HWC, deviation=_FULL))
        box_M4, score_M, rest_MR = self._rows(answers[0][0])
        found = []
        masks = answers[1][0] if self._form.rest == _MASK else None
        most = len(box_M4) if masks is None else MOST_MASKS
        for box, score, rest in list(zip(box_M4, score_M, rest_MR, strict=True))[:most]:
            joint_J3, mask_HW, cut = None, None, None
            if masks is not None:
                mask_HW, cut = self._mask(rest, masks, box, place)
            elif len(rest):
                joint_J3 = rest.reshape(_JOINTS, 3).copy()
                joint_J3[:, :2] = place.to_frame(joint_J3[:, :2])
            box_4 = place.to_frame(box[None])[0]
            found.append(FoundPerson(box_4, float(min(score, 1)), joint_J3, mask_HW, cut))
        return found

    def _rows(self, answer: Float32) -> tuple[Float32, Float32, Float32]:
        """Boxes (M, 4) x1, y1, x2, y2 in pixels of the input, scores (M,), and the rest (M, R) of
        people, the best first.
        """
        form = self._form
        if not form.raw:
            is_person_K = (answer[:, 4] >= LEAST) & (np.rint(answer[:, 5]) == form.person)
            row_MC = answer[is_person_K]
            row_MC = row_MC[np.argsort(-row_MC[:, 4], kind="stable")]
            return row_MC[:, :4], row_MC[:, 4], row_MC[:, 6:]
        row_AC = answer.T
        class_AK = row_AC[:, 4 : 4 + form.classes]
        # A box of another class is not a person, however much of one it looks like.
        is_person_A = class_AK[:, form.person] >= np.maximum(class_AK.max(axis=1), LEAST)
        row_MC, score_M = row_AC[is_person_A], class_AK[is_person_A, form.person]
        half_M2 = row_MC[:, 2:4] / 2
        box_M4 = np.concatenate([row_MC[:, :2] - half_M2, row_MC[:, :2] + half_M2], axis=1)
        keep = kept(box_M4, score_M, OVERLAP)
        return box_M4[keep], score_M[keep], row_MC[keep, 4 + form.classes :]

    def _mask(
        self, number_R: Float32, mask_RHW: Float32, box: Float32, place: Letterbox
    ) -> tuple[Bool, Cut]:
        """The mask of the box and a pixel around it, nobody's where it leaves the box; and where
        that lies in the frame.
        """
        logit_HW = np.tensordot(number_R, mask_RHW, 1)
        rows, columns = logit_HW.shape
        y, x = rows / self._picture.height, columns / self._picture.width
        top, left = round(place.top * y), round(place.left * x)
        high = max(1, round(place.height * place.scale_y * y))
        wide = max(1, round(place.width * place.scale_x * x))
        level_HW = 1 / (
            1 + np.exp(-np.clip(logit_HW[top : top + high, left : left + wide], -30, 30))
        )
        whole_HW = resize((255 * level_HW).astype(np.uint8), place.height, place.width) > 127
        limit_4 = (place.width, place.height) * 2
        box_4 = np.clip(np.rint(place.to_frame(box[None])[0]), 0, limit_4)
        x0, y0 = int(box_4[0]), int(box_4[1])
        x1, y1 = max(x0, int(box_4[2])), max(y0, int(box_4[3]))
        cut = max(x0 - 1, 0), max(y0 - 1, 0), min(x1 + 1, place.width), min(y1 + 1, place.height)
        mask_HW = np.zeros((cut[3] - cut[1], cut[2] - cut[0]), bool)
        inside_HW = mask_HW[y0 - cut[1] : y1 - cut[1], x0 - cut[0] : x1 - cut[0]]
        inside_HW[:] = whole_HW[y0:y1, x0:x1]
        return mask_HW, cut


def _anchors(graph: Graph) -> int:
    """Anchor points of an input of known size at strides 8, 16 and 32; 0: not known."""
    height, width = graph.shape[2], graph.shape[3]
    if not height or not width:
        return 0
    return sum((height // stride) * (width // stride) for stride in (8, 16, 32))
