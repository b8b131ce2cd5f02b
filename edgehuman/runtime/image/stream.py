"""Photos in Python: what `edgehuman.stream` opens for a model that takes a person's image."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path

from edgehuman.errors import UsageError
from edgehuman.runtime.image.answer import answer_photo, require_answers
from edgehuman.runtime.image.results import PhotoResult, PhotoTally
from edgehuman.runtime.image.source import find_photos, name_in
from edgehuman.runtime.loop.live import LiveStream
from edgehuman.runtime.model import Model


def open_stream(model: Model, source: str | Path) -> LiveStream[PhotoResult]:
    """An answer for every photo of a folder (or the one photo), in the order of their names.

    An unreadable photo is a result too, with its reason; it does not end the stream.

    Raises:
        ArtefactError: a model whose output is no answer about a photo.
        DataError: no such folder, or no photo in it.
        UsageError: a source that is not a path.
    """
    if not isinstance(source, (str, Path)):
        raise UsageError(
            f"{model.name} reads photos, not {type(source).__name__}; give a folder of "
            "photos, or one photo"
        )
    require_answers(model)
    tally = PhotoTally()
    photos = find_photos(source)
    return LiveStream(_answers(model, Path(source), photos, tally), tally.summary)


def _answers(
    model: Model, source: Path, photos: Sequence[Path], tally: PhotoTally
) -> Generator[PhotoResult, None, None]:
    for path in photos:
        result = answer_photo(model, path, name_in(source, path))
        tally.add(result)
        yield result
