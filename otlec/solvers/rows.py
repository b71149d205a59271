"""Rows of costs, read from a matrix or computed from points, and their least entries.

Kernels take ``costs = matrix, cloud``, of which one is None. A cloud is ``(x, y, p)``, with y as
columns. Numba leaves out what depends on ``is not None`` of an argument that is None.

Floats >= 0 have the order of their bits read as integers. Numba handles several columns at once for
the least of integers, but not of floats, where a nan might hide.
"""

import numpy as np

from .._kernel import kernel
from ..cost import power_of_square, squares_of_row

INFINITE = np.array(np.inf).view(np.int64)[()]  # the bits of +inf; those of floats >= 0 are less
_BLOCK = 32  # columns that are compared before looking which one it was


@kernel
def costs_of_row(i, row, matrix, cloud):
    """Row i of the matrix; or, where there is none, computed from the points into ``row``."""
    if matrix is not None:
        return matrix[i]
    if cloud is not None:
        x, y, p = cloud
        squares_of_row(x[i], y, row)
        if p == 1.0:
            for j in range(row.size):
                row[j] = np.sqrt(row[j])
        elif p != 2.0:
            for j in range(row.size):
                row[j] = power_of_square(row[j], p)
    return row


@kernel
def subtract(costs, psi, reduced):
    """Fill ``reduced`` with costs - psi >= 0; return the bits of the least entry."""
    least = INFINITE
    for j in range(reduced.size):
        difference = np.float64(costs[j] - psi[j])
        reduced[j] = difference
        least = min(least, np.float64(difference).view(np.int64))
    return least


@kernel
def least_of(bits):
    """The least of integers."""
    least = bits[0]
    for j in range(bits.size):
        least = min(least, bits[j])
    return least


@kernel
def where(bits, least):
    """The first place of the value ``least``, which is among ``bits``."""
    for first in range(0, bits.size, _BLOCK):
        block = bits[first : first + _BLOCK]
        n_equal = 0
        for k in range(block.size):
            n_equal += block[k] == least
        if n_equal > 0:
            for k in range(block.size):
                if block[k] == least:
                    return first + k
    return -1


@kernel
def free_equal(bits, least, row_of):
    """A free column at the value ``least``, or -1."""
    free = -1
    for j in range(bits.size):
        free = max(free, j if bits[j] == least and row_of[j] < 0 else -1)
    return free


@kernel
def where_equal(left, right, i, columns):
    """List places where ``left == right``, as many as there is room, from place i on and around."""
    # Rows with many favourites start at different places, so that they do not list the same ones.
    n = left.size
    count = 0
    for begin, end in ((i, n), (0, i)):
        for first in range(begin, end, _BLOCK):
            last = min(first + _BLOCK, end)
            some_left, some_right = left[first:last], right[first:last]
            n_equal = 0
            for k in range(some_left.size):
                n_equal += some_left[k] == some_right[k]
            if n_equal == 0:
                continue
            if count + n_equal < columns.size:
                for k in range(some_left.size):
                    # each place is written, and kept by counting it: no branch to mispredict
                    columns[count] = first + k
                    count += some_left[k] == some_right[k]
                continue
            for k in range(some_left.size):
                if some_left[k] == some_right[k]:
                    columns[count] = first + k
                    count += 1
                    if count == columns.size:
                        return count
    return count


@kernel
def rows_without_column(col_of):
    """The free rows in a stack with room for all, the first one on top, and how many there are."""
    stack = np.empty(col_of.size, np.int64)
    waiting = 0
    for i in range(col_of.size - 1, -1, -1):
        if col_of[i] < 0:
            stack[waiting] = i
            waiting += 1
    return stack, waiting


@kernel
def take(i, j, row_of, col_of, stack, waiting):
    """Give row i column j; a row that loses it waits on the stack. Returns how many wait."""
    loser = row_of[j]
    row_of[j] = i
    col_of[i] = j
    if loser >= 0:
        col_of[loser] = -1
        stack[waiting] = loser
        waiting += 1
    return waiting
