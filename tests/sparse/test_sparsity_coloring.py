"""Colorings: valid by their definition, and near the smallest possible, by brute force."""

import itertools

import numpy as np
import pytest

scipy_sparse = pytest.importorskip("scipy.sparse", reason="sparse derivatives need scipy")
from admodes.sparse.coloring import (  # noqa: E402
    UNSWEPT,
    both_colors,
    column_colors,
    groups,
    row_colors,
    smallest_last,
    star_colors,
)

SEEDS = range(60)


def random_pattern(seed, symmetric=False):
    rng = np.random.default_rng(seed)
    m, n = rng.integers(1, 7, 2)
    dense = rng.random((n if symmetric else m, n)) < rng.uniform(0.1, 0.7)
    if symmetric:
        dense |= dense.T
    return scipy_sparse.csr_array(dense), dense


def count(colors):
    return int(max(colors, default=-1)) + 1


def columns_differ(dense, colors):
    """No row has two entries in columns of one color."""
    return all(
        dense[:, [j for j in range(dense.shape[1]) if colors[j] == c]].sum(1).max(initial=0) <= 1
        for c in set(colors)
    )


def is_star(dense, colors):
    """Neighbours differ, and every path of four vertices has three colors: by all four-tuples."""
    n = len(dense)
    off = dense & ~np.eye(n, dtype=bool)
    if any(off[i, j] and colors[i] == colors[j] for i in range(n) for j in range(n)):
        return False
    return not any(
        off[a, b] and off[b, c] and off[c, d] and len({colors[v] for v in (a, b, c, d)}) < 3
        for a, b, c, d in itertools.permutations(range(n), 4)
    )


def smallest(n, valid):
    """The least number of colors of a valid coloring, by trying all."""
    for k in range(1, n + 1):
        for rest in itertools.product(range(k), repeat=n - 1):
            if valid((0, *rest)):
                return k
    return n


def recovered(dense, found):
    """Whether each entry is alone in a sum of columns of one color in its row, or of rows in its
    column, as it is assigned."""
    m, n = dense.shape
    for i, j in zip(*np.nonzero(dense), strict=True):
        if found.rows[i] != UNSWEPT:
            rivals = [k for k in range(m) if dense[k, j] and found.rows[k] == found.rows[i]]
            alone = rivals == [i]
        else:
            rivals = [k for k in range(n) if dense[i, k] and found.columns[k] == found.columns[j]]
            alone = rivals == [j] and found.columns[j] != UNSWEPT
        if not alone:
            return False
    return True


def test_column_colors_are_valid_and_near_the_minimum():
    over = 0
    for seed in SEEDS:
        pattern, dense = random_pattern(seed)
        colors = column_colors(pattern)
        assert columns_differ(dense, colors)
        least = smallest(dense.shape[1], lambda c, dense=dense: columns_differ(dense, c))
        assert count(colors) >= least
        over += count(colors) - least
    assert over <= 1


def test_row_colors_are_the_column_colors_of_the_transpose():
    for seed in SEEDS:
        pattern, dense = random_pattern(seed)
        assert columns_differ(dense.T, row_colors(pattern))


def test_star_colors_are_valid_and_near_the_minimum():
    over = 0
    for seed in SEEDS:
        pattern, dense = random_pattern(seed, symmetric=True)
        colors = star_colors(pattern)
        assert is_star(dense, colors)
        least = smallest(len(dense), lambda c, dense=dense: is_star(dense, c))
        assert count(colors) >= least
        over += count(colors) - least
    assert over <= 6


def test_larger_star_colorings_are_valid():
    for seed in range(8):
        rng = np.random.default_rng(seed)
        dense = rng.random((14, 14)) < 0.2
        dense |= dense.T
        assert is_star(dense, star_colors(scipy_sparse.csr_array(dense)))


@pytest.mark.parametrize("mode", ["auto", "forward", "reverse", "both"])
def test_every_entry_can_be_read_off(mode):
    for seed in SEEDS:
        pattern, dense = random_pattern(seed)
        assert recovered(dense, groups(pattern, mode))


def test_both_sides_never_take_more_than_one():
    for seed in SEEDS:
        pattern, _ = random_pattern(seed)
        fewest = min(count(column_colors(pattern)), count(row_colors(pattern)))
        assert groups(pattern).sweeps <= max(fewest, 1)
        assert both_colors(pattern).sweeps <= count(column_colors(pattern))


def best_of_both(dense):
    """The least number of sweeps when each row is left to one of the sides, by trying all."""
    m = len(dense)

    def side(part):
        columns = part.shape[1]
        return smallest(columns, lambda c: columns_differ(part, c)) if part.any() else 0

    splits = (np.array(s, bool) for s in itertools.product((0, 1), repeat=m))
    return min(side(dense[~s]) + side(dense[s].T) for s in splits)


def test_both_colors_are_near_the_minimum_over_all_splits_of_the_rows():
    over = 0
    for seed in range(25):
        rng = np.random.default_rng(seed)
        dense = rng.random((4, 4)) < 0.4
        dense[0] = True
        dense[:, 0] |= rng.random(4) < 0.7
        found = both_colors(scipy_sparse.csr_array(dense))
        least = best_of_both(dense)
        assert found.sweeps >= least
        over += found.sweeps - least
    assert over <= 10


def arrow(n):
    dense = scipy_sparse.eye_array(n).tolil()
    dense[0, :] = dense[:, 0] = 1
    return dense.tocsr()


def test_arrows_take_three_sweeps_or_two_colors():
    found = groups(arrow(3000))
    assert (found.forward, found.reverse) == (2, 1)
    assert count(star_colors(arrow(3000))) == 2


def band(n, width):
    offsets = range(-width, width + 1)
    return scipy_sparse.diags_array(
        [np.ones(n)] * len(offsets), offsets=offsets, shape=(n, n)
    ).tocsr()


@pytest.mark.parametrize("width", [0, 1, 2, 4])
def test_bands_take_as_many_colors_as_they_have_diagonals(width):
    assert count(column_colors(band(50, width))) == 2 * width + 1


def test_a_tridiagonal_hessian_takes_three_star_colors():
    assert count(star_colors(band(50, 1))) == 3


def test_large_bands():
    assert count(column_colors(band(100_000, 1))) == 3


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0), (1, 1), (1, 5), (5, 1)])
def test_thin_shapes(shape):
    for pattern in (scipy_sparse.csr_array(np.ones(shape)), scipy_sparse.csr_array(shape)):
        found = groups(pattern)
        assert recovered(pattern.toarray() != 0, found)
        assert found.sweeps <= 1


def test_smallest_last_puts_a_vertex_of_least_degree_last():
    graph = scipy_sparse.csr_array(
        np.array([[0, 1, 1, 1], [1, 0, 1, 0], [1, 1, 0, 0], [1, 0, 0, 0]])
    )
    order = smallest_last(graph).tolist()
    assert sorted(order) == [0, 1, 2, 3]
    assert order[-1] == 3


def test_star_colors_refuse_what_is_not_symmetric():
    with pytest.raises(ValueError, match="symmetric"):
        star_colors(scipy_sparse.csr_array(np.array([[1, 1], [0, 1]])))
