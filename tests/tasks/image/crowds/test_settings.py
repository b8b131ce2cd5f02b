"""The settings of a parser are those of a detector, and the parts."""

from __future__ import annotations

from pathlib import Path

from edgehuman.tasks.image.crowds.settings import MultiParsingConfig
from edgehuman.tasks.image.detection.settings import DetectionConfig


def test_a_parser_has_all_that_a_detector_has(tmp_path: Path) -> None:
    config = MultiParsingConfig(out=tmp_path)
    assert isinstance(config, DetectionConfig)
    assert (config.task, config.parts, config.size) == ("multi-parsing", "all", (320, 416))
