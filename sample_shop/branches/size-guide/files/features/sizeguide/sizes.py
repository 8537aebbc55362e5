"""Shoe sizes: European sizes are 2/3 cm of the last, British ones 1/3 inch from size 25 on."""

CM_PER_INCH = 2.54


def british(european: int) -> float:
    """The British size, in halves, that fits a European one."""
    inches = european * 2 / 3 / CM_PER_INCH
    return int((inches * 3 - 25) * 2) / 2


def american(european: int) -> float:
    """The American men's size: one more than the British."""
    return british(european) + 1
