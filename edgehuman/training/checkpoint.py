"""Write checkpoints, folders that are consistent at any time, and resume from them.

    model.safetensors   the weights (the moving average, if there is one); card in the metadata
    config.toml         the full resolved config
    state.pt            everything to resume from, weights too: one file, so it is consistent
    metrics.jsonl       one JSON object per line, written as they come
    state-STEP.pt       the state of a step of --keep-at, for trainings with --trunk

Each file is written whole (`edgehuman.files`). A crash between two files leaves the
`model.safetensors` of one save beside the `state.pt` of the next: both are intact, and resuming
reads only the latter. `edgehuman.nets.checkpoint` reads the weights.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import save
from torch import Tensor

from edgehuman.card import WEIGHTS, Card, sealed_metadata
from edgehuman.config import read_table, write_toml
from edgehuman.errors import CheckpointError, TrainingError, UsageError
from edgehuman.files import require_usable_folder, writing
from edgehuman.nets.checkpoint import require_finite, sha256_of
from edgehuman.nets.finite import not_finite
from edgehuman.outcome import to_json
from edgehuman.placing import sweep, why
from edgehuman.progress import tell
from edgehuman.reading.parsers import fault_of, foreign
from edgehuman.runtime.lock import WAIT_S, locked
from edgehuman.training import schedule
from edgehuman.training.many import elastic
from edgehuman.training.settings import TrainingConfig, process_rank

CONFIG, STATE, METRICS = schedule.CONFIG, schedule.STATE, "metrics.jsonl"
VERSION = 1
"""Of `state.pt`; one without a version is of the first, whose keys were the same."""
_KEYS = ("step", "model", "optimiser", "scaler", "average", "records", "best")
_VERSION = "version"


@contextlib.contextmanager
def writing_alone(folder: Path) -> Iterator[None]:
    """Keep other trainings out of a folder for the block; remove what killed ones left half
    written. Of many processes the first holds the lock, as it alone writes.

    Raises:
        UsageError: another training writes there, or the folder cannot be written to.
    """
    if process_rank():
        yield
        return
    shown = str(folder).replace("{", "{{").replace("}", "}}")
    refusal = (
        f"--out {shown}: {{holder}} is training there; choose another --out, or end that program "
        "and continue its training with --resume"
    )
    # Of a job that torchrun started again, the one before may still be ending on another machine.
    wait_s = WAIT_S if elastic.is_started_again(folder) else 0.0
    with locked(folder / STATE, tell, wait_s=wait_s, refusal=refusal):
        for name in (WEIGHTS, CONFIG, METRICS):
            sweep(folder / name)
        yield


def require_finite_training(
    folder: Path, step: int, lr: float, weights: Mapping[str, Tensor]
) -> None:
    """Raise TrainingError before weights that hold NaN replace those of the last checkpoint."""
    if found := not_finite(weights):
        raise TrainingError(
            f"step {step}: the weights hold {found}; {folder} keeps the last good checkpoint. "
            f"Lower --lr (now {lr:g}), or check the data with `edgehuman data check`"
        )


def require_finite_scores(
    folder: Path, step: int, numbers: Mapping[str, float], select_by: str | None
) -> None:
    """Raise TrainingError for a loss, or the score that selects the checkpoint, that is not finite;
    another score may have nothing to be computed from.
    """
    for name, value in numbers.items():
        if (name == select_by or "loss" in name) and not math.isfinite(value):
            raise TrainingError(
                f"step {step}: {name} is {value}; {folder} keeps the last good checkpoint. Check "
                "the data of the people held out with `edgehuman data check`, or lower --lr"
            )


def require_finite_result(folder: Path, numbers: Mapping[str, float], what: str) -> None:
    """Raise TrainingError for a result that is not finite, before it is written on a card.

    Args:
        folder: of the trained weights, which stay.
        what: was measured, for the message.
    """
    wrong = [f"{name} is {value}" for name, value in numbers.items() if not math.isfinite(value)]
    if wrong:
        raise TrainingError(
            f"{what}: {', '.join(wrong[:3])}, so there is no result; {folder} keeps the trained "
            "weights. Check the data with `edgehuman data check`"
        )


def save_all(
    config: TrainingConfig, state: Mapping[str, Any], weights: Mapping[str, Tensor], card: Card
) -> None:
    """Write a whole checkpoint: config, state, the weights of the result, metrics.

    Raises:
        TrainingError: weights that are not finite; the last checkpoint stays.
        CheckpointError: see `save_weights`.
    """
    for each in (state["model"], weights):
        require_finite_training(config.out, state["step"], config.lr, each)
    save_config(config.out, config)
    for name in schedule.names_at(config, state["step"]):
        save_state(config.out, state, name)
    save_weights(config.out, weights, card)
    save_metrics(config.out, state["records"])


def save_weights(folder: Path, weights: Mapping[str, Tensor], card: Card) -> None:
    """Write `model.safetensors` with the card inside, which has the hash of these weights.

    Raises:
        CheckpointError: weights that are not finite, a full disk, a read-only folder; what was
            there is unchanged.
    """
    require_finite(weights, f"{folder / WEIGHTS} was not written")
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}
    metadata = sealed_metadata(card.replace(weights_sha256=sha256_of(tensors)))
    # Not its `save_file`, which leaves a temporary file of its own in the folder if it is killed.
    _write(folder / WEIGHTS, lambda path: path.write_bytes(save(tensors, metadata)))


def save_state(folder: Path, state: Mapping[str, Any], name: str = STATE) -> None:
    """Write `state.pt`, or another name, which `load_state` reads."""
    _write(folder / name, lambda path: torch.save({_VERSION: VERSION, **state}, path))


def save_config(folder: Path, config: Any) -> None:
    """Write `config.toml`: the full resolved config."""
    _write(folder / CONFIG, lambda path: write_toml(config, path))


def save_metrics(folder: Path, records: Sequence[Mapping[str, Any]]) -> None:
    """Write `metrics.jsonl`: all records of a training so far, one per line."""
    lines = "".join(to_json(record) + "\n" for record in records)
    _write(folder / METRICS, lambda path: path.write_text(lines))


def begin_metrics(folder: Path, records: Sequence[Mapping[str, Any]]) -> None:
    """Begin `metrics.jsonl`: empty, or with the records up to the state resumed from; lines that a
    killed run wrote after it are dropped, as their steps are taken again.
    """
    folder.mkdir(parents=True, exist_ok=True)
    save_metrics(folder, records)


def _write(path: Path, write: Callable[[Path], object]) -> None:
    """Raise CheckpointError if the disk is full or the folder is read-only."""
    try:
        with writing(path) as partial:
            write(partial)
    # torch reports a full disk as a RuntimeError of its writer, safetensors as its own error.
    except (OSError, RuntimeError, SafetensorError) as error:
        raise CheckpointError(
            f"cannot write {path} ({error}); the earlier checkpoint is unchanged. "
            "Free some space, or choose another --out, then continue with --resume"
        ) from error


def require_out(folder: Path, resume: bool) -> bool:
    """Check, before anything is read, that a training can write to --out; return whether it resumes
    from there: asked to, or of a job that torchrun started again.

    Raises:
        UsageError: it cannot be written to, or has a checkpoint that a new training would
            overwrite.
        CheckpointError: it has no checkpoint to resume from.
    """
    require_usable_folder(folder, f"--out {folder}")
    if resume:
        if pieces_in(folder) is None:
            _require_state(folder)
        return True
    if elastic.is_started_again(folder):
        return (folder / STATE).is_file() or pieces_in(folder) is not None
    held = [name for name in (WEIGHTS, STATE) if (folder / name).is_file()]
    if held:
        raise UsageError(
            f"--out {folder} already contains a checkpoint ({' and '.join(held)}); continue "
            "from it with --resume, or choose another --out to start again"
        )
    return False


def resumed_in_words(config: TrainingConfig, step: int) -> str:
    """The settings changed on resuming at this step, as text, or that the run is already finished;
    empty if neither.
    """
    changed = ", ".join(changed_words(config.out, config))
    if step >= config.steps:
        said = f"all {step} steps are done, so nothing is trained; raise --steps to continue"
        return f"{config.out}: {said}" + (f" (no effect: {changed})" if changed else "")
    return (
        f"{config.out}: resuming at step {step} with changed settings: {changed}" if changed else ""
    )


def changed_words(folder: Path, config: Any) -> list[str]:
    """The settings that differ from the folder's config: "--lr 0.001 -> 0.1"."""
    path = folder / CONFIG
    if not path.is_file():
        return []
    return schedule.differing(read_table(path), config, ("out", "resume"))


def load_state(folder: Path, name: str = STATE) -> dict[str, Any]:
    """Read what `save_state` wrote; only tensors and plain values are unpickled.

    Raises:
        CheckpointError: missing, damaged, of a newer version, of another step than its name says,
            or with weights that are not finite.
    """
    _require_state(folder, name)
    path = folder / name
    try:
        with path.open("rb") as stream, foreign():
            state: Any = torch.load(stream, map_location="cpu", weights_only=True)
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read ({why(error)}); mend that first") from None
    except ValueError as error:
        raise CheckpointError(
            f"{path}: {fault_of(error)}; start again with another --out"
        ) from error
    version = state.get(_VERSION, VERSION) if isinstance(state, dict) else None
    if type(version) is int and version > VERSION:
        raise CheckpointError(
            f"{path}: version {version}; this edgehuman reads up to {VERSION}: resume with the "
            "edgehuman that wrote it, or a newer one"
        )
    if type(version) is not int or version < 1 or any(key not in state for key in _KEYS):
        raise _no_state(path, f"which has {', '.join(_KEYS)}")
    if wrong := [key for key, holds in _FORM.items() if not holds(state[key])]:
        raise _no_state(path, f"as its {' and '.join(wrong)} has another form")
    schedule.require_kept_step(path, state["step"])
    held = (state["model"], state["average"], (state["best"] or {}).get("weights"))
    moments = state["optimiser"]["state"].items()
    flat = {f"{name} of weight {at}": each for at, row in moments for name, each in row.items()}
    for weights in (*held, flat):
        require_finite(weights or {}, str(path))
    return dict(state)


def require_moments(folder: Path, optimiser: torch.optim.Optimizer) -> None:
    """Raise CheckpointError for a resumed optimiser whose moments are of other weights."""
    for weight, row in optimiser.state.items():
        if not isinstance(weight, Tensor) or any(
            row[name].shape != weight.shape for name in ("exp_avg", "exp_avg_sq")
        ):
            raise _no_state(folder / STATE, "as its optimiser belongs to other weights")


def _no_state(path: Path, said: str) -> CheckpointError:
    return CheckpointError(
        f"{path}: not the state of a training, {said}; start again with another --out"
    )


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _is_weights(value: Any) -> bool:
    """Whether it is names of dense tensors with their numbers."""
    return isinstance(value, dict) and all(
        isinstance(name, str) and _is_tensor(tensor) for name, tensor in value.items()
    )


def _is_tensor(value: Any) -> bool:
    return (
        isinstance(value, Tensor)
        and value.layout == torch.strided
        and not (value.is_quantized or value.is_meta)
    )


def _is_optimiser(value: Any) -> bool:
    """Whether it has the form of an optimiser of `loop.make_optimiser`."""
    if not isinstance(value, dict) or {*value} != {"state", "param_groups"}:
        return False
    state, groups = value["state"], value["param_groups"]
    return (
        isinstance(state, dict)
        and all(isinstance(row, dict) and {*row} >= _MOMENTS for row in state.values())
        and all(_is_tensor(row[name]) for row in state.values() for name in row)
        and isinstance(groups, list)
        and all(isinstance(group, dict) for group in groups)
        and all(isinstance(group.get("params"), list) for group in groups)
        and all(_is_count(at) for group in groups for at in group["params"])
    )


def _is_scaler(value: Any) -> bool:
    """Whether it is of a scaler of gradients; empty: of one that was off."""
    if not isinstance(value, dict):
        return False
    return not value or ({*value} >= _SCALER and all(map(_is_number, value.values())))


def _is_records(value: Any) -> bool:
    """Whether it is the lines of metrics.jsonl; a score may be NaN: nothing to compute it from."""
    return isinstance(value, list) and all(
        isinstance(row, dict) and all(isinstance(each, int | float) for each in row.values())
        for row in value
    )


def _is_best(value: Any) -> bool:
    if not isinstance(value, dict) or not {*value} >= {"score", "step", "weights"}:
        return False
    return _is_number(value["score"]) and _is_count(value["step"]) and _is_weights(value["weights"])


_MOMENTS = {"step", "exp_avg", "exp_avg_sq"}
_SCALER = {"scale", "growth_factor", "backoff_factor", "growth_interval", "_growth_tracker"}
_FORM: dict[str, Callable[[Any], bool]] = {
    "step": _is_count,
    "model": _is_weights,
    "optimiser": _is_optimiser,
    "scaler": _is_scaler,
    "average": lambda value: value is None or _is_weights(value),
    "records": _is_records,
    "best": lambda value: value is None or _is_best(value),
}


def require_progress(said: Any, path: Path) -> dict[str, Any]:
    """Return what a checkpoint in pieces says of itself: step, records, best score.

    Raises:
        CheckpointError: it has another form.
    """
    best = said.get("best", ()) if isinstance(said, dict) else ()
    holds = best is None or (
        isinstance(best, dict) and _is_number(best.get("score")) and _is_count(best.get("step"))
    )
    if not (holds and all(_FORM[key](said.get(key)) for key in ("step", "records"))):
        raise _no_state(path, "as it has another form")
    return {key: said[key] for key in ("step", "records", "best")}


def pieces_in(folder: Path) -> Path | None:
    """The last complete checkpoint in pieces (`many/pieces.py`); None if there is none."""
    found = sorted(each for each in folder.glob("pieces-*") if (each / ".metadata").is_file())
    return found[-1] if found else None


def _require_state(folder: Path, name: str = STATE) -> None:
    if (folder / name).is_file():
        return
    if pieces_in(folder) is not None:
        raise CheckpointError(
            f"{folder}: its checkpoint is in the pieces of several processes; resume it under "
            "torchrun with --shard fsdp, as it was trained"
        )
    raise CheckpointError(f"{folder}: no {name} to resume from; remove --resume to start again")
