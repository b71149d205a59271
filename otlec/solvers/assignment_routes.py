r"""The routes to a good start of an assignment: prices and pairs, by the cheapest way that serves.

Rows look for columns, and prices -psi_j tell them which ones (see `auction`). What is left for the
augmenting paths of `hungarian` is a partial assignment of tight pairs, and potentials that are
feasible.

Source: column minima and bids without a step after Jonker and Volgenant (1987).
"""

import numpy as np

from .._kernel import kernel
from ..cost import cost_matrix
from . import auction
from .matching import match_greedily, match_in_phases, no_tight_pairs
from .monge import sorted_assignment
from .rows import (
    INFINITE,
    costs_of_row,
    free_equal,
    least_of,
    rows_without_column,
    subtract,
    take,
    where,
)  # fmt: skip

_DIRECT = 350  # below this size, bids and augmenting paths that read whole rows are as fast
_FEW = 2  # bids a row in small markets
_PHASES = 20  # looks at each row, where prices tie
_ROOM = 1 << 26  # bytes for the tight pairs of points, which need no matrix
_WITHOUT_STEP = 3  # bids a row without a step, on short lists
_WIDER = 1e4  # from here on, rows live on different scales
_SAMPLE = 48  # rows that are asked which of two prices suits them
_QUARREL = 50  # bids a row with a step
_PATIENT = 25  # short lists a row, once augmenting paths seem no better
_ATTEMPTS = 6  # auctions in search of a good step
_FIRST_STEP, _LAST_STEP = 1 / 8, 1e-4  # in spreads, see `Market._spread`
_LARGER, _SMALLER = 16, 16
_LARGEST = np.finfo(np.float64).max


class Market:
    """Rows that look for columns: costs, potentials, and who has what.

    The costs are those of a matrix, ``Market(cost)``, or of points,
    ``Market.of_points(x, y, p)``. Kernels are compiled when first called, not on import.
    """

    def __init__(self, cost: np.ndarray):
        self._set_up((cost, None), cost.shape[0])

    @classmethod
    def of_points(cls, x: np.ndarray, y: np.ndarray, p: float) -> "Market":
        """The market of costs |x_i - y_j|^p, which are computed row by row when needed."""
        market = cls.__new__(cls)
        market._set_up((None, (x, np.ascontiguousarray(y.T), p)), x.shape[0])
        return market

    def _set_up(self, costs: tuple, n: int) -> None:
        self.n = n
        self.costs = costs
        self.potentials = self.phi, self.psi = np.zeros(n), np.empty(n)
        self.assigned = self.row_of, self.col_of = np.empty(n, np.int64), np.empty(n, np.int64)
        self.n_free, n_unfit = _lowest_prices(costs, self.psi, *self.assigned)
        self.has_prices = n_unfit == 0

    def settle(self) -> str:
        """Leave feasible potentials, and a partial assignment of tight pairs, as large as is cheap.

        Each way is tried until one has settled the rows; returns its name. They look at a few rows
        before they begin, and watch their own progress.
        """
        for way in (
            self.identity,
            self.each_column_to_its_row,
            self.few_bids,
            self.matching,
            self.sorting,
            self.bids_on_rows,
            self.bids_without_step,
            self.auction,
        ):
            if way():
                return way.__name__
        raise AssertionError("the auction settles what nothing else did")

    def identity(self) -> bool:
        """Where all costs are equal, nobody moves."""
        matrix, _ = self.costs
        if matrix is None or (matrix[0] != matrix[-1, -1]).any() or np.ptp(self.psi) > 0:
            return False
        if (matrix != matrix[0, 0]).any() or matrix[0, 0] == np.inf:
            return False
        self.row_of[:] = self.col_of[:] = np.arange(self.n)
        return True

    def each_column_to_its_row(self) -> bool:
        """Each row is the one that some column costs least: all have a column already."""
        return self.n_free == 0

    def few_bids(self) -> bool:
        """In small markets, bids that read whole rows, without a step: no more is worth while.

        They begin at the lowest prices and, where many rows stay free, also at equal ones: see
        `bids_on_rows`. Where many rows pay the same, prices tie, and what is left is a matter of
        matching.
        """
        matrix, _ = self.costs
        if matrix is None or self.n >= _DIRECT:
            return False
        n_free = _bid_on_rows(matrix, *self.potentials, *self.assigned, _FEW)
        if n_free > self.n // 8 or (n_free > 0 and self._prices_tie()):
            n_free = self._better_at_equal_prices(matrix, n_free, n_free - 1)
        if n_free > 0 and self._prices_tie():
            tight = no_tight_pairs(self.n)
            budget = _PHASES * self.n
            n_free = match_in_phases(self.costs, self.potentials, self.assigned, tight, budget)
        return n_free < self.n - self.n // 8  # else the prices are far away

    def sorting(self) -> bool:
        """Costs with the Monge property, as of points of the line, are solved by sorting."""
        matrix, _ = self.costs
        found = None if matrix is None else sorted_assignment(matrix)
        if found is None:
            return False
        self.col_of[:], self.phi[:], self.psi[:] = found
        self.row_of[self.col_of] = np.arange(self.n)
        return True

    def matching(self) -> bool:
        """Matching on tight pairs, where there are many at the lowest prices.

        At these, where each column costs what its best row pays, every row has favourites. If
        nearly all rows have one to themselves, or if most like several columns *equally* (ties),
        then this is a matter of matching and not of prices.
        """
        self.ties = self._looks_like_matching()
        if not self.ties or (self.costs[0] is None and self.n**2 > _ROOM):
            return False
        market = self.costs, self.potentials, self.assigned, no_tight_pairs(self.n)
        if self._only_dear_columns_tie():
            match_in_phases(*market, _PHASES * self.n)
            return True
        ties = match_greedily(*market)
        n_free = match_in_phases(*market, _PHASES * self.n if ties else 0)
        return n_free <= (self.n if ties else self.n // 16)

    def bids_on_rows(self) -> bool:
        """Bids that read whole rows, where a few of them settle nearly all rows.

        This is so where rows live on different scales, and with heavy tails: there a few entries
        far below the others set the lowest prices, and all rows without such an entry want the one
        column that has none. So they begin at equal prices instead.
        """
        if self.ties:
            return False
        crowded = self._lowest_prices_crowd()
        if crowded:
            self._dismiss()
            self.psi[:] = self.psi.min()
        matrix, _ = self.costs
        if matrix is None or not (crowded or self._scales_differ()):
            return False
        n_free = _bid_on_rows(matrix, *self.potentials, *self.assigned, _WITHOUT_STEP)
        return n_free <= self.n // 64

    def bids_without_step(self) -> bool:
        """Bids from short lists of columns."""
        self.lists = auction.empty_lists(self.n, auction.ROOM)
        self.n_free = self._bid(0.0, _WITHOUT_STEP)
        return self.n_free <= self.n // 64

    def auction(self) -> bool:
        """Look for a step that settles the rows, and refine it.

        With a good step all rows settle within a few bids each. Where they quarrel on, the step is
        too small for the distance that prices have to travel. If few rows are still without a
        column, or bids without a step had served most of them, augmenting paths are cheaper than
        the quarrel and we stop; else the step is enlarged.
        """
        self._shrink_steps(far=self.n_free > self.n // 2)
        self._dismiss()
        self._bid(0.0, _WITHOUT_STEP)
        return True

    def _scales_differ(self) -> bool:
        """Whether the costs of some rows spread far wider than those of others."""
        costs = self._sample(32)[:, ::8]
        with np.errstate(over="ignore", invalid="ignore"):
            spreads = np.sort(costs.max(axis=1) - costs.min(axis=1))
        # without the three widest and narrowest: heavy tails are not scales of rows
        return spreads[-4] > _WIDER * spreads[3]

    def _looks_like_matching(self) -> bool:
        """Whether most sampled rows own a column at its price, or have several favourites."""
        with np.errstate(over="ignore"):  # an overflow is as good as a forbidden pair
            reduced = self._sample(16) - self.psi
        least = reduced.min(axis=1)
        n_favourites = np.count_nonzero(reduced == least[:, None], axis=1)
        return np.mean(least == 0) > 0.9 or np.mean(n_favourites > 1) > 0.5

    def _lowest_prices_crowd(self) -> bool:
        """Whether far more sampled rows want one column than if all columns had one price."""
        costs = self._sample(_SAMPLE)
        with np.errstate(over="ignore"):
            at_lowest = np.bincount((costs - self.psi).argmin(axis=1)).max()
        return at_lowest > 2 * np.bincount(costs.argmin(axis=1)).max() + 1

    def _sample(self, count: int) -> np.ndarray:
        """The costs of about ``count`` rows, spread evenly."""
        matrix, cloud = self.costs
        rows = np.arange(0, self.n, max(self.n // count, 1))
        if matrix is not None:
            return matrix[rows]
        x, y, p = cloud
        return cost_matrix(x[rows], y.T, p)

    def _bid(self, step: float, bids_a_row: int, lists_a_row: int = 1 << 20) -> int:
        """Hold one auction; return how many rows have no column when their patience ends."""
        if step > 0:
            self._dismiss()
        patience = bids_a_row, lists_a_row * self.n
        costs = self.costs, None
        return auction.bid(costs, self.potentials, self.assigned, step, patience, self.lists)

    def _only_dear_columns_tie(self) -> bool:
        """Whether low costs are few and far apart, so that bids at equal prices settle most rows.

        At the lowest prices all rows want the columns that have none of the low costs.
        """
        matrix, _ = self.costs
        if not self.ties or matrix is None or np.unique(self.psi).size < self.n // 4:
            return False
        few = self.n // 16
        return self._better_at_equal_prices(matrix, self.n_free, few) <= few

    def _prices_tie(self) -> bool:
        """Whether many rows pay what their neighbour pays."""
        return np.count_nonzero(self.phi[1:] == self.phi[:-1]) > self.n // 4

    def _better_at_equal_prices(self, matrix: np.ndarray, n_free: int, most: int) -> int:
        """Begin anew at equal prices; keep that if at most so many rows stay free, else go back.

        Returns how many rows are free then.
        """
        states = *self.potentials, *self.assigned
        before = [state.copy() for state in states]
        self._dismiss()
        self.psi[:] = self.psi.min()
        again = _bid_on_rows(matrix, *self.potentials, *self.assigned, _FEW)
        if again <= most:
            return again
        for state, old in zip(states, before, strict=True):
            state[:] = old
        return n_free

    def _dismiss(self) -> None:
        """Take all columns away from the rows: they were given at the price of a larger step."""
        self.row_of[:] = -1
        self.col_of[:] = -1

    def _shrink_steps(self, far: bool) -> None:
        """Look for a step that settles the rows, a larger one if prices are far; then refine it."""
        spread = self._spread()
        step = _FIRST_STEP * spread
        # augmenting paths would read some sqrt(n) rows for each row: try for a fraction of that
        lists_a_row = 1 + int(np.sqrt(self.n) / 8)
        before = self.n
        for _ in range(_ATTEMPTS):
            n_free = self._bid(step, _QUARREL, lists_a_row)
            if n_free == 0:
                break
            if far and n_free > self.n // 64:
                step *= _LARGER
                lists_a_row = _PATIENT
            elif n_free > min(self.n // 64, before // 2):
                return
            before = n_free
        # a step below the spacing of floats would not change a price
        last = max(_LAST_STEP * spread, 4 * np.spacing(np.abs(self.psi).max()))
        while n_free == 0 and step > last:
            step /= _SMALLER
            n_free = self._bid(step, _QUARREL, lists_a_row)

    def _spread(self) -> float:
        """How far the end of a short list lies above its row's favourite: a median over rows."""
        every = 1 + self.n // 128
        bounds, phi = self.lists[-1][::every], self.phi[::every]
        with np.errstate(over="ignore"):
            spreads = (bounds - phi)[(bounds < _LARGEST) & (bounds > phi)]
        return float(np.median(spreads)) if spreads.size else 1.0


@kernel
def _bid_on_rows(cost, phi, psi, row_of, col_of, bids_a_row):
    """Bids without a step, which read the whole row each time and need no lists.

    A row alone at its favourite takes it, and raises its price to that of the second choice. It
    takes no column from another row if it likes two equally, or after the last bid.
    """
    n = psi.size
    reduced = np.empty(n)
    bits = reduced.view(np.int64)
    stack, waiting = rows_without_column(col_of)
    n_bids = bids_a_row * n
    while waiting > 0:
        waiting -= 1
        n_bids -= 1
        i = stack[waiting]
        least = subtract(cost[i], psi, reduced)
        if least == INFINITE:
            continue
        favourite = where(bits, least)
        bits[favourite] = INFINITE
        second = least_of(bits)
        if second == INFINITE or (n_bids < 0 and row_of[favourite] >= 0):
            second = least
        phi[i] = np.int64(second).view(np.float64)
        if second == least:
            if row_of[favourite] >= 0:
                favourite = free_equal(bits, least, row_of)
                if favourite < 0:
                    continue
        else:
            psi[favourite] -= phi[i] - np.int64(least).view(np.float64)
        waiting = take(i, favourite, row_of, col_of, stack, waiting)
    n_free = 0
    for i in range(n):
        n_free += col_of[i] < 0
    return n_free


@kernel
def _lowest_prices(costs, psi, row_of, col_of):
    """Each column at the price of the row that it costs least, which takes it if it has no other.

    Returns the number of rows left free, and that of costs that are nan or -inf.
    """
    n = psi.size
    room, other_room = np.empty(n), np.empty(n)
    psi[:] = np.inf
    row_of[:] = 0
    col_of[:] = -1
    n_unfit = 0
    # two rows at a time: what is kept for the columns is read and written half as often
    for i in range(0, n, 2):
        k = min(i + 1, n - 1)
        row, other = costs_of_row(i, room, *costs), costs_of_row(k, other_room, *costs)
        for j in range(n):
            n_unfit += not row[j] > -np.inf
            n_unfit += not other[j] > -np.inf
            second = other[j] < row[j]
            least = other[j] if second else row[j]
            lower = least < psi[j]
            psi[j] = least if lower else psi[j]
            row_of[j] = (k if second else i) if lower else row_of[j]
    n_free = n
    for j in range(n):
        i = row_of[j]
        row_of[j] = -1
        if psi[j] == np.inf:
            # all its pairs are forbidden; the search will say so
            psi[j] = 0.0
        elif col_of[i] < 0:
            row_of[j] = i
            col_of[i] = j
            n_free -= 1
    return n_free, n_unfit
