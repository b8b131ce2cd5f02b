"""Which family a network of others is of, and so what its numbers mean.

    finder = open_finder("yolo11n-pose.onnx")
    finder.find(frame_HWC)

Told by the file's metadata first (Ultralytics writes it), then by the names of the outputs, then by
the shapes. Where two families fit, it is refused: a wrong guess gives wrong boxes, not an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from edgehuman.errors import ArtefactError, UsageError
from edgehuman.runtime.engine.open import Notify, warn
from edgehuman.runtime.foreign.blazepose import BlazePose, is_blazepose
from edgehuman.runtime.foreign.found import PersonFinder
from edgehuman.runtime.foreign.graph import Graph
from edgehuman.runtime.foreign.masks import MaskNetwork, is_mask
from edgehuman.runtime.foreign.movenet import MoveNet, is_movenet
from edgehuman.runtime.foreign.rtm import Rtmo, RtmPose, is_rtmo, is_simcc
from edgehuman.runtime.foreign.selfie import Selfie, is_selfie
from edgehuman.runtime.foreign.yolo import Yolo, form_of
from edgehuman.runtime.foreign.yolox import RtmDet, YoloNasPose, YoloX, is_yolo_nas, is_yolox
from edgehuman.runtime.zoo import ZOO

_SHOWN = 120


@dataclass(frozen=True, slots=True)
class Family:
    """Attributes:
    what: it is, in words.
    fits: whether a graph may be one.
    open: the graph -> the finder.
    licence: of the weights as they were published; "": whoever trained them says.
    """

    what: str
    fits: Callable[[Graph], bool]
    open: Callable[[Graph], PersonFinder]
    licence: str = ""


FAMILIES: Mapping[str, Family] = {
    "yolo": Family(
        "YOLOv8, 11 or 26 by Ultralytics",
        lambda graph: form_of(graph) is not None,
        Yolo,
    ),
    "yolox": Family("YOLOX", lambda graph: bool(is_yolox(graph)), YoloX),
    "rtmdet": Family("RTMDet", lambda graph: is_yolox(graph) == "either", RtmDet),
    "yolo-nas-pose": Family("YOLO-NAS-pose", is_yolo_nas, YoloNasPose),
    "rtmo": Family("RTMO", is_rtmo, Rtmo),
    "rtmpose": Family("RTMPose, or another with SimCC", is_simcc, RtmPose),
    "movenet": Family("MoveNet", is_movenet, MoveNet, "Apache-2.0"),
    "blazepose": Family(
        "BlazePose's landmarks",
        is_blazepose,
        BlazePose,
        "Apache-2.0",
    ),
    "selfie": Family(
        "MediaPipe's selfie segmentation",
        is_selfie,
        Selfie,
        "Apache-2.0",
    ),
    "mask": Family(
        "a network of masks",
        lambda graph: is_mask(graph) and not is_selfie(graph),
        MaskNetwork,
    ),
}


def open_finder(
    path: Path | str, threads: int = 1, family: str | None = None, notify: Notify = warn
) -> PersonFinder:
    """Open a network of others that finds people, their joints or their masks.

    Args:
        threads: intra-op threads.
        family: what it is, a key of `FAMILIES`; None: told by the graph.
        notify: called with what it was taken for, and its licence.

    Raises:
        UsageError: an unknown family. ArtefactError: no family fits, several do, or not this one; a
            file that is no ONNX, or edgehuman's own.
        SignatureError: a signature is required, and there is none that holds.
        EngineError: onnxruntime cannot run it.
    """
    if family is not None and family not in FAMILIES:
        raise UsageError(f"unknown family {family!r}; valid: {', '.join(FAMILIES)}")
    in_zoo = str(path).startswith(ZOO)
    graph = None if in_zoo else Graph(path, threads)
    if graph is None or graph.is_ours:
        raise ArtefactError(
            f"{path} is a model of edgehuman's own, and here networks of others are taken; give "
            "the .onnx file of one, such as movenet_multipose.onnx"
        )
    name = family or _told(graph)
    chosen = FAMILIES[name]
    if family is not None and not chosen.fits(graph):
        raise ArtefactError(f"{path} is not {chosen.what}: it {_graph_said(graph)}")
    finder = chosen.open(graph)
    notify(f"{Path(path).name}: {chosen.what}; {licence_said(graph, chosen.licence)}")
    return finder


def may_be(path: Path | str, family: str) -> bool:
    """Whether a network's graph is such as those of a family.

    Raises:
        UsageError: an unknown family. ArtefactError, EngineError, SignatureError: see `Graph`.
    """
    if family not in FAMILIES:
        raise UsageError(f"unknown family {family!r}; valid: {', '.join(FAMILIES)}")
    return FAMILIES[family].fits(Graph(path))


def _told(graph: Graph) -> str:
    """The family that a graph is of.

    Raises:
        ArtefactError: none fits, or several.
    """
    if _by_ultralytics(graph) and FAMILIES["yolo"].fits(graph):
        return "yolo"
    fitting = [name for name, family in FAMILIES.items() if family.fits(graph)]
    if not fitting:
        raise ArtefactError(
            f"{graph.name} has no card, so it is a network of others, and none that is known here: "
            f"it {_graph_said(graph)}. Known: {', '.join(each.what for each in FAMILIES.values())}"
        )
    if len(fitting) > 1:
        raise ArtefactError(
            f"{graph.name} may be {' or '.join(FAMILIES[name].what for name in fitting)}: it "
            f"{_graph_said(graph)}; say which with --family {'|'.join(fitting)}"
        )
    return fitting[0]


def licence_said(graph: Graph, published: str = "") -> str:
    """What a network's metadata says of its licence, in words."""
    stated = _stated(graph)
    if "AGPL" in stated.upper() or (_by_ultralytics(graph) and not stated):
        return (
            f"its licence is AGPL-3.0 ({stated[:_SHOWN] or 'by Ultralytics'}): a product or a "
            "service that uses it has to publish its own source under the AGPL, unless it is "
            "licensed otherwise"
        )
    if stated:
        return f"its licence, by its metadata: {stated[:_SHOWN]}"
    if published:
        return f"it states no licence; published under {published}"
    return "it states no licence; ask whoever gave it before it is shipped"


def takes_one_person(finder: PersonFinder) -> bool:
    """Whether a finder needs a box, and answers for the person in it."""
    return isinstance(finder, RtmPose)


def may_take_one_person(finder: PersonFinder) -> bool:
    """Whether a finder answers for the person in a box, and without one for who is in the frame."""
    if isinstance(finder, MoveNet):
        return finder.is_single
    return isinstance(finder, (RtmPose, BlazePose, Selfie, MaskNetwork))


def _stated(graph: Graph) -> str:
    named = ("license", "licence")
    return next((text for key, text in graph.metadata.items() if key.lower() in named), "")


def _by_ultralytics(graph: Graph) -> bool:
    said = (graph.metadata.get(key, "") for key in ("author", "description", "docs"))
    return "task" in graph.metadata and "ultralytics" in " ".join(said).lower()


def _graph_said(graph: Graph) -> str:
    def shape(axes: tuple[int | None, ...]) -> str:
        return f"({', '.join('any' if axis is None else str(axis) for axis in axes)})"

    given = ", ".join(f"{name[:40]} {shape(axes)}" for name, axes in [*graph.outputs.items()][:6])
    return f"takes {graph.dtype} {shape(graph.shape)} and gives {given}"
