"""The fitted weights explain the labels better, and what is shown of them counts right."""

import pytest

from bench.weights import FITTED, Judged, asking, believed, chances, fit, loss
from knowledge.words import Mechanism

KMS, MAK = Mechanism.VOLUME_KMS, Mechanism.VOLUME_MAK
EVEN = (1.0,) * len(FITTED)


def post(label: Mechanism, classifier: float, code: float) -> Judged:
    """A post whose classifier and code each say for KMS rather than for MAK so much."""
    return Judged({KMS: (classifier, code, 0, 0, 0), MAK: (0, 0, 0, 0, 0)}, label)


#: The code is always right, the classifier never.
POSTS = [post(KMS, -1, 1), post(MAK, 1, -1)] * 10


def test_chances_sum_to_one() -> None:
    assert sum(chances(POSTS[0], EVEN).values()) == pytest.approx(1)


def test_fitting_lowers_the_loss_and_trusts_what_is_right() -> None:
    fitted = dict(zip(FITTED, fit(POSTS, EVEN), strict=True))
    assert loss(POSTS, tuple(fitted.values())) < loss(POSTS, EVEN)
    assert fitted["code"] > fitted["classifier"]


def test_what_can_be_believed_counts_every_post_once() -> None:
    lines = list(believed(POSTS, (0.0, 2.0, 0.0, 0.0, 0.0)))[2:]
    assert [line.split("|")[2:5:2] for line in lines] == [[" 20 ", " 1.000 "]]


def test_asking_always_costs_one_step_and_is_never_wrong() -> None:
    last = list(asking(POSTS, EVEN))[-1]
    assert last == "| 0.95 | 1.000 | 0.000 | 1.000 |"
