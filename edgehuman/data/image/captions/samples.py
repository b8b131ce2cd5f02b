"""Captions to calibrate and evaluate the export of a text encoder, as token ids."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edgehuman.card import Card
from edgehuman.catalogue import SIMULATED
from edgehuman.data.image.captions.sentences import require_searchable
from edgehuman.data.image.load import load_persons
from edgehuman.data.samples import Samples, unlabelled
from edgehuman.preprocess.image.bpe import Bpe
from edgehuman.tables.trainings import TEXT_REID

MOST_CAPTIONS = 2048
_SIMULATED_PEOPLE = 160


def read_samples(card: Card, data: Path | str, most: int = MOST_CAPTIONS) -> Samples:
    """Read different captions of a set's training part, as padded ids (N, S) of the card's merges.

    Args:
        most: read at most so many, evenly spread.

    Raises:
        DataError: no captions there.
    """
    few = {"people": _SIMULATED_PEOPLE, "each": 1} if str(data) == SIMULATED else {}
    persons = load_persons(data, TEXT_REID, **few)
    require_searchable(persons)
    learnt = np.flatnonzero(persons.role_N == "train")
    learnt = learnt if len(learnt) else np.arange(len(persons))
    person_of: dict[str, str] = {}
    for index in learnt.tolist():
        for caption in persons.captions[index]:
            person_of.setdefault(caption, f"{persons.dataset}:{persons.person_N[index]}")
    captions = [*person_of]
    spread = np.linspace(0, len(captions) - 1, min(len(captions), most)).astype(np.int64)
    chosen = [captions[place] for place in np.unique(spread).tolist()]
    ids_NS = Bpe(card.input.merges).padded(chosen, card.input.least)
    people = np.array([person_of[caption] for caption in chosen])
    return unlabelled(ids_NS, people, f"captions of {persons.dataset}")
