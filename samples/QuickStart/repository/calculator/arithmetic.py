def add(left: float, right: float) -> float:
    return left + right


def divide(dividend: float, divisor: float) -> float:
    if divisor == 0:
        raise ValueError("the divisor must not be zero")
    return dividend / divisor
