"""Trainings of a table, each done once: a finished run is kept, a stopped one goes on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from edgehuman.outcome import Outcome

_KEPT = "outcome.json"
# A checkpoint's files by name: this module is read without torch.
_WEIGHTS, _STATE = "model.safetensors", "state.pt"


def once(
    folder: Path, words: Sequence[str], recipe: Path | None, run: Callable[[bool], Outcome]
) -> dict[str, Any]:
    """The data of a run's outcome: kept from an earlier call with the same words and recipe, or
    run now.

    Args:
        folder: of the run.
        words, recipe: what decides the result; other ones run it again from the start. No recipe:
            the words say all.
        run: does it; told whether to go on from the folder's checkpoint.

    Raises:
        KeyboardInterrupt: the run was stopped; the next call goes on.
    """
    asked = hashlib.sha256(
        json.dumps([*words, recipe.read_text() if recipe else ""]).encode()
    ).hexdigest()
    kept, begun = folder / _KEPT, folder / "asked.txt"
    same = begun.is_file() and begun.read_text() == asked
    if not (same and kept.is_file()):
        resume = same and (folder / _STATE).is_file()
        if begun.is_file() and not resume:
            # The checkpoint is one of ours, of other words: nothing is lost that was asked for.
            for name in (_WEIGHTS, _STATE):
                (folder / name).unlink(missing_ok=True)
        folder.mkdir(parents=True, exist_ok=True)
        kept.unlink(missing_ok=True)
        begun.write_text(asked)
        outcome = run(resume)
        if outcome.exit_code:
            raise KeyboardInterrupt
        kept.write_text(json.dumps(outcome.data))
    found: dict[str, Any] = json.loads(kept.read_text())
    return found


def mean_and_spread(scores: Sequence[float]) -> str:
    """Shares as percent: "87.6 ± 1.6", without a spread where there is one seed."""
    mean = 100 * sum(scores) / len(scores)
    if len(scores) == 1:
        return f"{mean:.1f}"
    square = sum((100 * score - mean) ** 2 for score in scores) / (len(scores) - 1)
    return f"{mean:.1f} ± {square**0.5:.1f}"
