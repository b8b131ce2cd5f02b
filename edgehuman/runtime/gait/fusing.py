"""Two gait models (`--fuse`): opened, each with its gallery, and what names people by both, in a
run and in `edgehuman gallery identify`.

    two = open_two("outlines", (masks, bones), (gallery, other_gallery))
    two.namer("door.mp4", hop_s=None)
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from edgehuman.errors import ArtefactError, DataError
from edgehuman.outcome import Outcome
from edgehuman.preprocess.quality import Quality
from edgehuman.records import Float32
from edgehuman.runtime.gait.bodies import Bodies
from edgehuman.runtime.gait.enrolling import OutlineTracks
from edgehuman.runtime.gait.enrolment import BodyBlocks, OutlineWalks, open_walkers
from edgehuman.runtime.gait.flags import FindingWords
from edgehuman.runtime.gait.fused import Fused
from edgehuman.runtime.gait.outlines import Outlines
from edgehuman.runtime.gait.walkers import Wanted, watching_both
from edgehuman.runtime.gallery import Gallery, read_gallery, require_same_model, threshold_for
from edgehuman.runtime.gallery.fusion import BY_JOINTS, BY_OUTLINES, Pair, fusion_for, one_sided
from edgehuman.runtime.gallery.gallery import Fusion, require_people
from edgehuman.runtime.loop.play import say
from edgehuman.runtime.loop.results import UNKNOWN
from edgehuman.runtime.model import Model, load
from edgehuman.runtime.serve.people.both import BothKeepers
from edgehuman.runtime.serve.people.enrolling import Enrolling, Tracks, keeper_for
from edgehuman.runtime.serve.people.keeper import Keeper
from edgehuman.runtime.silhouette.answer import Identifier, require_silhouettes
from edgehuman.runtime.silhouette.source import MaskWalk
from edgehuman.runtime.skeleton.answer import require_gait
from edgehuman.runtime.skeleton.enrolling import PoseTracks
from edgehuman.runtime.skeleton.shown import idle_of
from edgehuman.runtime.skeleton.walks import walks_of
from edgehuman.runtime.states import KNOWN, NOT_WALKING, NOT_YET, too_little

_log = logging.getLogger("edgehuman.runtime")
# Other people in an answer.
_SHOWN = 3


class IdentifyWords(FindingWords, Protocol):
    """What the identification by either record, and by both, is told."""

    @property
    def model(self) -> str: ...
    @property
    def gallery(self) -> Path: ...
    @property
    def fuse(self) -> str | None: ...
    @property
    def fuse_gallery(self) -> Path | None: ...
    @property
    def key(self) -> Path | None: ...
    @property
    def threshold(self) -> float | None: ...
    @property
    def on_the_spot(self) -> bool: ...
    @property
    def pose(self) -> str | None: ...
    @property
    def segmenter(self) -> str | None: ...
    @property
    def seed(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Two:
    """Attributes:
    models, galleries: of joints and of outlines.
    pair: both galleries together.
    leads: which decides where it is not known how both scores become one: 0 or 1.
    threshold: of both scores together, as it was asked for; None: calibrated.
    notify: called once for each problem.
    """

    models: tuple[Model, Model]
    galleries: tuple[Gallery, Gallery]
    pair: Pair
    leads: int
    threshold: float | None
    notify: Callable[[str], object]

    def knowing(self, which: int, gallery: Gallery) -> Two:
        """The same with another gallery of joints (0) or of outlines (1).

        Raises:
            ArtefactError: the gallery of another model.
        """
        require_same_model(gallery, self.models[which].card)
        joints, outlines = self.galleries
        galleries = (joints, gallery) if which else (gallery, outlines)
        fusion = fusion_for(galleries, self.threshold)
        pair = _pair_of(self.models, galleries, fusion, self.leads)
        return dataclasses.replace(self, galleries=galleries, pair=pair)

    def namer(self, source: str, hop_s: float | None = None, on_the_spot: bool = False) -> Fused:
        """What names the people of one source.

        Raises:
            UsageError: a hop out of range.
        """
        (bones, masks), (joints, outlines) = self.models, self.galleries
        words: dict[str, Any] = {"notify": self.notify, "on_the_spot": on_the_spot}
        return Fused(
            Bodies(bones, source, joints, hop_s, None, **words),
            Outlines(masks, source, outlines, hop_s, None, **words),
            self.pair,
        )

    def report(self) -> dict[str, Any]:
        """How the scores become one, for a summary."""
        joints, outlines = self.galleries
        fusion = self.pair.fusion
        return {
            "joints": {"model": self.models[0].name, "gallery": joints.people()},
            "outlines": {"model": self.models[1].name, "gallery": outlines.people()},
            "in_both": len({*joints.person_G} & {*outlines.person_G}),
            "share_of_joints": None if fusion is None else fusion.share,
            "threshold": None if fusion is None else fusion.threshold.score,
        }


def open_two(
    wanted: Wanted,
    models: tuple[Model, Model],
    galleries: tuple[Gallery, Gallery],
    threshold: float | None = None,
    notify: Callable[[str], object] = _log.warning,
) -> Two:
    """Two models of the same people.

    Args:
        wanted: what the first of both reads; where it is not known how both scores become one, the
            first decides.
        galleries: as the models know people, in their order.
        threshold: of both scores together; None: calibrated.

    Raises:
        ArtefactError: not one model of joints and one of outlines, or the gallery of another model.
        UsageError: a threshold outside -1 to 1, or one of scores that cannot be fused.
    """
    if wanted == "outlines":
        models, galleries = (models[1], models[0]), (galleries[1], galleries[0])
    try:
        require_gait(models[0])
        require_silhouettes(models[1])
    except ArtefactError as error:
        raise ArtefactError(f"a model of joints and one of outlines are fused; {error}") from None
    spaces = [each.card.gallery_space for each in models]
    if [each.weights_sha256 for each in galleries] == spaces[::-1]:
        raise ArtefactError(
            "the two galleries are swapped: each goes with the model that made it, --gallery with "
            "the one that is named first and --fuse-gallery with --fuse"
        )
    for model, gallery in zip(models, galleries, strict=True):
        require_same_model(gallery, model.card)
    fusion = fusion_for(galleries, threshold, notify)
    if fusion is None:
        notify(
            f"it is not known how the scores of {models[0].card.name} and {models[1].card.name} "
            f"become one: {wanted} alone decide where both are seen. Run `edgehuman gallery "
            "threshold --fuse-gallery` on both galleries with --apply"
        )
    if said := one_sided(galleries):
        notify(said)
    leads = int(wanted == "outlines")
    pair = _pair_of(models, galleries, fusion, leads)
    return Two(models, galleries, pair, leads, threshold, notify)


def _pair_of(
    models: tuple[Model, Model],
    galleries: tuple[Gallery, Gallery],
    fusion: Fusion | None,
    leads: int,
) -> Pair:
    """Both galleries, each with the threshold that holds for it alone."""
    joints, outlines = (
        threshold_for(model.card, None, gallery)
        for model, gallery in zip(models, galleries, strict=True)
    )
    return Pair(galleries, (joints, outlines), fusion, leads)


class Managed:
    """Two models whose galleries change while they name people: what a page enrols by.

    Args:
        two: as they are when the run begins.

    Attributes:
        two: as they are now.
        enrolling: who walks now, by joints and by outlines.
    """

    def __init__(self, two: Two) -> None:
        self.two = two
        self.enrolling = Enrolling(), Enrolling()
        self._namers: list[Fused] = []
        self._lock = threading.Lock()

    def add(self, namer: Fused) -> None:
        """Take the people of one more source."""
        bodies, outlines = namer.models
        tracks: tuple[Tracks, Tracks] = PoseTracks(bodies.identifier), OutlineTracks(outlines)
        for each, own in zip(self.enrolling, tracks, strict=True):
            each.add(own)
        with self._lock:
            namer.use(self.two.pair)
            self._namers.append(namer)

    def changed(self, which: int) -> None:
        """The gallery of joints (0) or of outlines (1) is another."""
        gallery = self.enrolling[which].gallery
        assert gallery is not None
        with self._lock:
            self.two = self.two.knowing(which, gallery)
            for namer in self._namers:
                namer.use(self.two.pair)

    def knows(self, name: str) -> bool:
        """Whether somebody was not forgotten meanwhile."""
        return name in self.two.pair.place

    def keepers(
        self, paths: Sequence[Path], key: Path | None, refreshed: Callable[[], object]
    ) -> BothKeepers:
        """What manages the galleries on the page.

        Args:
            paths: of joints and of outlines.
            refreshed: called after each change.

        Raises:
            UsageError: an .npz gallery.
        """

        def keeper(which: int) -> Keeper:
            def changed() -> None:
                self.changed(which)
                refreshed()

            model = self.two.models[which]
            own = paths[which], key, model, self.enrolling[which]
            return keeper_for(*own, changed, self.two.notify)

        return BothKeepers((BY_JOINTS, keeper(0)), (BY_OUTLINES, keeper(1)))


def identify_both(config: IdentifyWords, wanted: Wanted) -> Outcome:
    """`gallery identify --fuse`: name the person of each track of frames by both models.

    A track has the vector of its whole walk in each model; parts of track 7 that broke are 7, 7#2,
    7#3. Who is seen by one model alone is judged by it.

    Args:
        wanted: what the first model reads.

    Raises:
        ArtefactError: no such model or gallery, or the gallery of another model.
        DataError: an empty gallery, or nobody is seen well enough by either model.
        UsageError: a threshold outside -1 to 1.
    """
    assert config.fuse is not None
    assert config.fuse_gallery is not None
    names = (config.model, config.fuse)
    models = [load(name, threads=config.threads, seed=config.seed, notify=say) for name in names]
    paths = (config.gallery, config.fuse_gallery)
    galleries = [read_gallery(path, config.key) for path in paths]
    for path, gallery in zip(paths, galleries, strict=True):
        require_people(gallery, path)
    two = open_two(
        wanted, (models[0], models[1]), (galleries[0], galleries[1]), config.threshold, say
    )
    eyes = config.detector, config.pose, config.segmenter
    walkers = open_walkers(config, watching_both(*eyes, config.score, config.threads))
    seen = OutlineWalks(config.on_the_spot)
    missed: list[str] = []
    by_joints, by_outlines = dict[str, _Known](), dict[str, _Known]()
    blocks = BodyBlocks(walkers, seen.take)
    try:
        walks = walks_of(two.models[0], config.source, config.seconds, split=True, poses=blocks)
        by_joints = {
            name: _Known(vector, walks.quality[name], idle_of(walks.idle[name], config.on_the_spot))
            for name, vector in walks.vectors.items()
        }
    except DataError as error:
        if blocks.broken is not None:
            raise
        missed.append(f"by {BY_JOINTS} nobody can be told: {error}")
    try:
        by_outlines = _outlined(two.models[1], seen.walks(config.source))
    except DataError as error:
        missed.append(f"by {BY_OUTLINES} nobody can be told: {error}")
    tracks = dict.fromkeys([*by_joints, *by_outlines])
    if not tracks:
        raise DataError("; ".join(missed))
    for said in missed:
        say(said)
    rows = [_both_of(two, name, by_joints.get(name), by_outlines.get(name)) for name in tracks]
    data = {
        "gallery": str(config.gallery),
        "fuse_gallery": str(config.fuse_gallery),
        "source": config.source,
        "fused": two.report(),
        "tracks": rows,
        "report": walkers.report(),
    }
    return Outcome(data, "\n".join(map(_in_words, rows)))


@dataclass(frozen=True, slots=True)
class _Known:
    """What one model has seen of a track.

    Attributes:
        idle: what somebody does who does not walk; "" of who walks.
    """

    vector: Float32
    quality: Quality
    idle: str

    @property
    def lack(self) -> str:
        """Why it says nothing of who walks; empty if it does."""
        return self.idle or too_little(self.quality)


def _outlined(model: Model, walks: Sequence[MaskWalk]) -> dict[str, _Known]:
    """What outlines say of each track that has enough of them."""
    identifier, found = Identifier(model, notify=say), {}
    for walk in walks:
        with contextlib.suppress(DataError):  # too few that can be used: joints may do
            walker = identifier.embed(walk)
            found[walk.name] = _Known(walker.embed(), walker.quality(), walk.idle or "")
    return found


def _both_of(two: Two, name: str, *each: _Known | None) -> dict[str, Any]:
    """The answer for a track."""
    there = [one for one in each if one is not None]
    best = max((one.quality for one in there), key=lambda quality: quality.score)
    row: dict[str, Any] = {"id": name, "label": None, "quality": best.as_row()}
    if idle := next((one.idle for one in there if one.idle), ""):
        return {**row, "state": NOT_WALKING, "why": idle}
    usable = [one if one is not None and not one.lack else None for one in each]
    joints, outlines = (None if one is None else one.vector for one in usable)
    found = two.pair.compare(joints, outlines) if any(usable) else None
    if found is None:
        why = there[0].lack or "nobody is enrolled by what was seen"
        return {**row, "state": NOT_YET, "why": why}
    who, of_nearest = found.identity, found.of(found.identity.nearest)
    scores = dict(zip((BY_JOINTS, BY_OUTLINES), of_nearest, strict=True))
    shown = [{"label": one, "score": round(score, 5)} for one, score in who.others[:_SHOWN]]
    return {
        **row,
        "label": who.person,
        "state": UNKNOWN if who.person == UNKNOWN else KNOWN,
        "score": round(who.score, 5),
        "nearest": who.nearest,
        "others": shown,
        "by": found.by,
        "threshold": round(found.threshold, 5),
        **{by: None if score is None else round(score, 5) for by, score in scores.items()},
    }


def _in_words(row: Mapping[str, Any]) -> str:
    if row["label"] is None:
        return f"track {row['id']:<12} {row['state']}: {row['why']}"
    each = ", ".join(
        f"{by} {row[by]:.3f}" for by in (BY_JOINTS, BY_OUTLINES) if row[by] is not None
    )
    nearest = f" (nearest: {row['nearest']})" if row["label"] == UNKNOWN else ""
    score = f"{row['score']:6.3f} by {row['by']}: {each}"
    return f"track {row['id']:<12} {row['label']:<20} {score}{nearest}"
