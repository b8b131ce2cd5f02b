"""The parity gate: the exported graph must match the network on real or simulated samples.

    parity = compare(reference_ND, candidate_ND, card.output)
    require(parity, "fp16", name)          over budget -> ParityError; nothing is written

Axes: N samples, D outputs of one sample (flattened), J joints, C labels.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman.card import OutputSpec
from edgehuman.errors import ParityError
from edgehuman.metrics.boxes.overlap import ious
from edgehuman.metrics.boxes.sets import FOUND, compare_sets
from edgehuman.metrics.crowds.outside import HEAD, chosen, is_outside
from edgehuman.metrics.garments.outside import chosen as chosen_items
from edgehuman.metrics.garments.parity import compare_items
from edgehuman.metrics.person_answers import joints_of, joints_of_simcc
from edgehuman.records import Float32, Float64, Index

RETRIEVAL_TOP = 5
LEAST_NEIGHBOURS = 0.85
"""The share of neighbours that an embedding must keep; each point under it is a point lost."""
# Samples to compare at a time, as maps are large.
_CHUNK = 32


@dataclass(frozen=True, slots=True)
class Budget:
    """The allowed error of a precision.

    Attributes:
        max_abs: largest difference of one output, per unit of the largest reference output (at
            least 1).
        cosine: minimum for each sample.
        cosine_mean: minimum of the mean over samples.
    """

    max_abs: float | None = None
    cosine: float | None = None
    cosine_mean: float | None = None


# INT8 is judged by the task metric (`--max-drop`); the cosine here only stops a broken graph.
BUDGETS = {
    "fp32": Budget(max_abs=1e-4),
    "fp16": Budget(cosine=0.999),
    "int8": Budget(cosine_mean=0.95),
}
# Of a detector: the agreement as sets (metrics/boxes/sets.py) that a precision is judged by, and
# its least share. INT8 again is judged by average precision.
SETS = {
    "fp32": ("boxes_kept", 0.999),
    "fp16": ("boxes_near", 0.98),
    "int8": ("boxes_found", 0.8),
}


MASKS = {"fp32": 0.99, "fp16": 0.95, "int8": 0.7}
"""The least `masks_kept` of a precision."""
ITEMS = {
    "items_found": {"fp32": 0.999, "fp16": 0.97, "int8": 0.7},
    "masks_kept": MASKS,
    "label_agreement": {"fp32": 0.999, "fp16": 0.99, "int8": 0.9},
}
"""The same of what people wear."""
_BOX = 5


@dataclass(frozen=True, slots=True)
class Parity:
    """The difference between a graph and its network.

    Attributes:
        samples: number compared.
        cosine: the worst sample's cosine between the two outputs; cosine_mean: their mean.
        max_abs: the largest difference of any output; scale: the largest reference output.
        top1_agreement: share of samples with the same top class (classes).
        retrieval_agreement: share of the top five ranks, over all samples as queries, with the same
            neighbour in both (embeddings).
        neighbours_kept: share of each sample's five nearest that are among its five nearest in
            both, in any order (embeddings).
        label_agreement: share of the questions (attributes), pixels (segmentation) or joints that
            are there (SimCC) with the same answer.
        joint_shift_px: mean distance that joints moved, in pixels of the input (heat maps, SimCC).
        boxes_kept, boxes_near, boxes_found: share of boxes with a partner in the other set, by
            rising tolerance: see `metrics.boxes.sets`. The cosines, `max_abs` and `scale` are then
            of the scores of partners (boxes).
        masks_kept: mean IoU of the masks of people who have a partner in the other set, by the
            square of their scores (person_parts). The cosines, `max_abs` and `scale` are then of
            the logits of the parts. Of part_attributes likewise, of all items; the cosines are
            then of boxes, and `label_agreement` of the attributes of partners.
        items_found: share of the items with a partner of the same label (part_attributes).
    """

    samples: int
    cosine: float
    cosine_mean: float
    max_abs: float
    scale: float
    top1_agreement: float | None = None
    retrieval_agreement: float | None = None
    neighbours_kept: float | None = None
    label_agreement: float | None = None
    joint_shift_px: float | None = None
    boxes_kept: float | None = None
    boxes_near: float | None = None
    boxes_found: float | None = None
    masks_kept: float | None = None
    items_found: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """As a dictionary for the card and `--json`, without the fields that do not apply."""
        return {key: value for key, value in asdict(self).items() if value is not None}


def compare(reference: Float32, candidate: Float32, output: OutputSpec) -> Parity:
    """Compare two outputs (N, ...) for the same samples.

    Raises:
        ParityError: different shapes, or numbers that are not finite.
    """
    if reference.shape != candidate.shape:
        raise ParityError(
            f"the graph outputs {candidate.shape}, but the network outputs {reference.shape}; "
            "nothing was written"
        )
    for name, array in (("network", reference), ("graph", candidate)):
        bad = int(np.sum(~np.isfinite(array)))
        if bad:
            raise ParityError(
                f"{bad} of {array.size} outputs of the {name} are not finite; nothing was written"
            )
    if output.kind == "boxes":
        return _of_sets(reference, candidate)
    if output.kind == "part_attributes":
        return _of_items(reference, candidate, len(output.labels), len(output.attributes))
    if output.kind == "person_parts":
        return _of_people(reference, candidate, len(output.labels))
    return _of_numbers(reference, candidate, output)


def _of_numbers(reference: Float32, candidate: Float32, output: OutputSpec) -> Parity:
    cosine_N, max_abs = np.empty(len(reference)), 0.0
    for start in range(0, len(reference), _CHUNK):
        here = slice(start, start + _CHUNK)
        a_ND, b_ND = _rows(reference[here]), _rows(candidate[here])
        cosine_N[here] = cosines(a_ND, b_ND)
        max_abs = max(max_abs, float(np.abs(a_ND - b_ND).max()))
    return Parity(
        samples=len(reference),
        cosine=float(cosine_N.min()),
        cosine_mean=float(cosine_N.mean()),
        max_abs=max_abs,
        scale=float(np.abs(reference).max()),
        **_agreement(reference, candidate, output),
    )


def output_error(reference: Float32, candidate: Float32, kind: str) -> float:
    """How far outputs (N, ...) of this kind are from others, to rank by: the RMS of the difference
    over that of the reference; of boxes, `error` of `metrics.boxes.sets`. People and parts are
    compared as numbers too, as who is chosen last changes little of them; and rows of which nobody
    is chosen yet.
    """
    is_set = kind == "boxes" or (kind == "part_attributes" and not is_outside(reference))
    if is_set:
        return compare_sets(reference[..., :_BOX], candidate[..., :_BOX]).error
    size = max(float(np.sqrt(np.mean(reference**2))), 1e-12)
    return float(np.sqrt(np.mean((candidate - reference) ** 2))) / size


def _of_sets(reference_NK5: Float32, candidate_NK5: Float32) -> Parity:
    """The parity of two detectors, whose boxes have no order."""
    found = compare_sets(reference_NK5, candidate_NK5)
    return Parity(
        samples=len(reference_NK5),
        cosine=float(found.cosine_N.min()),
        cosine_mean=float(found.cosine_N.mean()),
        max_abs=found.max_abs,
        scale=float(np.abs(reference_NK5[..., 4]).max()),
        boxes_kept=found.kept,
        boxes_near=found.near,
        boxes_found=found.found,
    )


def _of_people(reference_NRX: Float32, candidate_NRX: Float32, labels: int) -> Parity:
    """The parity of two networks that part people: of these as sets, of their masks and the parts.

    Shares of the masks are those of partners whose boxes overlap by half.
    """
    if is_outside(reference_NRX):
        reference_NRX, candidate_NRX = (
            chosen(each, labels) for each in (reference_NRX, candidate_NRX)
        )
    sets = _of_sets(*(each[:, :-labels, :HEAD] for each in (reference_NRX, candidate_NRX)))
    one, two = (each[:, -labels:, HEAD:] for each in (reference_NRX, candidate_NRX))
    parts = _of_numbers(one, two, OutputSpec("segmentation"))
    kept = weight = 0.0
    for one_KX, two_KX in zip(reference_NRX[:, :-labels], candidate_NRX[:, :-labels], strict=True):
        iou_KM = ious(one_KX[:, :4], two_KX[:, :4])
        partner_K = iou_KM.argmax(axis=1)
        has_K = iou_KM.max(axis=1) >= FOUND.iou
        here_KX, there_KX = one_KX[has_K, HEAD:] > 0, two_KX[partner_K[has_K], HEAD:] > 0
        either_K = (here_KX | there_KX).sum(axis=1)
        share_K = np.where(either_K > 0, (here_KX & there_KX).sum(axis=1), 1) / np.maximum(
            either_K, 1
        )
        weight_K = one_KX[has_K, 4].astype(np.float64) ** 2
        kept, weight = kept + float((share_K * weight_K).sum()), weight + float(weight_K.sum())
    return replace(
        parts,
        boxes_kept=sets.boxes_kept,
        boxes_near=sets.boxes_near,
        boxes_found=sets.boxes_found,
        masks_kept=kept / weight if weight else 1.0,
    )


def _of_items(
    reference_NKX: Float32, candidate_NKX: Float32, labels: int, attributes: int
) -> Parity:
    """The parity of two networks that say what people wear: of the boxes as sets, whatever their
    labels; of labels, masks and attributes by partners.
    """
    if is_outside(reference_NKX):
        reference_NKX, candidate_NKX = (
            chosen_items(each, labels, attributes) for each in (reference_NKX, candidate_NKX)
        )
    sets = _of_sets(*(each[..., :_BOX] for each in (reference_NKX, candidate_NKX)))
    items = compare_items(reference_NKX, candidate_NKX, attributes)
    return replace(
        sets,
        items_found=items.items,
        masks_kept=items.masks,
        label_agreement=items.attributes,
    )


def _rows(array: Float32) -> Float64:
    return array.reshape(len(array), -1).astype(np.float64)


def _agreement(a: Float32, b: Float32, output: OutputSpec) -> dict[str, float]:
    """Agreement of the answers read from the outputs, by kind of output."""
    if output.kind == "classes":
        return {"top1_agreement": float(np.mean(_rows(a).argmax(1) == _rows(b).argmax(1)))}
    if output.kind == "embedding" and len(a) > 1:
        return {
            "retrieval_agreement": retrieval_agreement(a, b, output.distance),
            "neighbours_kept": neighbours_kept(a, b, output.distance),
        }
    if output.kind == "attributes":
        return {"label_agreement": float(np.mean((a > 0) == (b > 0)))}
    if output.kind == "segmentation":
        return {"label_agreement": float(np.mean(a.argmax(axis=1) == b.argmax(axis=1)))}
    if output.kind == "heatmaps":
        gap_NJ2 = (joints_of(a) - joints_of(b))[:, :, :2]
        return {"joint_shift_px": float(np.linalg.norm(gap_NJ2, axis=2).mean())}
    if output.kind == "simcc" and output.dim:
        return _simcc_agreement(a, b, output.dim)
    return {}


def _simcc_agreement(a_NJX: Float32, b_NJX: Float32, columns: int) -> dict[str, float]:
    """Agreement about which joints are there, and how far those moved; all, if none is there."""
    gap_NJ2 = (joints_of_simcc(a_NJX, columns) - joints_of_simcc(b_NJX, columns))[..., :2]
    shift_NJ = np.linalg.norm(gap_NJ2, axis=2)
    there_NJ = a_NJX[..., -1] > 0
    chosen_NJ = there_NJ if there_NJ.any() else np.full_like(there_NJ, True)
    return {
        "joint_shift_px": float(shift_NJ[chosen_NJ].mean()),
        "label_agreement": float(np.mean(there_NJ == (b_NJX[..., -1] > 0))),
    }


def cosines(a_ND: Float64, b_ND: Float64) -> Float64:
    """Cosine of each pair of rows (N,); 1 for two rows of zeros."""
    norm_N = np.linalg.norm(a_ND, axis=1) * np.linalg.norm(b_ND, axis=1)
    same_N = np.all(a_ND == b_ND, axis=1).astype(np.float64)
    product_N = np.sum(a_ND * b_ND, axis=1)
    cosine_N: Float64 = np.divide(product_N, norm_N, out=same_N, where=norm_N > 0)
    return cosine_N


def retrieval_agreement(a: NDArray[Any], b: NDArray[Any], distance: str | None) -> float:
    """Share of the top ranks with the same neighbour, each sample queried against the others."""
    return float(np.mean(neighbours(a, distance) == neighbours(b, distance)))


def neighbours_kept(a: NDArray[Any], b: NDArray[Any], distance: str | None) -> float:
    """Share of the nearest five in one that are among the nearest five in the other."""
    a_NK, b_NK = neighbours(a, distance), neighbours(b, distance)
    return float(np.mean((a_NK[:, :, None] == b_NK[:, None]).any(axis=2)))


def neighbours(vectors: NDArray[Any], distance: str | None) -> Index:
    """The nearest five (or all, if fewer) of the other samples, nearest first: indices (N, 5)."""
    x_ND = vectors.reshape(len(vectors), -1).astype(np.float64)
    if distance != "euclidean":
        x_ND = x_ND / np.maximum(np.linalg.norm(x_ND, axis=1, keepdims=True), 1e-12)
    square_N = np.sum(x_ND**2, axis=1)
    away_NN = square_N[:, None] + square_N[None, :] - 2 * x_ND @ x_ND.T
    np.fill_diagonal(away_NN, np.inf)
    top = min(RETRIEVAL_TOP, len(x_ND) - 1)
    return np.argsort(away_NN, axis=1, kind="stable")[:, :top]


def failures(parity: Parity, precision: str) -> list[str]:
    """The exceeded budgets as text; empty if all hold."""
    if parity.items_found is not None:
        return _failures_of_items(parity, precision)
    if parity.masks_kept is not None:
        least = MASKS[precision]
        said = f"masks_kept {parity.masks_kept:.4f} is under {least}: the IoU of people's masks"
        masks = [said] if parity.masks_kept < least else []
        return [*_failures_of_sets(parity, precision), *masks, *_over_budget(parity, precision)]
    if parity.boxes_kept is not None:
        return _failures_of_sets(parity, precision)
    return _over_budget(parity, precision)


def _failures_of_items(parity: Parity, precision: str) -> list[str]:
    found = _failures_of_sets(parity, precision)
    for name, said in (
        ("items_found", "the share of items of the same label"),
        ("masks_kept", "the IoU of masks"),
        ("label_agreement", "the share of attributes with the same answer"),
    ):
        share, least = float(getattr(parity, name)), ITEMS[name][precision]
        if share < least:
            found.append(f"{name} {share:.4f} is under {least}: {said}")
    return found


def _over_budget(parity: Parity, precision: str) -> list[str]:
    budget = BUDGETS[precision]
    found = []
    if budget.max_abs is not None:
        allowed = budget.max_abs * max(1.0, parity.scale)
        if parity.max_abs > allowed:
            found.append(f"max abs {parity.max_abs:.2e} is over {allowed:.2e}")
    if budget.cosine is not None and parity.cosine < budget.cosine:
        found.append(f"the worst sample's cosine {parity.cosine:.6f} is under {budget.cosine}")
    if budget.cosine_mean is not None and parity.cosine_mean < budget.cosine_mean:
        found.append(f"the mean cosine {parity.cosine_mean:.6f} is under {budget.cosine_mean}")
    return found


def _failures_of_sets(parity: Parity, precision: str) -> list[str]:
    name, least = SETS[precision]
    share = float(getattr(parity, name))
    said = f"{name} {share:.4f} is under {least}: the share of boxes that both give"
    return [said] if share < least else []


# An engine's FP32 is TF32 on the tensor cores of a GPU, so it gets FP16's budget.
_ENGINE_BUDGET = {"fp32": "fp16", "fp16": "fp16", "int8": "int8", "int8-tensorrt": "int8"}


def engine_failures(parity: Parity, precision: str) -> list[str]:
    """The budgets that an engine of a card's precision exceeds, as text."""
    return failures(parity, _ENGINE_BUDGET.get(precision, "fp16"))


IN_THE_GRAPH = "--explain shows the first layer that diverges"


def require(parity: Parity, precision: str, name: str, advice: str = IN_THE_GRAPH) -> None:
    """Raise ParityError if parity is over the budget of a precision.

    Args:
        advice: the next step, for the message.

    Raises:
        ParityError: over budget; the message has the numbers and the advice.
    """
    broken = failures(parity, precision)
    if broken:
        raise ParityError(
            f"{name} in {precision} does not match the network on {parity.samples} samples: "
            f"{'; '.join(broken)}. "
            f"Nothing was written; {advice}"
        )
