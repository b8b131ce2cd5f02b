"""Whether terms allow commercial use: those of the catalogue, and words of others."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgehuman.catalogue import SIMULATED
from edgehuman.runtime.engine.onnx_file import read_card
from edgehuman.tables.datasets import DATASETS
from edgehuman.tables.licences import of_words, verdict, with_makers

# UCI's page and the authors' README say opposite things, and neither of them wins here.
CONTRADICT_THEMSELVES = ("uci_har", "hapt")
ORDER = ("allowed", "unknown", "forbidden")
ZOO = sorted((Path(__file__).parents[2] / "edgehuman" / "zoo").glob("*.onnx"))


@pytest.mark.parametrize("name", DATASETS)
def test_every_dataset_has_an_answer_that_its_terms_bear_out(name: str) -> None:
    row = DATASETS[name]
    judged = verdict(name, row.licence)
    assert judged.use == row.commercial
    assert judged.reason
    said = of_words(row.licence).use
    if name in CONTRADICT_THEMSELVES:
        assert (row.commercial, said) == ("unknown", "forbidden")
    elif said != "unknown" or "none stated" in row.licence:
        assert row.commercial == said
    assert row.commercial != "forbidden" or not row.weights_may_ship


def test_what_each_group_of_datasets_answers() -> None:
    found = {use: {n for n, row in DATASETS.items() if row.commercial == use} for use in ORDER}
    assert found["allowed"] == {
        "wisdm2019",
        "motionsense",
        "pamap2",
        "dsads",
        "geotec",
        "ccp",
        "cmu_walk",
    }
    assert found["unknown"] == {
        *("uci_har", "hapt", "extrasensory", "usc_had", "gait10", "coco_keypoints", "penn_fudan"),
        "fashionpedia",
    }
    assert "ask the authors" in verdict("uci_har", DATASETS["uci_har"].licence).reason


@pytest.mark.parametrize("path", ZOO, ids=lambda path: path.stem)
def test_every_row_of_a_card_that_ships_is_understood(path: Path) -> None:
    for row in read_card(path).data:
        use = verdict(row.dataset, row.licence, row.simulated).use
        real = [name for name in row.dataset.split(" + ") if name != SIMULATED]
        assert real or row.simulated, row
        # Pictures of no dataset of the catalogue state their own terms, which have to allow it.
        answers = {"allowed", *(DATASETS[name].commercial for name in real if name in DATASETS)}
        assert use == max(answers, key=ORDER.index), row


@pytest.mark.parametrize(
    ("licence", "use"),
    [
        ("MIT", "allowed"),
        ("MIT License", "allowed"),
        ("Apache License, Version 2.0", "allowed"),
        ("Apache-2.0", "allowed"),
        ("BSD-3-Clause", "allowed"),
        ("CC0 1.0", "allowed"),
        ("CC-BY-4.0", "allowed"),
        ("CC BY-SA 4.0", "allowed"),
        ("Creative Commons Attribution 4.0 International", "allowed"),
        ("own recordings", "allowed"),
        ("CC BY-NC 4.0", "forbidden"),
        ("cc-by-nc-sa-4.0", "forbidden"),
        ("Creative Commons Attribution-NonCommercial 4.0", "forbidden"),
        ("MIT, but no commercial use", "forbidden"),
        ("Any commercial use is prohibited", "forbidden"),
        ("not for any commercial purpose", "forbidden"),
        ("for non commercial purposes", "forbidden"),
        ("research only", "forbidden"),
        ("research purposes", "forbidden"),
        ("academic use only (OpenGait's README)", "forbidden"),
        ("for educational use", "forbidden"),
        ("", "unknown"),
        ("not stated", "unknown"),
        ("none stated; its page asks for citation", "unknown"),
        ("that of its pictures; ask their owner", "unknown"),
        ("CC BY-ND 4.0", "unknown"),
        ("annotations CC BY 4.0; photos under the terms of each", "unknown"),
        ("MIT for the code", "unknown"),
        ("not MIT", "unknown"),
        ("commercial use allowed", "unknown"),
        ("a word that nobody knows", "unknown"),
    ],
)
def test_words(licence: str, use: str) -> None:
    assert of_words(licence).use == use


def test_the_reason_names_the_words() -> None:
    assert of_words("CC BY-NC-ND 4.0, on request").reason == 'its terms say "CC BY-NC-ND"'
    assert of_words("not stated").reason == "its terms are not stated"
    assert of_words("as agreed").reason == 'its terms are "as agreed"'


def test_simulated_people_need_no_permission_unless_their_makers_forbid_it() -> None:
    assert of_words("that of its pictures; ask their owner", simulated=True).use == "allowed"
    assert of_words("research only", simulated=True).use == "forbidden"


@pytest.mark.parametrize(
    ("dataset", "licence", "use"),
    [
        ("psymo", "MIT", "forbidden"),  # a card that says better of it than the catalogue
        ("ccp", "that of its pictures; ask their owner", "unknown"),  # a folder of that name
        ("wisdm2019", "research only", "forbidden"),
        ("wisdm2019 + psymo", "not stated", "forbidden"),
        ("wisdm2019 + mine", "MIT", "allowed"),
        ("uci_har + mine", "MIT", "unknown"),
    ],
)
def test_the_worst_of_words_and_catalogue_counts(dataset: str, licence: str, use: str) -> None:
    assert verdict(dataset, licence).use == use


def test_simulated_windows_do_not_hide_those_of_others() -> None:
    assert verdict("psymo + simulated", "Apache-2.0", simulated=True).use == "forbidden"


TERMS = {
    "Apache-2.0": "allowed",
    "MIT License": "allowed",
    "it states no licence; ask whoever gave it before it is shipped": "unknown",
    "it states no licence; published under Apache-2.0": "allowed",
    "it states no licence; published under the terms of its maker": "unknown",
    "it states no licence; published under CC BY-NC 4.0": "forbidden",
    "its licence is AGPL-3.0 (by Ultralytics): a product, unless licensed otherwise": "unknown",
    "MIT, but for research only": "forbidden",
}


@pytest.mark.parametrize("name", ["wisdm2019", "ccp", "gait10", "psymo", "ccp + simulated"])
@pytest.mark.parametrize("first", TERMS)
@pytest.mark.parametrize("second", TERMS)
def test_the_worst_of_a_dataset_and_of_who_labelled_it_counts(
    name: str, first: str, second: str
) -> None:
    row = DATASETS[name.split(" ")[0]]
    licence = with_makers(row.licence, [f"MoveNet Thunder ({first})", f"pose, v2.onnx ({second})"])
    worst = max((row.commercial, TERMS[first], TERMS[second]), key=ORDER.index)
    # A comma in a name leaves open who the first part is.
    assert verdict(name, licence).use == max((worst, "unknown"), key=ORDER.index)
    licence = licence.replace("pose, v2", "pose")
    judged = verdict(name, licence)
    assert judged.use == worst
    assert (worst == row.commercial) or "(labels by " in judged.reason


@pytest.mark.parametrize(
    "makers",
    [
        *(
            "",
            "MoveNet",
            "(MIT)",
            "a (MIT) (AGPL-3.0)",
            "a (AGPL-3.0) (MIT)",
            "a (MIT) and b (MIT)",
        ),
        *("a (MIT", "a MIT)", "a (MIT), b", "a, b (MIT)", "a (MIT, b (MIT)", "a) (MIT), b (MIT)"),
        *("a (MIT; labels: b (MIT)", "a (MIT); labels: b (AGPL-3.0)", "a (MIT for the code)"),
    ],
)
def test_makers_whose_terms_are_not_plain_are_never_allowed(makers: str) -> None:
    assert verdict("wisdm2019", f"CC BY 4.0; labels: {makers}").use == "unknown"
    assert verdict("simulated", f"CC BY 4.0; labels: {makers}", simulated=True).use == "unknown"


@pytest.mark.parametrize("sign", [" + ", "+", "+ "])
def test_every_name_that_is_joined_is_looked_up(sign: str) -> None:
    for name, row in DATASETS.items():
        found = verdict(sign.join(("wisdm2019", name)), "MIT").use
        assert found == max((row.commercial, "allowed"), key=ORDER.index)
    # Terms that one row alone understands say nothing of another name.
    assert verdict(sign.join(("ccp", "mine")), DATASETS["ccp"].licence).use == "unknown"
    assert verdict(sign.join(("ccp", "simulated")), DATASETS["ccp"].licence).use == "allowed"
