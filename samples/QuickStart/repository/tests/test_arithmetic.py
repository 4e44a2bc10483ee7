import pytest

from calculator import add, divide


@pytest.mark.parametrize(("left", "right", "total"), [(1, 2, 3), (-1, 1, 0), (0.5, 0.25, 0.75)])
def test_adds(left, right, total):
    assert add(left, right) == total


def test_divides():
    assert divide(6, 3) == 2


def test_refuses_to_divide_by_zero():
    with pytest.raises(ValueError, match="must not be zero"):
        divide(1, 0)
