"""The table of the targets that `make bench` measures: what, the goal, and the function.

The columns are in `bench.target`, the rows of each subject in `rows`; what measures and prints them
is `targets`.
"""

from __future__ import annotations

from edgehuman.bench import live
from edgehuman.bench.target import Target
from edgehuman.bench.targets.rows.files import FILES
from edgehuman.bench.targets.rows.people import PEOPLE
from edgehuman.bench.targets.rows.photos import PHOTOS
from edgehuman.bench.targets.rows.teachers import TEACHERS
from edgehuman.bench.targets.rows.walks import WALKS
from edgehuman.bench.targets.rows.wearables import WEARABLES

TARGETS: tuple[Target, ...] = (
    *WEARABLES,
    *PHOTOS,
    *WALKS,
    *PEOPLE,
    *live.of_hours(),
    *TEACHERS,
    *FILES,
)
