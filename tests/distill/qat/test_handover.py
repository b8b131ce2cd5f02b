from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from edgehuman.distill.qat.handover import learnt_ranges, learnt_scales, save_handover
from edgehuman.distill.qat.parity import compare
from edgehuman.export.graph import learnt
from edgehuman.export.graph.int8 import Target, quantise
from edgehuman.export.graph.sessions import open_session, run
from edgehuman.export.graph.trace import weights_sha256
from edgehuman.nets.checkpoint import load_into, read_weights
from edgehuman.training.loop import train_steps
from tests.distill.qat.nets import FAMILIES, made, traced
from tests.distill.qat.training import config, job_of, quantised


@pytest.mark.parametrize("target", ["cpu", "tensorrt"])
def test_a_trained_network_becomes_the_graph_that_it_computed_as(
    tmp_path: Path, target: Target
) -> None:
    """Trained, saved, loaded into a network of the card, traced, quantised: the same answers."""
    module = quantised(target)
    train_steps(job_of(module), config(tmp_path / "run"))
    _, card, records = made("imuconv")
    save_handover(tmp_path / "done", module, card)
    weights, _ = read_weights(tmp_path / "done")
    plain = FAMILIES["imuconv"]()[0].eval()
    load_into(plain, weights, "the checkpoint")
    found = learnt.read(tmp_path / "done", weights_sha256(plain))
    assert found is not None
    model = traced(plain, card)
    range_of, scale_of, floats = found.of_graph(model)
    assert floats == ()
    assert range_of == learnt_ranges(module)
    assert len(scale_of) == len(learnt_scales(module))
    with torch.no_grad():
        expected = module.eval()(torch.from_numpy(records)).numpy()
    graph = quantise(model, range_of, target, floats, scale_of)
    answers = run(open_session(graph), records)
    step = (expected.max() - expected.min()) / 255
    assert (np.abs(answers - expected) <= step).mean() >= 0.999
    agreement = compare(module, model, records)
    assert agreement.same >= 0.999
    # Calibrated anew, the same weights give other answers.
    steps = quantise(model, {k: (2 * a, 2 * b) for k, (a, b) in range_of.items()}, target)
    assert (np.abs(run(open_session(steps), records) - expected) <= step).mean() < 0.9
