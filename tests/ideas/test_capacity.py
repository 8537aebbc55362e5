"""The capacity bar: what is given away, and where the cut line goes."""

from ideas.capacity import BAR, Block, Capacity


def test_a_block_that_the_cut_line_goes_through_is_drawn_in_two() -> None:
    bar = Capacity(4, [Block(1, 3)], Block(3, 8), "days")
    assert [(piece.kind, piece.width, piece.label) for piece in bar.within] == [("given", 3, 3), ("would", 1, 8)]
    assert [(piece.kind, piece.width, piece.label) for piece in bar.past] == [("would", 7, "")]
    assert (bar.over, bar.over_words, bar.cut, bar.left) == (7, "7 days", "4 days", 0)


def test_what_fits_leaves_room_before_the_line() -> None:
    bar = Capacity(20, [Block(1, 3), Block(2, 5)], None)
    assert ([piece.width for piece in bar.within], bar.past, bar.free_width) == ([3, 5], [], 12)
    assert bar.headline == "8 of 20 points are given"


def test_a_long_bar_is_drawn_in_proportion_and_no_block_is_lost() -> None:
    bar = Capacity(120, [Block(1, 1), Block(2, 60)], None)
    widths = [piece.width for piece in bar.within] + [bar.free_width]
    assert min(widths) == 1
    assert max(widths) <= BAR


def test_what_is_wholly_behind_the_line_keeps_its_label() -> None:
    bar = Capacity(3, [Block(1, 3)], Block(2, 2))
    assert [(piece.number, piece.label) for piece in bar.past] == [(2, 2)]
