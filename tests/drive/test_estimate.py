"""Least squares: rows one by one or all at once say the same; outliers count less."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vettura.drive.estimate import (
    correlation,
    huber_weight,
    inverse,
    normal_equations,
    observe,
    prior,
)

numbers = st.floats(-5.0, 5.0)
rows = st.lists(st.tuples(st.tuples(numbers, numbers, numbers), numbers), min_size=1, max_size=6)


@given(rows)
def test_rows_one_by_one_and_all_at_once_give_the_same_belief(evidence):
    sds, variance = [1.0, 0.5, 2.0], 0.3
    belief = prior([0.0, 0.0, 0.0], sds)
    for row, measured in evidence:
        expected = sum(a * b for a, b in zip(row, belief.mean, strict=True))
        belief = observe(belief, row, measured - expected, variance)
    lines, values = [r for r, _ in evidence], [y for _, y in evidence]
    information, score = normal_equations(lines, values, [variance] * len(values))
    for k, sd in enumerate(sds):
        information[k][k] += 1.0 / sd**2
    covariance = inverse(information)
    mean = [sum(a * b for a, b in zip(line, score, strict=True)) for line in covariance]
    assert belief.mean == pytest.approx(mean, abs=1e-6)
    for one, other in zip(belief.covariance, covariance, strict=True):
        assert one == pytest.approx(other, abs=1e-6)
    assert all(belief.sd(k) <= sd + 1e-9 for k, sd in enumerate(sds))


def test_an_outlier_counts_less_the_farther_it_lies():
    assert huber_weight(1.0) == 1.0
    assert huber_weight(3.0) == pytest.approx(0.5)
    assert huber_weight(-30.0) == pytest.approx(0.05)


def test_correlations_lie_between_minus_one_and_one():
    assert correlation([[4.0, -2.0], [-2.0, 1.0]]) == [[1.0, -1.0], [-1.0, 1.0]]
    assert correlation([[0.0, 0.0], [0.0, 1.0]]) == [[0.0, 0.0], [0.0, 1.0]]
