"""Activity recognition from wearable windows: fine-tuning, linear probe, and training from scratch.

    edgehuman finetune --task activity --data uci_har.npz --weights runs/mae --out runs/tuned
    edgehuman finetune --mode probe --data uci_har.npz --weights runs/mae --out runs/probe
    edgehuman finetune --task activity --data uci_har.npz --out runs/scratch      (no --weights)

The checkpoint and the temperature are chosen on held-out training people, the probe's
regularisation by folds over the training people; the test people are read once, at the end.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from contextlib import nullcontext

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from edgehuman.card import IMU_INPUT, Card, Decision, OutputSpec, TrainingData
from edgehuman.catalogue import IN_MEMORY, SIMULATED
from edgehuman.data.imu.ledger import data_rows
from edgehuman.data.imu.load import is_simulated, load_recordings
from edgehuman.data.memory import sets_in_memory
from edgehuman.metrics.calibration import expected_calibration_error, fit_temperature, softmax
from edgehuman.metrics.classification import accuracy, auroc, confusion, scored_macro_f1
from edgehuman.metrics.energy import energy_of, least_energy
from edgehuman.metrics.placements import of_classes
from edgehuman.nets.building import build, count_params, size_of
from edgehuman.nets.checkpoint import read_card
from edgehuman.outcome import Outcome
from edgehuman.pictures.confusion import draw_confusion
from edgehuman.preprocess.imu.naming import EITHER, read_naming
from edgehuman.preprocess.imu.upright import turn_each
from edgehuman.progress import tell
from edgehuman.records import IMU_WINDOW, Float32, Float64, Index, WindowSet
from edgehuman.tasks.finetune import (
    Decided,
    Judge,
    Measured,
    Training,
    TrainingSamples,
    Work,
    answer_of,
    judged,
    start_from,
)
from edgehuman.tasks.imu.classifier import (
    Classifier,
    placed,
    require_classes,
    uprights,
)
from edgehuman.tasks.imu.decision import choose_decision, hops_of
from edgehuman.tasks.imu.drawing import drawing, window_names
from edgehuman.tasks.imu.mounting import inherited, usual_axis
from edgehuman.tasks.imu.probe import fit_probe
from edgehuman.tasks.imu.settings import DEFAULT_ARCH, ActivityConfig, read_placements
from edgehuman.tasks.imu.splits import LabelledSplits, allowed, join, labelled_splits
from edgehuman.training import checkpoint
from edgehuman.training.imu.augment import FACING, UPRIGHT, WORN
from edgehuman.training.ledger import commit, versions
from edgehuman.training.settings import process_rank

FRAMES = {"worn": WORN, "upright": UPRIGHT, "facing": FACING}


def predict_logits(
    network: nn.Module, imu_NTC: Float32, placements: int = 0, chunk: int = 512
) -> Float32:
    """Return logits (N, K) of windows (N, T, 6), in eval mode; (0, 0) for no windows.

    Args:
        placements: how many the network tells together with the classes.
    """
    if not len(imu_NTC):
        return np.empty((0, 0), np.float32)
    answer = answer_of(network)
    starts = range(0, len(imu_NTC), chunk)
    output_NO = np.concatenate([answer(imu_NTC[start : start + chunk]) for start in starts])
    return of_classes(output_NO, placements)


def scores(logits_NK: Float32, label_N: Index, temperature: float = 1.0) -> dict[str, float]:
    """Return macro-F1, accuracy, calibration error and AUROC (of two classes or more) of logits
    against labels.

    Macro-F1 is over the classes that have windows: a set need not have all that a model tells.
    """
    predicted_N = logits_NK.argmax(1)
    prob_NK = softmax(logits_NK / temperature)
    found = {
        "macro_f1": scored_macro_f1(label_N, predicted_N, logits_NK.shape[1]),
        "accuracy": accuracy(label_N, predicted_N),
        "ece": expected_calibration_error(prob_NK, label_N),
    }
    if len(np.unique(label_N)) > 1:
        found["auroc"] = auroc(prob_NK, label_N)
    return found


def block_scale(network: nn.Module, decay: float) -> Mapping[str, float]:
    """Return learning-rate factors by parameter: 1 at the head, times `decay` per block below."""
    blocks = len(getattr(network, "blocks", ()))
    factor = {}
    for name, _ in network.named_parameters():
        parts = name.split(".")
        if parts[0] == "blocks":
            depth = int(parts[1])
        else:
            depth = blocks if parts[0] in ("norm", "head") else -1
        factor[name] = decay ** (blocks - depth)
    return factor


def _training(
    config: ActivityConfig, splits: LabelledSplits, network: nn.Module, card: Card
) -> Training:
    """Return the training of all weights."""
    learn = join(splits.learn)
    draw = drawing(config, splits)
    allowed_MK = splits.allowed_MK
    imu_NTC, label_N = torch.from_numpy(learn.imu_NTC), torch.from_numpy(learn.label_N)
    place_NP = torch.from_numpy(placed(learn, read_placements(config.placements)))
    upright_N33 = _upright(config, splits)
    counts = [len(windows) for windows in splits.learn]
    frame = [FRAMES[name] for name in config.frames or ["worn"] * len(counts)]
    frame_N = torch.from_numpy(np.repeat(frame, counts))
    factor = block_scale(network, config.layer_decay)

    def batch_of(index_B: Index) -> tuple[Tensor, ...]:
        chosen = torch.from_numpy(index_B)
        turns = () if upright_N33 is None else (upright_N33[chosen], frame_N[chosen])
        return imu_NTC[chosen], label_N[chosen], place_NP[chosen], *turns

    def select(product: nn.Module) -> dict[str, float]:
        logits_NK = predict_logits(product, splits.select.imu_NTC, len(config.placements))
        return scores(logits_NK, splits.select.label_N)

    return Training(
        network=network,
        card=card,
        learner=lambda inner: Classifier(inner, config, allowed_MK, splits.labels),
        batches=nullcontext(lambda step, place: batch_of(draw(step, place))),
        select=select if len(splits.select) else None,
        select_by="macro_f1",
        lr_scale=lambda name: factor[name.removeprefix("network.")],
        name=f"activity {config.arch}",
        samples=TrainingSamples(
            window_names(splits.learn), draw, lambda index_B, rng: batch_of(index_B)
        ),
    )


def _upright(config: ActivityConfig, splits: LabelledSplits) -> Tensor | None:
    """Return each training window's rotation into its wearer's frame (N, 3, 3), if it is needed."""
    require_classes("--upright-by", config.upright_by, splits.labels)
    if not config.upright_share + config.facing_share:
        return None
    upright_M = _upright_labels(config, splits.learn[0].labels)
    return torch.from_numpy(uprights(splits.learn, upright_M))


def _decide(
    config: ActivityConfig,
    splits: LabelledSplits,
    select_NK: Float32,
    select_N: Index,
    known: list[Float64],
) -> Decision:
    """Fit temperature and least energy on the people held out, or take the decision of
    `config.selected`.

    Args:
        known: energies of what is answered rightly, set by set.
    """
    axes = read_placements(config.placements).axes
    if config.upright_by and not axes:
        axes = usual_axis(splits.learn[0], config.upright_by)
    start = dataclasses.replace(_inherited(config), upright=config.upright_by, upright_axes=axes)
    if len(select_N):
        temperature = fit_temperature(select_NK, select_N)
        energy = least_energy(known, config.reject_share)
        return dataclasses.replace(start, temperature=temperature, energy=energy)
    if config.selected is not None:
        return read_card(config.selected).decision
    tell(
        "nobody is held out of the training people, so no temperature is fitted and nothing is "
        "called unknown; for both give more people, or --select-share above 0"
    )
    return start


def _inherited(config: ActivityConfig) -> Decision:
    """The smoothing of the model that the training starts from, if it answers on a stream."""
    if config.weights is None:
        return Decision()
    found = read_card(config.weights).decision
    kept = {name: getattr(found, name) for name in ("smoothing", "delay_s", "stay", "hop_s")}
    return Decision(**kept)


def _known_energies(
    config: ActivityConfig, splits: LabelledSplits, network: nn.Module
) -> list[Float64]:
    """Energies of the rightly answered windows of people who taught the network nothing: those held
    out, and other datasets' test people, in the frame that a stream learns.
    """
    sets = [windows for windows in (splits.select, *splits.others) if len(windows)]
    found = []
    for windows in sets:
        imu_NTC = windows.imu_NTC
        if config.upright_by:
            upright_M = _upright_labels(config, windows.labels)
            imu_NTC = turn_each(imu_NTC, uprights([windows], upright_M))
        logits_NK = predict_logits(network, imu_NTC, len(config.placements))
        right_N = allowed(windows.labels, splits.labels)[windows.label_N, logits_NK.argmax(axis=1)]
        found.append(energy_of(logits_NK[right_N]))
    return found


def _upright_labels(config: ActivityConfig, names: tuple[str, ...]) -> NDArray[np.bool_]:
    """Which of the names are classes in which a wearer is upright and moves."""
    return np.array([set(name.split(EITHER)) <= set(config.upright_by) for name in names])


def _decide_on_stream(
    config: ActivityConfig,
    splits: LabelledSplits,
    network: nn.Module,
    card: Card,
    known: list[Float64],
) -> Decision:
    """Choose smoothing, least energy and threshold on the continuous recordings of the people held
    out.
    """
    people = set(splits.select.subject_N.tolist())
    stretches = [
        hops_of(recording, card, answer_of(network))
        for recording in load_recordings(str(config.stream_data), format=config.format)
        if recording.subject in people and len(recording.imu_TC) >= IMU_WINDOW
    ]
    shares = [config.reject_share / parts for parts in (1, 2, 4, 8)]
    energies = [one for one in (least_energy(known, share) for share in shares) if one is not None]
    return choose_decision(card.decision, stretches, splits.labels, config.delay_s, energies)


def _judge(
    config: ActivityConfig,
    splits: LabelledSplits,
    unseen: tuple[Float32, Index] | None = None,
) -> Judge:
    """Return how this training is judged.

    Args:
        unseen: logits and labels of people that the head was not fitted on; by default those of
            the people held out.
    """

    def decide(network: nn.Module, card: Card) -> Decided:
        select_NK, select_N = unseen or (
            predict_logits(network, splits.select.imu_NTC, len(config.placements)),
            splits.select.label_N,
        )
        known: list[Float64] = []
        if unseen is not None:
            known = [energy_of(select_NK[select_NK.argmax(axis=1) == select_N])]
        elif config.reject_share and len(select_N):
            known = _known_energies(config, splits, network)
        decision = _decide(config, splits, select_NK, select_N, known)
        if config.stream_data is not None and len(splits.select):
            card = card.replace(decision=decision)
            decision = _decide_on_stream(config, splits, network, card, known)
        found = scores(select_NK, select_N, decision.temperature) if len(select_N) else None
        data = {
            "mode": config.mode,
            "temperature": decision.temperature,
            "labels": list(splits.labels),
            "simulated": SIMULATED in config.data,
            "selection": found,
            "decision": dataclasses.asdict(decision),
        }
        card = card.replace(decision=decision)
        said = f"{config.out}: {config.arch}, {card.recipe.removeprefix('activity ')}"
        return Decided(card, data, said)

    def test(network: nn.Module, card: Card) -> Measured:
        test_NK = predict_logits(network, splits.test.imu_NTC, len(config.placements))
        people = len(np.unique(splits.test.subject_N))
        protocol = f"{' + '.join(splits.test.dataset)}, {len(splits.test)} windows of {people} "
        protocol += "test people"
        matrix = confusion(splits.test.label_N, test_NK.argmax(1), len(splits.labels))
        draw_confusion(matrix, splits.labels, config.out / "confusion.png", protocol)
        return Measured(
            metrics=scores(test_NK, splits.test.label_N, card.decision.temperature),
            protocol=protocol,
            data={"confusion": matrix.tolist()},
            names={"macro_f1": "macro-F1", "ece": "calibration error", "auroc": "AUROC"},
        )

    return Judge(decide, test)


def _card(
    config: ActivityConfig,
    splits: LabelledSplits,
    network: nn.Module,
    ancestors: tuple[TrainingData, ...],
) -> Card:
    arch = config.arch or DEFAULT_ARCH
    places = read_placements(config.placements).names
    output = OutputSpec("classes", labels=splits.labels, placements=places)
    return Card(
        name=f"{arch} for activity",
        task="activity",
        arch=arch,
        params=count_params(network),
        flops=size_of(arch, network, IMU_INPUT)[1],
        input=IMU_INPUT,
        output=output,
        data=(
            *ancestors,
            *data_rows(splits.learn, "training"),
            *data_rows([splits.select] if len(splits.select) else [], "selection"),
        ),
        recipe=f"activity {config.mode}",
        commit=commit(),
        versions=versions(),
    )


def train(config: ActivityConfig, data: WindowSet | Sequence[WindowSet] | None = None) -> Outcome:
    """Run `edgehuman finetune --task activity`; write the checkpoint to `config.out`.

    Args:
        data: labelled windows in memory, in the place of `config.data`; of several sets the first
            says the labels and who is tested.

    Raises:
        UsageError, DataError, CheckpointError, TrainingError: see the functions it calls.
    """
    config, splits, network, card = _ready(config, data)
    if config.mode == "finetune":
        return _work(config, splits, network, card).run()
    known = join(splits.learn)
    unseen_NK = fit_probe(network, known)
    if not process_rank():
        checkpoint.save_config(config.out, config)
    return judged(config, network, card, _judge(config, splits, (unseen_NK, known.label_N)))


def prepare(config: ActivityConfig, data: WindowSet | Sequence[WindowSet] | None = None) -> Work:
    """Return the training of all weights that `train` would run.

    Raises:
        UsageError, DataError, CheckpointError: see the functions it calls.
    """
    return _work(*_ready(config, data))


def _work(config: ActivityConfig, splits: LabelledSplits, network: nn.Module, card: Card) -> Work:
    return Work(config, _training(config, splits, network, card), _judge(config, splits))


def _ready(
    config: ActivityConfig, data: WindowSet | Sequence[WindowSet] | None
) -> tuple[ActivityConfig, LabelledSplits, nn.Module, Card]:
    """Read the data and build the network."""
    start = start_from(config, "activity", DEFAULT_ARCH)
    config = dataclasses.replace(config, arch=start.arch)
    given = None if data is None else sets_in_memory(data, WindowSet)
    if given is not None:
        config = dataclasses.replace(config, data=(IN_MEMORY,) * len(given))
    if any(is_simulated(path) for path in config.data):
        tell("the training data includes simulated data (edgehuman's walker)")
    select_share = 0.0 if config.mode == "probe" else config.select_share
    naming = read_naming(config.map, "--map")
    splits = labelled_splits(
        config.data,
        config.hop,
        select_share,
        given=given,
        labels=config.labels,
        naming=naming,
        format=config.format,
    )
    config = inherited(config, start.learned, splits.labels)
    outputs = max(1, len(config.placements)) * len(splits.labels)
    network = build(start.arch, config.seed, num_classes=outputs, dropout=config.dropout)
    card = _card(config, splits, network, start.load_into(network))
    return config, splits, network, card
