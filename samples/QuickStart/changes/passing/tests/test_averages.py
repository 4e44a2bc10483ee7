import pytest

from calculator.averages import mean


def test_the_mean_of_one_value_is_that_value():
    assert mean([4]) == 4


def test_the_mean_lies_between_the_values():
    assert mean([1, 2, 6]) == 3


def test_refuses_to_average_nothing():
    with pytest.raises(ValueError, match="at least one value"):
        mean([])
