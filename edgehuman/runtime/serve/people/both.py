"""The galleries of two models of the same people (`--fuse`), managed on a page as if they were one.

    keepers = BothKeepers(("joints", keeper), ("outlines", other_keeper))
    keepers.change(asked)["said"]

Enrolment is in both or in neither; whoever is forgotten, is in neither. What cannot be had, because
the second file fails when the first is written, is undone, or said with what is to be done.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from edgehuman.errors import DataError, EdgehumanError, UsageError
from edgehuman.runtime.names import one_name
from edgehuman.runtime.serve.people.asked import Asked, Enrol, Forget
from edgehuman.runtime.serve.people.keeper import MOST_LISTED, Keeper, counted

Named = tuple[str, Keeper]
"""A keeper, and what its model reads."""


class BothKeepers:
    """Manages two galleries; from any thread.

    Args:
        first, second: each a keeper and what its model reads.
    """

    def __init__(self, first: Named, second: Named) -> None:
        self._named = first, second

    def change(self, asked: Asked) -> dict[str, Any]:
        """Do what was asked; `said` says what was done.

        Raises:
            EdgehumanError: it was refused, and nothing was changed unless the message says so.
        """
        return self.forget(asked) if isinstance(asked, Forget) else self.enrol(asked)

    def enrol(self, asked: Enrol) -> dict[str, Any]:
        """Enrol who is on a track now in both galleries.

        Raises:
            DataError: weak evidence by one of the models, or it is somebody else's walk, or the
                second gallery failed. UsageError, ArtefactError: as of a `Keeper`.
        """
        ready, walk = [], ""
        for by, keeper in self._named:
            with _by(by):
                ready.append(keeper.ready(asked, walk))
                keeper.check(ready[-1])  # before either is written
                walk = ready[-1].walk
        (_, first), (_, second) = self._named
        written = [first.write(ready[0])]
        try:
            written.append(second.write(ready[1]))
        except EdgehumanError as error:
            raise DataError(f"{error}. {self._undone(first, second, walk)}") from None
        walks = [counted(each.people()[ready[0].name], "walk") for each in written]
        said = f"{ready[0].name} is enrolled with track {asked.track}: " + ", ".join(
            f"{many} by {by}" for many, (by, _) in zip(walks, self._named, strict=True)
        )
        remarks = [remark for each in ready for remark in each.taken.remarks]
        return {"said": "; ".join([said, *remarks])}

    @staticmethod
    def _undone(first: Keeper, second: Keeper, walk: str) -> str:
        """Take a walk out of the first gallery again; in words."""
        try:
            first.take_back(walk)
        except EdgehumanError as error:
            return (
                f"The walk {walk!r} is in {first.path} and not in {second.path}, and could not be "
                f"taken out again ({error}); `edgehuman gallery forget --walk` does"
            )
        return "Nobody was enrolled"

    def forget(self, asked: Forget) -> dict[str, Any]:
        """Remove a person with all their walks from both galleries.

        Raises:
            UsageError: nobody has the name in either. DataError: one gallery is done, and the other
                failed. UsageError, ArtefactError: as of a `Keeper`.
        """
        name, said = one_name(asked.name), list[str]()
        holding = [(by, keeper) for by, keeper in self._named if keeper.holds(name)]
        for by, keeper in holding or self._named[:1]:
            try:
                said.append(f"by {by}: {keeper.forget(asked)['said']}")
            except EdgehumanError as error:
                if not said:
                    raise
                raise DataError(
                    f"{error}. {name} is forgotten in {holding[0][1].path}, and still in "
                    f"{keeper.path}: forget them again"
                ) from None
        return {"said": ". ".join(said)}

    def listing(self, part: str = "") -> dict[str, Any]:
        """Who is in the galleries, and who may be enrolled now: by both models.

        Args:
            part: of the names that are wanted.

        Raises:
            ArtefactError, UsageError: a gallery cannot be read.
        """
        rows: dict[str, dict[str, Any]] = {}
        every = [(by, {row["name"]: row for row in keeper.rows()}) for by, keeper in self._named]
        for by, known in every:
            for name, row in known.items():
                is_alone = any(name not in other for _, other in every)
                rows.setdefault(name, {**row, "by": by} if is_alone else row)
        wanted = one_name(part).casefold()
        found = [row for row in rows.values() if wanted in row["name"].casefold()]
        names = " and ".join(keeper.path.name for _, keeper in self._named)
        counts = {"people": found[:MOST_LISTED], "found": len(found), "count": len(rows)}
        return {"gallery": names, **counts, "tracks": self._tracks()}

    def gone(self) -> set[str]:
        """Who left both galleries since this was asked last, by the page or another program."""
        left = {name for _, keeper in self._named for name in keeper.gone()}
        return {name for name in left if not any(each.holds(name) for _, each in self._named)}

    def _tracks(self) -> list[Mapping[str, Any]]:
        """The tracks that both models see, with the windows of the one that has seen less."""
        first, second = (
            {row["track"]: row for row in keeper.walking_now()} for _, keeper in self._named
        )
        return [
            min(row, second[track], key=lambda each: int(each["windows"]))
            for track, row in first.items()
            if track in second
        ]


@contextlib.contextmanager
def _by(model: str) -> Iterator[None]:
    """Say which model refuses."""
    try:
        yield
    except (DataError, UsageError) as error:
        raise type(error)(f"by {model}: {error}") from None
