"""The pair of gait models of the zoo has a threshold of both."""

from __future__ import annotations

from edgehuman.runtime.engine.onnx_file import read_card
from edgehuman.runtime.zoo import file_of
from edgehuman.tables.fusions import FUSIONS


def test_the_models_of_the_zoo_are_fused_without_a_gallery_of_many() -> None:
    """If a model was taught again: measure anew, as the table's docstring says."""
    spaces = tuple(
        read_card(file_of(name)).gallery_space
        for name in ("zoo:gait-skeleton", "zoo:gait-silhouette")
    )
    assert [*FUSIONS] == [spaces]
    row = FUSIONS[spaces[0], spaces[1]]
    assert 0 < row.share < 1
    assert 0 < row.threshold < 1
    assert row.people >= 60  # 3 / 60 is the 5 % of strangers that it was chosen for
