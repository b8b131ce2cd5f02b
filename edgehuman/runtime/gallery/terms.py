"""On what terms somebody is enrolled: who agreed to what and when, and for how long.

    terms = terms_of(config, config.name, is_store=True, simulated=False)

The flags are those of every `gallery enroll`. A gallery in SQLite takes nobody without a record of
consent, or the word that there is none; one in .npz has no place for it.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from edgehuman.config import require
from edgehuman.errors import UsageError
from edgehuman.runtime.loop.play import say
from edgehuman.runtime.names import one_name, require_name

DAY_S = 86_400
_MOST_DAYS = 36_500
_LONGEST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentTerms:
    """The flags of consent, retention and encryption.

    Attributes:
        consent: version of the text that the person agreed to, such as 2026-03; recorded with who
            gave it and when.
        consent_by: who gave it, if it was not the person, such as a parent (default: --name).
        consent_at: the day when it was given, YYYY-MM-DD (default: today).
        no_consent_record: enrol without a record of consent, which is said aloud.
        keep_days: forget this enrolment after so many days (default: until `gallery forget`).
        key: the gallery's key, of `gallery key` (default: EDGEHUMAN_GALLERY_KEY); a new gallery is
            encrypted with it.
    """

    HELP_GROUP: ClassVar[str] = "consent, retention and encryption"
    consent: str | None = None
    consent_by: str | None = None
    consent_at: str | None = None
    no_consent_record: bool = False
    keep_days: int | None = None
    key: Path | None = None

    def __post_init__(self) -> None:
        days = self.keep_days
        is_kept = days is None or 1 <= days <= _MOST_DAYS
        require(self, [(is_kept, "keep_days", f"from 1 to {_MOST_DAYS}")])


@dataclass(frozen=True, slots=True)
class Consent:
    """Attributes:
    by: who gave it.
    day: when, YYYY-MM-DD.
    text: version of the text that they agreed to.
    """

    by: str
    day: str
    text: str


@dataclass(frozen=True, slots=True)
class Terms:
    """Attributes:
    consent: None: not recorded.
    keep_days: None: until the person is forgotten.
    quality: of each new walk, 0 to 100, by the name of the walk.
    """

    consent: Consent | None = None
    keep_days: int | None = None
    quality: Mapping[str, int] = field(default_factory=dict)


def terms_of(flags: EnrolmentTerms, name: str, is_store: bool, simulated: bool) -> Terms:
    """The terms of an enrolment, from its flags.

    Args:
        name: of the person.
        is_store: whether the gallery can hold them.
        simulated: nobody agrees for a simulated walker.

    Raises:
        UsageError: no word on consent, or contradictory ones; a day that is none, or to come; terms
            for a gallery that cannot hold them.
    """
    given = [flags.consent_by, flags.consent_at]
    if not is_store:
        if any(each is not None for each in [flags.consent, *given, flags.keep_days, flags.key]):
            raise UsageError(
                "an .npz gallery holds no consent, no retention and is not encrypted: make one "
                "that does with `edgehuman gallery convert`, or give a new --gallery another "
                "suffix, such as known.gallery"
            )
        return Terms()
    if flags.consent is None:
        if any(each is not None for each in given):
            raise UsageError("--consent-by and --consent-at need --consent, the text's version")
        if not flags.no_consent_record and not simulated:
            raise UsageError(
                f"nothing says that {name} agreed: give --consent with the version of the text "
                "that they agreed to, or --no-consent-record"
            )
        return Terms(None, flags.keep_days)
    if flags.no_consent_record:
        raise UsageError("give --consent or --no-consent-record, not both")
    if not flags.consent_by:  # it is the person, and a wrong name is no wrong flag
        require_name(one_name(name))
    text, by = (one_name(each) for each in (flags.consent, flags.consent_by or name))
    for flag, said in (("--consent", text), ("--consent-by", by)):
        if not said or len(said) > _LONGEST or not said.isprintable():
            raise UsageError(f"{flag} is {said[:40]!r}; give 1 to {_LONGEST} printable characters")
    return Terms(Consent(by, _day_of(flags.consent_at), text), flags.keep_days)


def say_unrecorded(flags: EnrolmentTerms, name: str, notify: Callable[[str], object] = say) -> None:
    """Say aloud that somebody was enrolled without a record of consent; once it is done."""
    if flags.no_consent_record:
        notify(f"{name} is enrolled WITHOUT a record of consent, as --no-consent-record asks")


def today() -> datetime.date:
    """The day, in UTC."""
    return datetime.datetime.now(datetime.timezone.utc).date()


def _day_of(said: str | None) -> str:
    if said is None:
        return today().isoformat()
    try:
        day = datetime.date.fromisoformat(said)
    except ValueError:
        raise UsageError(f"--consent-at is {said[:40]!r}; give a day as YYYY-MM-DD") from None
    # Somewhere on earth it may be tomorrow already.
    if day > today() + datetime.timedelta(days=1):
        raise UsageError(f"--consent-at {said} is to come; give the day when they agreed")
    return day.isoformat()
