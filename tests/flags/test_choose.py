"""The flag that chooses a command's config, in the words or in the recipe."""

from __future__ import annotations

import pytest

from edgehuman import catalogue
from edgehuman.errors import UsageError
from edgehuman.flags import choose


def test_the_method_follows_from_the_network() -> None:
    for arch, row in catalogue.NETWORKS.items():
        if row.method != "none":
            method = catalogue.METHODS[row.method]
            assert choose.pretrain(["--arch", arch]) == (method.config, method.train)
    with pytest.raises(UsageError, match="has no pretraining"):
        choose.pretrain(["--arch", "imuconv_288k"])


def test_every_value_has_a_config_and_an_example_that_names_it() -> None:
    for table, chosen, command in (
        (choose.actions(catalogue.METHODS), choose.pretrain, "pretrain --method"),
        (choose.actions(catalogue.TASKS), choose.finetune, "finetune --task"),
        (choose.simulations(), choose.simulate, "data simulate --kind"),
    ):
        for value, action in table.items():
            words = action.example.split()[1:]
            assert action.example.startswith(f"edgehuman {command} {value} ")
            assert chosen(words) == (action.config, action.function)
