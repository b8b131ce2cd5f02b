"""The small network of the export's tests, for those that build engines of it."""

from __future__ import annotations

from tests.export.conftest import card, made_data, model, network, one_thread, samples, windows
from tests.export.conftest import tiny as tiny_checkpoint

__all__ = [
    "card",
    "made_data",
    "model",
    "network",
    "one_thread",
    "samples",
    "tiny_checkpoint",
    "windows",
]
