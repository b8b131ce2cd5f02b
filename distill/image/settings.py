"""The configs of distilling a network of person images."""

from __future__ import annotations

from dataclasses import dataclass

from edgehuman.distill.settings import DistilFlags
from edgehuman.tasks.image.crowds.settings import MultiParsingConfig
from edgehuman.tasks.image.detection.settings import DetectionConfig
from edgehuman.tasks.image.settings import (
    AttributesConfig,
    LandmarksConfig,
    ParsingConfig,
    PoseConfig,
    ReidConfig,
)


@dataclass(frozen=True, kw_only=True)
class DistilReid(DistilFlags, ReidConfig):
    """A small network of re-identification, taught by a larger one."""


@dataclass(frozen=True, kw_only=True)
class DistilAttributes(DistilFlags, AttributesConfig):
    """A small network of attributes, taught by a larger one."""


@dataclass(frozen=True, kw_only=True)
class DistilPose(DistilFlags, PoseConfig):
    """A small network of joints, taught by a larger one."""


@dataclass(frozen=True, kw_only=True)
class DistilLandmarks(DistilFlags, LandmarksConfig):
    """A small network of the whole body's joints, taught by a larger one."""


@dataclass(frozen=True, kw_only=True)
class DistilParsing(DistilFlags, ParsingConfig):
    """A small network of body parts and clothes, taught by a larger one."""


@dataclass(frozen=True, kw_only=True)
class DistilDetection(DistilFlags, DetectionConfig):
    """A small network that finds people, taught by a larger one."""


@dataclass(frozen=True, kw_only=True)
class DistilMultiParsing(DistilFlags, MultiParsingConfig):
    """A small network that parts people, taught by a larger one."""
