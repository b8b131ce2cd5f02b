"""Whether a licence allows commercial use, as `edgehuman export --commercial` asks it.

    verdict("psymo", "CC BY-NC-ND 4.0").use      "forbidden"

A dataset of the catalogue has its answer in its row. Other terms are read word by word, and what is
not understood is "unknown", never "allowed". Who made the labels of a dataset has terms of its own,
which are judged apart (`with_makers`); the worst counts. What is judged is the text; it is no legal
advice, and people in photos have rights of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edgehuman.tables.dataset import SIMULATED
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
_LABELS = "; labels: "
# NAME (TERMS); more brackets in a name would leave open which are the terms.
_MAKER = re.compile(r"[^()]*[^()\s]\s*\((.*)\)", re.DOTALL)
# What is said of a file that states nothing, of a family of networks that its makers publish.
_PUBLISHED = re.compile(r"it states no licence; published under (.+)", re.IGNORECASE)
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
        dataset: its name on the card; several are joined by "+".
        licence: its terms, as the card states them, and those of who made the labels.
        simulated: whether its people are simulated, which needs nobody's permission.

    Returns:
        The worst of what the words and the catalogue's rows of these names say. Where the words
        are the row's own, and no other name stands there, the row alone decides.
    """
    own, *makers = licence.split(_LABELS, 1)
    names = [name.strip() for name in dataset.split("+")]
    known = [DATASETS[name] for name in names if name in DATASETS]
    found = [Verdict(row.commercial, row.why or _said(row.licence)) for row in known]
    others = [name for name in names if name not in DATASETS and name != SIMULATED]
    if others or [row.licence for row in known] != [own]:
        found.append(of_words(own, simulated))
    found += [_of_maker(maker) for text in makers for maker in _apart(text)]
    return max(found, key=lambda each: _FROM_BEST.index(each.use))


def with_makers(licence: str, makers: Sequence[str]) -> str:
    """Terms of a dataset whose labels were made by others.

    Args:
        makers: each "NAME (TERMS)".
    """
    return f"{licence}{_LABELS}{', '.join(makers)}" if makers else licence


def _apart(makers: str) -> Iterator[str]:
    """The makers, at the commas outside brackets; all as one where the brackets do not match."""
    depth, begin = 0, 0
    ends: list[tuple[int, int]] = []
    for place, sign in enumerate(makers):
        depth += (sign == "(") - (sign == ")")
        if depth < 0:
            break
        if sign == "," and not depth:
            ends.append((begin, place))
            begin = place + 1
    if depth:
        ends, begin = [], 0
    return (makers[first:last].strip() for first, last in (*ends, (begin, len(makers))))


def _of_maker(maker: str) -> Verdict:
    """Judge who made labels: by the terms in brackets alone, if nothing forbids elsewhere."""
    if _FORBIDS.search(maker):
        judged = of_words(maker)
    elif (terms := _MAKER.fullmatch(maker)) is None:
        judged = Verdict("unknown", "its terms are not stated")
    else:
        judged = of_words(terms[1])
    name = maker.partition("(")[0].strip() or "nobody named"
    return Verdict(judged.use, f"{judged.reason} (labels by {name})")


def of_words(licence: str, simulated: bool = False) -> Verdict:
    """Judge terms by their words alone."""
    text = " ".join(licence.split())
    if forbids := _FORBIDS.search(text):
        return Verdict("forbidden", f'its terms say "{forbids[0]}"')
    if simulated:
        return Verdict("allowed", "simulated people")
    if _ALLOWS.fullmatch(text):
        return Verdict("allowed", text)
    if (published := _PUBLISHED.fullmatch(text)) and _ALLOWS.fullmatch(published[1]):
        return Verdict("allowed", f"{published[1]}, under which its kind is published")
    return Verdict("unknown", _said(text))


def _said(licence: str) -> str:
    """A reason from terms, whatever they decide."""
    if forbids := _FORBIDS.search(licence):
        return f'its terms say "{forbids[0]}"'
    if not licence or _SILENT.search(licence):
        return "its terms are not stated"
    return f'its terms are "{licence}"'
