"""Whether a licence allows commercial use, as `edgehuman export --commercial` asks it.

    verdict("psymo", "CC BY-NC-ND 4.0").use      "forbidden"

A dataset of the catalogue has its answer in its row. Other terms are read word by word, and what is
not understood is "unknown", never "allowed". What is judged is the text; it is no legal advice, and
people in photos have rights of their own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from edgehuman.tables.datasets import DATASETS, Use

_FROM_BEST: tuple[Use, ...] = ("allowed", "unknown", "forbidden")
# "Commercial use allowed" must not match, nor "MIT (Facebook Research)".
_FORBIDS = re.compile(
    r"""non[- ]?commercial
    | (?:no|not\ for|without|prohibits|forbids|excludes)(?:\ any)?\ commercial
    | commercial\ (?:use|usage|purposes?)\ (?:is\ |are\ )?(?:strictly\ )?
      (?:not|prohibited|forbidden)
    | CC[- ]BY[- ]NC[\w.-]* | \bNC\b
    | academic | education(?:al)?\ (?:use|purposes?|only)
    | (?:for|only)\ (?:\w+\ )?research | research\ (?:use|purposes?)\b | research[- ,]+only
    | personal\ use | evaluation\ only""",
    re.IGNORECASE | re.VERBOSE,
)
# The whole text: a remark beside the licence may take back what it gives.
_ALLOWS = re.compile(
    r"""(?:the\ )?
    (?:MIT|ISC|Apache|BSD(?:[- ][0-4][- ]clause)?|PDDL|ODC-BY|public\ domain
      |CC[- ]?0|CC[- ]BY(?:[- ]SA)?|Creative\ Commons\ Attribution)
    (?:[ ,-]+(?:licen[cs]e|version|international|v?\d(?:\.\d)*))*
    | none\ needed | (?:our|my|the\ user's)?\ ?own\ (?:data|recordings|pictures|walks)""",
    re.IGNORECASE | re.VERBOSE,
)
_SILENT = re.compile(r"(?:none|not|no licen[cs]e)\ (?:stated|given|known)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Attributes:
    use: whether commercial use is allowed.
    reason: in words.
    """

    use: Use
    reason: str


def verdict(dataset: str, licence: str, simulated: bool = False) -> Verdict:
    """Judge the terms of one row of a card.

    Args:
        dataset: its name on the card; several are joined by " + ".
        licence: its terms, as the card states them.
        simulated: whether its people are simulated, which needs nobody's permission.

    Returns:
        The worst of what the words and the catalogue's rows of these names say. Where the words
        are the row's own, the row alone decides.
    """
    rows = [DATASETS[name] for name in dataset.split(" + ") if name in DATASETS]
    found = [Verdict(row.commercial, row.why or _said(row.licence)) for row in rows]
    if [row.licence for row in rows] != [licence]:
        found.append(of_words(licence, simulated))
    return max(found, key=lambda each: _FROM_BEST.index(each.use))


def of_words(licence: str, simulated: bool = False) -> Verdict:
    """Judge terms by their words alone."""
    text = " ".join(licence.split())
    if forbids := _FORBIDS.search(text):
        return Verdict("forbidden", f'its terms say "{forbids[0]}"')
    if simulated:
        return Verdict("allowed", "simulated people")
    if _ALLOWS.fullmatch(text):
        return Verdict("allowed", text)
    return Verdict("unknown", _said(text))


def _said(licence: str) -> str:
    """A reason from terms, whatever they decide."""
    if forbids := _FORBIDS.search(licence):
        return f'its terms say "{forbids[0]}"'
    if not licence or _SILENT.search(licence):
        return "its terms are not stated"
    return f'its terms are "{licence}"'
