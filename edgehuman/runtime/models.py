"""`edgehuman models`: the models that ship, then every network of the catalogue by record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from edgehuman import catalogue
from edgehuman.outcome import Outcome
from edgehuman.runtime.engine.onnx_file import read_card
from edgehuman.runtime.zoo import zoo_file, zoo_names

_KEYS = (
    *("family", "modality", "input", "task", "method"),
    *("params", "params_paper", "flops", "source"),
)


@dataclass(frozen=True, slots=True)
class ModelsConfig:
    """The models that ship with weights, then every network."""


def models(config: ModelsConfig) -> Outcome:
    """`edgehuman models`: for machines one object per network, as before the shipped models."""
    rows = [
        {"name": name, **{key: getattr(row, key) for key in _KEYS}}
        for name, row in catalogue.NETWORKS.items()
    ]
    return Outcome(rows, "\n".join([*_shipped(), *_networks(rows)]))


def _shipped() -> Iterator[str]:
    yield "Models that ship, trained; `edgehuman info zoo:NAME` shows what is inside one:"
    yield ""
    yield f"  {'name':<28}{'task':<16}{'precision':<11}{'size':>9}  measured"
    for name in zoo_names():
        path = zoo_file(name)
        card = read_card(path)
        best = card.metrics[0] if card.metrics else None
        where = "" if best is None else best.protocol.replace(":", ",").partition(",")[0]
        said = "-" if best is None else f"{best.name} {best.value:.3f} on {where}"
        size = f"{path.stat().st_size / 1e6:.1f} MB"
        yield f"  {name:<28}{card.task:<16}{card.precision.name:<11}{size:>9}  {said}"


def _networks(rows: list[dict[str, Any]]) -> Iterator[str]:
    yield ""
    yield "Networks, without weights (as a model they answer with RANDOM weights):"
    by_record: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_record.setdefault(row["input"], []).append(row)
    for record, members in by_record.items():
        yield ""
        head = f"  {record:<20}{'family':<15}{'pretrained by':<15}{'params':>11}{'MFLOPs':>9}"
        yield f"{head}  source"
        for row in members:
            yield (
                f"  {row['name']:<20}{row['family']:<15}{row['method']:<15}{row['params']:>11,}"
                f"{row['flops'] / 1e6:>9.1f}  {row['source']}"
            )
