"""The judge's number, by hand: which metric it is, and what a changed answer costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from edgehuman.card import OutputSpec
from edgehuman.data.samples import Samples
from edgehuman.export.proof.judge import Judge, answers
from edgehuman.records import Float32
from tests.export.tiny import OUTPUTS, network_of, noise

VECTORS = OutputSpec("embedding", distance="cosine", dim=2)
WITHOUT_LABELS = {
    "reid": "neighbours_kept",
    "attributes": "expected_answers",
    "pose": "peak_kept",
    "simcc": "presence_kept",
    "parsing": "expected_pixels",
}


def judge_of(
    reference: Sequence[Sequence[float]], output: OutputSpec, labels: Sequence[int] = ()
) -> Judge:
    """A judge of that many samples; unlabelled by default."""
    count = len(reference)
    label_N = np.array(labels or [-1] * count)
    samples = Samples(np.zeros((count, 1), np.float32), label_N, np.full(count, "a"), "made")
    return Judge(samples, np.array(reference, np.float32), output)


def one_hot(classes: Sequence[int], count: int = 3) -> Float32:
    """Logits that pick these classes."""
    return np.eye(count, dtype=np.float32)[list(classes)]


def test_labelled_classes_are_judged_by_macro_f1() -> None:
    labels = [0, 0, 1, 1, 2, 2]
    judge = judge_of(one_hot(labels).tolist(), OutputSpec("classes", tuple("abc")), labels)
    assert judge.is_labelled
    verdict = judge.of_outputs(one_hot([0, 1, 1, 1, 2, 2]))
    # F1: a 2 x 1 x 1/2 / (3/2), b 2 x 2/3 x 1 / (5/3), c 1.
    assert verdict.metric == "macro_f1"
    assert verdict.value == pytest.approx((2 / 3 + 0.8 + 1) / 3)
    assert verdict.drop == pytest.approx(100 * (1 - verdict.value))
    assert judge.of_outputs(one_hot(labels)).drop == 0


def test_after_quantisation_aware_training_the_loss_is_counted_from_the_float_student() -> None:
    labels = [0, 0, 1, 1, 2, 2]
    trained = judge_of(
        one_hot([0, 1, 1, 1, 2, 2]).tolist(), OutputSpec("classes", tuple("abc")), labels
    )
    judge = replace(trained, student=one_hot(labels))
    verdict = judge.of_outputs(one_hot([0, 1, 1, 1, 2, 2]))
    assert (verdict.drop, verdict.parity.top1_agreement) == (0, 1)  # it is the trained network
    lost = 100 * (1 - (2 / 3 + 0.8 + 1) / 3)  # F1 as above; the student's is 1
    assert verdict.said() == {
        "metric": "macro_f1",
        "metric_value": pytest.approx((2 / 3 + 0.8 + 1) / 3),
        "metric_drop": pytest.approx(lost),
        "metric_against": "the float student",
    }
    few = judge.select(np.array([0, 2, 3, 4]))
    assert few.of_outputs(one_hot([0, 1, 1, 2])).said()["metric_drop"] == 0
    assert "metric_against" not in trained.of_outputs(one_hot(labels)).said()


@pytest.mark.parametrize(
    ("picked", "labels"),
    [
        ([0, 1, 2, 0], [-1, -1, -1, -1]),  # no label
        ([0, 1, 2, 0], [1, 1, 1, -1]),  # one class
        ([1, 2, 0, 0], [0, 1, 2, 0]),  # a network that has not learned them: F1 of 1/3
    ],
)
def test_labels_that_say_nothing_are_left_aside(picked: list[int], labels: list[int]) -> None:
    judge = judge_of(one_hot(picked).tolist(), OutputSpec("classes", tuple("abc")), labels)
    assert not judge.is_labelled
    assert judge.of_outputs(one_hot(picked)).metric == "expected_accuracy"


def test_a_flip_of_a_class_costs_what_the_network_gave_to_it() -> None:
    logits = np.log([[0.8, 0.2], [0.6, 0.4]]).tolist()
    judge = judge_of(logits, OutputSpec("classes", ("a", "b")))
    verdict = judge.of_outputs(np.log(np.array([[0.9, 0.1], [0.45, 0.55]], np.float32)))
    assert verdict.metric == "expected_accuracy"
    assert verdict.value == pytest.approx((0.8 + 0.4) / 2)
    assert verdict.drop == pytest.approx(100 * (0.6 - 0.4) / 2)


def test_two_vectors_that_changed_sides_cost_their_neighbours() -> None:
    right, up = (1.0, 0.0), (0.0, 1.0)
    judge = judge_of([right] * 6 + [up] * 6, VECTORS)
    swapped = np.array([up, *[right] * 5, right, *[up] * 5], np.float32)
    verdict = judge.of_outputs(swapped)
    assert verdict.metric == "neighbours_kept"
    # Ten keep four of five neighbours; the two that moved, none.
    assert verdict.value == pytest.approx((10 * 4 / 5 + 2 * 0) / 12)
    assert verdict.drop == pytest.approx(100 / 3)
    assert judge.of_outputs(3 * judge.reference).drop == pytest.approx(0)


def test_what_may_be_lost_depends_on_the_metric() -> None:
    classes = judge_of(one_hot([0, 1, 2]).tolist(), OutputSpec("classes", tuple("abc")))
    vectors = judge_of([[float(i), 1.0] for i in range(9)], VECTORS)
    assert classes.most_lost(None) == 0.5
    assert vectors.most_lost(None) == pytest.approx(15)
    assert (classes.most_lost(0.0), vectors.most_lost(0.0)) == (0, 0)


def test_a_first_opinion_is_of_samples_all_over_the_set() -> None:
    judge = judge_of([[float(i), 1.0] for i in range(9)], VECTORS)
    few = judge.first(3)
    assert few.reference[:, 0].tolist() == [0, 4, 8]
    assert len(few.samples) == 3
    assert len(judge.first(50).samples) == 9


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("task", OUTPUTS)
def test_without_labels_the_network_itself_is_the_judge(task: str) -> None:
    network, card = network_of(task)
    few = noise(12)
    reference = answers(network, few.array)
    verdict = Judge(few, reference, card.output).of_outputs(reference + np.float32(0))
    assert verdict.metric == WITHOUT_LABELS[task]
    assert verdict.drop == 0
    other = np.random.default_rng(1).standard_normal(reference.shape).astype(np.float32)
    worse = Judge(few, reference, card.output).of_outputs(other)
    assert worse.drop > 0


def test_the_judges_without_labels_by_hand() -> None:
    people = noise(1)
    half = np.zeros((1, 2), np.float32)
    half[0, 0] = np.log(3)
    judge = Judge(people, half, OUTPUTS["attributes"])
    assert judge.of_outputs(-half).value == pytest.approx((0.25 + 0.5) / 2)
    heat = np.array([[[[0.0, 1.0], [0.25, 0.0]]]], np.float32)
    picked = np.array([[[[0.0, 1.0], [2.0, 0.0]]]], np.float32)
    assert Judge(people, heat, OUTPUTS["pose"]).of_outputs(picked).value == 0.25
    logits = np.log(np.array([0.7, 0.2, 0.1], np.float32)).reshape(1, 3, 1, 1)
    second = np.array([0, 1, 0], np.float32).reshape(1, 3, 1, 1)
    found = Judge(people, logits, OUTPUTS["parsing"]).of_outputs(second)
    assert found.value == pytest.approx(0.2)
    assert found.drop == pytest.approx(50)
