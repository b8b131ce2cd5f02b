"""Which step a command runs: chosen by the record of the model on its command line.

    find_step("run", ["zoo:activity", "--source", "walk.csv"])  ->  RECORDS["ImuWindow"].run

Only the model's card is read: no engine is opened, and no other record's code is imported.
`edgehuman run`, `evaluate` and `gallery enroll|identify` choose their flags with it.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from edgehuman import catalogue
from edgehuman.card import WEIGHTS, Card, of_weights
from edgehuman.catalogue import Action
from edgehuman.errors import ArtefactError, EdgehumanError, UsageError
from edgehuman.runtime.engine.onnx_file import open_file, read_card
from edgehuman.runtime.engine.plan_file import EngineMismatchError, read_side, side_path
from edgehuman.runtime.foreign.names import is_wheel
from edgehuman.runtime.model import load
from edgehuman.runtime.zoo import FETCHED, ZOO, file_of

# Flags of every command; none takes a value.
_SWITCHES = frozenset({"json", "help"})
_FRAMES = "Frame"
"""What networks of others take that find people."""


def find_step(step: str, words: Sequence[str], recipe: Mapping[str, Any]) -> Action | None:
    """The step for the record of the model in the words, or else in the recipe; None without a
    model.

    A word is the model if no flag precedes it, or only a flag that takes no value.

    Raises:
        UsageError: no such model; its record has no such step; or a flag is for other records.
        ArtefactError, CheckpointError: the model's file is missing, foreign or corrupted.
    """
    action = _find(step, words, recipe)
    if action is not None and not {"-h", "--help"}.intersection(words):
        _require_own_flags(step, action, words)
    return action


def _require_own_flags(step: str, action: Action, words: Sequence[str]) -> None:
    """Raises UsageError for a flag that the step has for other records alone. One that it has for
    none is told of with the closest name, where the flags are read.
    """
    served = catalogue.served(step)
    given = [word.partition("=")[0] for word in words if word.startswith("--") and word != "--"]
    own = {*_SWITCHES, "recipe", *_flags(action)}
    for flag in given:
        name = flag.removeprefix("--").replace("-", "_").removeprefix("no_")
        if name in own:
            continue
        takers = [record for record, each in served.items() if name in _flags(each)]
        if takers:
            record = next(record for record, each in served.items() if each is action)
            needs = catalogue.RECORDS[record].needs
            raise UsageError(
                f"unknown flag {flag}: it is for models of {' or '.join(takers)}, and this one "
                f"takes {record}: {needs}. Leave it out; `--help` after the model lists its flags"
            )


def _find(step: str, words: Sequence[str], recipe: Mapping[str, Any]) -> Action | None:
    """The step as `find_step` returns it, whatever the flags."""
    doubtful = []
    for flag, word in _values(words):
        if not flag or flag in _SWITCHES:
            return action_of(step, word)
        action = _if_model(step, word)
        if action is not None and flag in _switches(action):
            return action
        doubtful.append((flag, word))
    if isinstance(recipe.get("model"), str):
        return action_of(step, recipe["model"])
    for flag, word in doubtful:  # `--rebuild broken.onnx`: now it is worth knowing every flag
        if any(flag in _switches(action) for action in catalogue.served(step).values()):
            return action_of(step, word)
    return None


def help_page(command: str, step: str, summary: str) -> str:
    """The text of `edgehuman run --help`: what decides the flags, and an example per record."""
    served = catalogue.served(step)
    width = max(map(len, served))
    examples = {
        record: each.example or f"edgehuman {command} MODEL" for record, each in served.items()
    }
    return "\n".join(
        [
            summary,
            "",
            f"usage: edgehuman {command} MODEL [WORDS] [--json] [--recipe FILE.toml]",
            "",
            "A model is zoo:NAME, a path, or a name from `edgehuman models` (random weights). Its",
            f"card says which record it reads, and that chooses the flags: `edgehuman {command}",
            "MODEL --help` shows those of a model. An example for each record:",
            "",
            *(f"  {record:<{width}}  {example}" for record, example in examples.items()),
        ]
    )


def action_of(step: str, model: str) -> Action:
    """The step for a model by name or path.

    Raises:
        UsageError, ArtefactError, CheckpointError: as `find_step`.
    """
    record = _FRAMES if _is_foreign_finder(step, model) else record_of(model)
    served = catalogue.served(step)
    if record in catalogue.RECORDS and record not in served:
        needs = catalogue.RECORDS[record].needs
        raise UsageError(
            f"{model}: {record} does not support {step!r}; records that do: {', '.join(served)}"
            + (f". This model takes {needs}" if needs else "")
        )
    action: Action = catalogue.step(record, step)
    return action


def _is_foreign_finder(step: str, model: str) -> bool:
    """Whether a command that finds people is given a pose estimator of another package, or an ONNX
    file without a card: a network of others, whose family is told when it is opened.

    Raises:
        ArtefactError: no ONNX file, or ours but changed.
    """
    if step == "run" and is_wheel(model):
        return True
    path = Path(model)
    is_file = step == "run" and path.suffix == ".onnx" and path.is_file()
    return is_file and not open_file(path).is_ours


def record_of(model: str) -> str:
    """The record that a model takes: from the catalogue for a catalogued name, from its row for a
    model to fetch, from the card for a file or a checkpoint folder.

    Raises:
        UsageError, ArtefactError, CheckpointError: as `find_step`.
    """
    if model in catalogue.NETWORKS:
        return catalogue.NETWORKS[model].input
    if (name := model.removeprefix(ZOO)) in FETCHED and name != model:
        return FETCHED[name].record
    path = file_of(model)
    card = _checkpoint_card(path) if path.is_dir() else _artefact_card(path)
    if card is None:
        card = load(model).card  # `load` raises the right error for what has no card
    return card.input.record


def _artefact_card(path: Path) -> Card | None:
    """The card of a model file, or of the other form of the same model beside it, which `--engine`
    and `--rebuild` may need; None if there is neither.

    Raises:
        ArtefactError: an ONNX file without a card, foreign or corrupted.
    """
    onnx, engine = path.with_suffix(".onnx"), path.with_suffix(".engine")
    if path not in (onnx, engine):
        return None
    for form in (path, onnx, engine):
        if form == onnx and onnx.is_file():
            return read_card(onnx)
        if form == engine and side_path(engine).is_file():
            with contextlib.suppress(EngineMismatchError):  # its ONNX may serve
                return read_side(engine)[1]
    return None


def _checkpoint_card(folder: Path) -> Card:
    """The card in a checkpoint's weights.

    Raises:
        ArtefactError: the folder holds no checkpoint.
        CheckpointError: damaged, or not written by edgehuman.
    """
    path = folder / WEIGHTS
    if not path.is_file():
        raise ArtefactError(
            f"{folder} holds no checkpoint (no {WEIGHTS} in it); give a model file, or the folder "
            "that a training wrote"
        )
    return of_weights(path)


def _values(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each word that is not a flag, with the flag before it; "" if that cannot take a value."""
    flag = ""
    for word in words:
        if _is_flag(word):
            name = word.lstrip("-").replace("-", "_")
            flag = "" if "=" in word or name in ("h", "") or name.startswith("no_") else name
        else:
            yield flag, word
            flag = ""


def _is_flag(word: str) -> bool:
    """Whether a word is a flag; a lone "-" (standard input) and negative numbers are not."""
    return word.startswith("--") or word == "-h"


def _if_model(step: str, word: str) -> Action | None:
    try:
        return action_of(step, word)
    except EdgehumanError:
        return None


def _switches(action: Action) -> frozenset[str]:
    """The flags of a step that take no value."""
    fields = dataclasses.fields(catalogue.load_object(action.config))
    return frozenset(field.name for field in fields if field.type in (bool, "bool"))


def _flags(action: Action) -> frozenset[str]:
    """All flags of a step."""
    return frozenset(each.name for each in dataclasses.fields(catalogue.load_object(action.config)))
