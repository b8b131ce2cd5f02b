"""The flags of gait models that are for frames: what finds people, which frames, and what stands
beside the run.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

from edgehuman.errors import UsageError
from edgehuman.runtime.engine.open import EngineName
from edgehuman.runtime.serve.flags import LiveFlags
from edgehuman.runtime.serve.people.sent import NamesSent


@dataclass(frozen=True, kw_only=True)
class FindingFlags:
    """Who is looked for in frames."""

    HELP_GROUP: ClassVar[str] = "of frames: videos, cameras, pictures"
    detector: str | None = None
    """What finds people: a model (default: zoo:person-detector-int8), or mog2, a fallback for a
    camera that stands: whatever moves."""
    score: float | None = None
    """People below it are left out, 0 to 1; by default as the detector's card says, or 0.5."""
    every: int = 1
    """Take every so many frames."""

    def given_finding(self) -> dict[str, bool]:
        """The flags of frames, and whether each was given."""
        return {
            "--detector": self.detector is not None,
            "--score": self.score is not None,
            "--every": self.every != 1,
        }


@dataclass(frozen=True, kw_only=True)
class FrameFlags(LiveFlags, FindingFlags):
    """What a run on frames takes besides."""

    HELP_GROUP: ClassVar[str] = "of frames: videos, cameras, pictures"
    ids: Path | None = None
    """A file that keeps the last number of a track, so that after a restart none comes again."""
    also: tuple[str, ...] = ()
    """Further sources, read at the same time; each result says its source."""
    policy: str | None = None
    """Latest (the newest frame; of a video, at its pace), all, or every-N; by default latest of
    cameras, and all of files."""

    def given_of_frames(self) -> dict[str, bool]:
        """The flags of frames, and whether each was given."""
        return {
            **self.given_finding(),
            "--ids": self.ids is not None,
            "--also": bool(self.also),
            "--policy": self.policy is not None,
            "--record": self.record is not None,
        }


@dataclass(frozen=True, kw_only=True)
class FuseFlags:
    """A second model of the same people, and whom it knows."""

    HELP_GROUP: ClassVar[str] = "of frames: videos, cameras, pictures"
    fuse: str | None = None
    """A second model, of outlines beside one of joints or the reverse, whose score of the same
    people is fused with this one's: zoo:gait-skeleton or zoo:gait-silhouette."""
    fuse_gallery: Path | None = None
    """The people as the second model knows them; --key is that of both galleries."""

    def given_of_fusing(self) -> dict[str, bool]:
        """The flags of a second model, and whether each was given."""
        return {
            "--fuse": self.fuse is not None,
            "--fuse-gallery": self.fuse_gallery is not None,
        }


class FusingWords(Protocol):
    """What a second model needs."""

    @property
    def gallery(self) -> Path | None: ...
    @property
    def fuse(self) -> str | None: ...
    @property
    def fuse_gallery(self) -> Path | None: ...


def require_fusing(words: FusingWords, eyes: str, given: str | None) -> None:
    """Raises UsageError for a second model without both galleries, or what needs one without it.

    Args:
        eyes: the flag of what gives the second model what it reads, and its value.
    """
    if words.fuse is None and given is not None:
        raise UsageError(f"{eyes} {given} is for a second model; add --fuse, or leave it out")
    if words.fuse is not None and not words.fuse.strip():
        raise UsageError(
            f"--fuse is {words.fuse!r}; give a model of gait, such as zoo:gait-skeleton, or leave "
            "it out"
        )
    if words.fuse is None and words.fuse_gallery is not None:
        raise UsageError(
            f"--fuse-gallery {words.fuse_gallery} is of a second model; add --fuse with it, such "
            "as --fuse zoo:gait-skeleton"
        )
    if words.fuse is not None and (words.gallery is None or words.fuse_gallery is None):
        missing = "--gallery" if words.gallery is None else "--fuse-gallery"
        raise UsageError(
            f"--fuse {words.fuse}: each model has a gallery of its own; add {missing} with the "
            "people as that model knows them"
        )


class FindingWords(Protocol):
    """What everything that finds people in frames for a gait model shares."""

    @property
    def source(self) -> str: ...
    @property
    def seconds(self) -> float | None: ...
    @property
    def rate_hz(self) -> float | None: ...
    @property
    def threads(self) -> int: ...
    @property
    def detector(self) -> str | None: ...
    @property
    def score(self) -> float | None: ...
    @property
    def every(self) -> int: ...


class Words(FindingWords, Protocol):
    """What the runs of gait models on frames share."""

    @property
    def model(self) -> str: ...
    @property
    def gallery(self) -> Path | None: ...
    @property
    def key(self) -> Path | None: ...
    @property
    def json(self) -> bool: ...
    @property
    def save(self) -> Path | None: ...
    @property
    def hop_s(self) -> float | None: ...
    @property
    def threshold(self) -> float | None: ...
    @property
    def engine(self) -> EngineName: ...
    @property
    def rebuild(self) -> bool: ...
    @property
    def seed(self) -> int: ...
    @property
    def ids(self) -> Path | None: ...
    @property
    def also(self) -> tuple[str, ...]: ...
    @property
    def policy(self) -> str | None: ...
    @property
    def live(self) -> LiveFlags: ...
    @property
    def sink(self) -> str | None: ...
    @property
    def sink_names(self) -> NamesSent: ...
    @property
    def on_the_spot(self) -> bool: ...
    @property
    def fuse(self) -> str | None: ...
    @property
    def fuse_gallery(self) -> Path | None: ...
    @property
    def pose(self) -> str | None: ...
    @property
    def segmenter(self) -> str | None: ...


def require_none(given: dict[str, bool], why: str) -> None:
    """Raises UsageError for the first flag that was given.

    Args:
        why: it cannot be, after the flag's name.
    """
    for flag, is_given in given.items():
        if is_given:
            raise UsageError(f"{flag} {why}. Leave it out")
