r"""Good starting prices: an auction, so that few augmenting paths are left to search.

Read -psi_j as the price of column j. Row i likes best the column of least c[i, j] - psi_j. In an
*auction* the free rows bid in turn: a row takes its favourite column, whoever had it, and raises
its price until the second choice looks as good, plus a small step:

    psi_j  <-  psi_j - (second best - best) - step.

Once every row has a column, each pays at most ``step`` more than it must. A large step settles fast
but coarsely; so the auction is repeated with steps that shrink (epsilon scaling), each time from
the prices found before. Bids without a step come last: they may leave rows without a column, but
all assigned pairs are tight, which is what the Hungarian method needs to go on and finish exactly.

Prices only rise. What a row once found too dear stays too dear; so a *short list* of some 20
columns serves it for many bids, together with a bound for the columns that are not on it. Costs are
read a row at a time, from a matrix or computed from points: one code serves both.

Source: Bertsekas (1979, 1988); column minima and bids without a step after Jonker and Volgenant
(1987).
"""

import numpy as np

from .._kernel import kernel
from ..cost import cost_matrix
from .monge import sorted_assignment

_LANES = 64  # columns j, j + 64, j + 128, ... make a lane; least costs by lane are quick to find
_CHOSEN = 20  # a short list holds what is no dearer than the 20th of the lanes' best columns
_ROOM = 64  # columns that fit on a short list
_BLOCK = 32  # columns that are compared before looking which one it was
_FAVOURITES = 12  # equally good columns that a row remembers
_INFINITE = np.array(np.inf).view(np.int64)[()]  # the bits of +inf; those of floats >= 0 are less
_LARGEST = np.finfo(np.float64).max

_DIRECT = 350  # below this size, bids and augmenting paths that read whole rows are as fast
_FEW = 2  # bids a row in small markets
_WITHOUT_STEP = 3  # bids a row without a step, on short lists
_WIDER = 1e4  # from here on, rows live on different scales
_SAMPLE = 48  # rows that are asked which of two prices suits them
_QUARREL = 50  # bids a row with a step
_PATIENT = 25  # short lists a row, once augmenting paths seem no better
_ATTEMPTS = 6  # auctions in search of a good step
_FIRST_STEP, _LAST_STEP = 1 / 8, 1e-4  # in spreads, see `Market._spread`
_LARGER, _SMALLER = 16, 16


class Market:
    """Rows that look for columns: costs, potentials, and who has what.

    The costs are those of a matrix, ``Market(cost)``, or of points,
    ``Market.of_points(x, y, p)``. Kernels are compiled when first called, not on import.
    """

    def __init__(self, cost: np.ndarray):
        nothing = np.empty((0, 0))
        self._set_up((cost, nothing, nothing, 2.0), cost.shape[0])

    @classmethod
    def of_points(cls, x: np.ndarray, y: np.ndarray, p: float) -> "Market":
        """The market of costs |x_i - y_j|^p, which are computed row by row when needed."""
        market = cls.__new__(cls)
        market._set_up((np.empty((0, 0)), x, np.ascontiguousarray(y.T), p), x.shape[0])
        return market

    def _set_up(self, costs: tuple, n: int) -> None:
        self.n = n
        self.costs = costs
        self.phi, self.psi = np.zeros(n), np.empty(n)
        self.row_of, self.col_of = np.empty(n, np.int64), np.empty(n, np.int64)
        self.n_free, n_unfit = _lowest_prices(*costs, self.psi, self.row_of, self.col_of)
        self.has_prices = n_unfit == 0

    def settle(self) -> None:
        """Leave feasible potentials, and a partial assignment of tight pairs, as large as is cheap.

        If each row is the one that some column costs least, all have a column already. Small
        markets take bids without a step, each of which reads a row; no more is worth while.
        For others the route is chosen by looking at a few rows, and then by watching the progress:

        1. Costs with the Monge property, as of points of the line, are solved by sorting.
        2. At the lowest prices, where each column costs what its best row pays, every row has
           favourites. If nearly all rows have one to themselves, or if most like several columns
           *equally* (ties), then this is a matter of matching and not of prices.
        3. Else bids without a step. With heavy tails, where a few entries far below the others set
           the lowest prices, all rows without such an entry want the one column that has none: they
           begin at equal prices instead. There, and where rows live on different scales, a few bids
           settle nearly all rows, so that short lists would not pay: the bids read whole rows.
        4. Else the auction. With a good step all rows settle within a few bids each. Where they
           quarrel on, the step is too small for the distance that prices have to travel. If few
           rows are still without a column, or bids without a step had served most of them,
           augmenting paths are cheaper than the quarrel and we stop; else the step is enlarged.
        """
        cost = self.costs[0]
        if self.n_free == 0:
            return
        if 0 < cost.size < _DIRECT**2:
            _bid_on_rows(cost, *self.potentials, *self.assigned, _FEW)
            return
        if cost.size > 0 and self._sort():
            return
        if self._looks_like_matching():
            self._dismiss()
            n_free, n_tight = _match_tight(*self.costs, *self.potentials, *self.assigned)
            if n_free <= self.n // 16 or n_tight >= 2 * self.n:
                return
        else:
            crowded = self._lowest_prices_crowd()
            if crowded:
                self._dismiss()
                self.psi[:] = self.psi.min()
            if cost.size > 0 and (crowded or self._scales_differ()):
                n_free = _bid_on_rows(cost, *self.potentials, *self.assigned, _WITHOUT_STEP)
                if n_free <= self.n // 64:
                    return
        self._open()
        n_free = self._bid(0.0, _WITHOUT_STEP)
        if n_free <= self.n // 64:
            return
        self._auction(far=n_free > self.n // 2)
        self._dismiss()
        self._bid(0.0, _WITHOUT_STEP)

    def _sort(self) -> bool:
        """Settle at once where sorting solves the problem; say whether it did."""
        found = sorted_assignment(self.costs[0])
        if found is None:
            return False
        self.col_of[:], self.phi[:], self.psi[:] = found
        self.row_of[self.col_of] = np.arange(self.n)
        return True

    @property
    def potentials(self):
        """The arrays (phi, psi)."""
        return self.phi, self.psi

    @property
    def assigned(self):
        """The arrays (row_of, col_of): who has column j, and which column row i has; or -1."""
        return self.row_of, self.col_of

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
        return np.mean(least == 0) > 0.9 or np.mean(n_favourites > 1) > 0.6

    def _lowest_prices_crowd(self) -> bool:
        """Whether far more sampled rows want one column than if all columns had one price."""
        costs = self._sample(_SAMPLE)
        with np.errstate(over="ignore"):
            at_lowest = np.bincount((costs - self.psi).argmin(axis=1)).max()
        return at_lowest > 2 * np.bincount(costs.argmin(axis=1)).max() + 1

    def _sample(self, count: int) -> np.ndarray:
        """The costs of about ``count`` rows, spread evenly."""
        cost, x, y, p = self.costs
        rows = np.arange(0, self.n, max(self.n // count, 1))
        return cost[rows] if cost.size else cost_matrix(x[rows], y.T, p)

    def _open(self) -> None:
        """Make room for the short lists; nothing is known yet of columns that are not listed."""
        n = self.n
        self.queue = np.empty(n, np.int64)
        columns, values = np.empty((n, _ROOM), np.int32), np.empty((n, _ROOM))
        counts, bounds = np.zeros(n, np.int64), np.full(n, -np.inf)
        self.lists = columns, values, counts, bounds

    def _bid(self, step: float, bids_a_row: int, lists_a_row: int = 1 << 20) -> int:
        """Hold one auction; return how many rows have no column when their patience ends."""
        if step > 0:
            self._dismiss()
        patience = bids_a_row, lists_a_row * self.n
        return _bid(
            *self.costs, *self.potentials, *self.assigned, step, *patience, self.queue, *self.lists
        )

    def _dismiss(self) -> None:
        """Take all columns away from the rows: they were given at the price of a larger step."""
        self.row_of[:] = -1
        self.col_of[:] = -1

    def _auction(self, far: bool) -> None:
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
            if far and n_free >= self.n // 8:
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
    queue = np.empty(n, np.int64)
    waiting = 0
    for i in range(n - 1, -1, -1):
        if col_of[i] < 0:
            queue[waiting] = i
            waiting += 1
    n_bids = bids_a_row * n
    while waiting > 0:
        waiting -= 1
        n_bids -= 1
        i = queue[waiting]
        least = _subtract(cost[i], psi, reduced)
        if least == _INFINITE:
            continue
        favourite = _where(bits, least)
        bits[favourite] = _INFINITE
        second = _least(bits)
        if second == _INFINITE or (n_bids < 0 and row_of[favourite] >= 0):
            second = least
        phi[i] = np.int64(second).view(np.float64)
        if second == least:
            if row_of[favourite] >= 0:
                favourite = _free_equal(bits, least, row_of)
                if favourite < 0:
                    continue
        else:
            psi[favourite] -= phi[i] - np.int64(least).view(np.float64)
        loser = row_of[favourite]
        row_of[favourite] = i
        col_of[i] = favourite
        if loser >= 0:
            col_of[loser] = -1
            queue[waiting] = loser
            waiting += 1
    n_free = 0
    for i in range(n):
        n_free += col_of[i] < 0
    return n_free


@kernel
def _subtract(costs, psi, reduced):
    """Fill ``reduced`` with costs - psi >= 0; return the bits of the least entry.

    Floats >= 0 have the order of their bits read as integers. Numba handles several columns at once
    for the least of integers, but not of floats, where a nan might hide.
    """
    least = _INFINITE
    for j in range(reduced.size):
        difference = np.float64(costs[j] - psi[j])
        reduced[j] = difference
        least = min(least, np.float64(difference).view(np.int64))
    return least


@kernel
def _least(bits):
    """The least of integers."""
    least = bits[0]
    for j in range(bits.size):
        least = min(least, bits[j])
    return least


@kernel
def _where(bits, least):
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
def _free_equal(bits, least, row_of):
    """A free column at the value ``least``, or -1."""
    free = -1
    for j in range(bits.size):
        free = max(free, j if bits[j] == least and row_of[j] < 0 else -1)
    return free


@kernel
def _costs_of_row(cost, x, y, p, i, row):
    """Row i of the matrix; or, where there is none, computed from the points into ``row``."""
    if cost.size > 0:
        return cost[i]
    row[:] = 0.0
    for k in range(y.shape[0]):
        for j in range(row.size):
            row[j] += (x[i, k] - y[k, j]) ** 2
    if p == 1.0:
        for j in range(row.size):
            row[j] = np.sqrt(row[j])
    elif p != 2.0:
        for j in range(row.size):
            row[j] **= 0.5 * p
    return row


@kernel
def _lowest_prices(cost, x, y, p, psi, row_of, col_of):
    """Each column at the price of the row that it costs least, which takes it if it has no other.

    Returns the number of rows left free, and that of costs that are nan or -inf.
    """
    n = psi.size
    row = np.empty(n)
    psi[:] = np.inf
    row_of[:] = 0
    col_of[:] = -1
    n_unfit = 0
    for i in range(n):
        costs = _costs_of_row(cost, x, y, p, i, row)
        for j in range(n):
            n_unfit += not costs[j] > -np.inf
            lower = costs[j] < psi[j]
            psi[j] = costs[j] if lower else psi[j]
            row_of[j] = i if lower else row_of[j]
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


@kernel
def _match_tight(cost, x, y, p, phi, psi, row_of, col_of):
    """Match rows to columns that they like best; return how many stay free, and all tight pairs.

    Rows with few tight pairs choose first, and take the column that fewest others want; then
    augmenting paths of tight pairs are searched breadth first.
    """
    n = psi.size
    columns = np.empty((n, _FAVOURITES), np.int32)
    counts = np.zeros(n, np.int64)
    demand = np.zeros(n, np.int64)
    row = np.empty(n)
    reduced = np.empty(n)
    for i in range(n):
        costs = _costs_of_row(cost, x, y, p, i, row)
        counts[i] = _where_equal(costs, psi, i, columns[i])
        if counts[i] == 0:
            least = _subtract(costs, psi, reduced)
            if least < _INFINITE:
                phi[i] = np.int64(least).view(np.float64)
            counts[i] = _where_equal(reduced, np.full(n, phi[i]), i, columns[i])
        for j in columns[i, : counts[i]]:
            demand[j] += 1
    for few in range(1, columns.shape[1] + 1):
        for i in range(n):
            if counts[i] == few:
                _choose(columns[i, :few], demand, i, row_of, col_of)
    n_free = _augment_tight(columns, counts, row_of, col_of)
    return n_free, counts.sum()


@kernel
def _choose(columns, demand, i, row_of, col_of):
    """Give row i the free column, among its tight ones, that fewest of the other rows want."""
    best = -1
    for j in columns:
        if row_of[j] < 0 and (best < 0 or demand[j] < demand[best]):
            best = j
        demand[j] -= 1
    if best >= 0:
        row_of[best] = i
        col_of[i] = best


@kernel
def _where_equal(left, right, i, columns):
    """List places where ``left == right``, as many as there is room, from place i on and around."""
    # Rows with many favourites start at different places, so that they do not list the same ones.
    n = left.size
    count = 0
    for begin, end in ((i, n), (0, i)):
        for first in range(begin, end, _LANES):
            last = min(first + _LANES, end)
            some_left, some_right = left[first:last], right[first:last]
            n_equal = 0
            for k in range(some_left.size):
                n_equal += some_left[k] == some_right[k]
            if n_equal == 0:
                continue
            for k in range(some_left.size):
                if some_left[k] == some_right[k]:
                    columns[count] = first + k
                    count += 1
                    if count == columns.size:
                        return count
    return count


@kernel
def _augment_tight(columns, counts, row_of, col_of):
    """Search augmenting paths of listed tight pairs; return the number of rows left free."""
    n = counts.size
    seen = np.full(n, -1)
    parent = np.empty(n, np.int64)
    queue = np.empty(n, np.int64)
    n_free = 0
    for start in range(n):
        if col_of[start] >= 0:
            continue
        queue[0] = start
        head, tail, sink = 0, 1, -1
        while head < tail and sink < 0:
            i = queue[head]
            head += 1
            for j in columns[i, : counts[i]]:
                if seen[j] == start:
                    continue
                seen[j] = start
                parent[j] = i
                if row_of[j] < 0:
                    sink = j
                    break
                queue[tail] = row_of[j]
                tail += 1
        if sink < 0:
            n_free += 1
            continue
        j = sink
        i = -1
        while i != start:
            i = parent[j]
            row_of[j] = i
            j, col_of[i] = col_of[i], j
    return n_free


@kernel
def _bid(cost, x, y, p, phi, psi, row_of, col_of, step, n_bids, n_lists, queue, *lists):
    """One auction of the free rows; return how many are still free when bids or lists run out.

    phi stays feasible: a row of which psi is lowered has one pair of reduced cost phi + step, and
    no other below phi; later bids only raise reduced costs.
    """
    n = psi.size
    columns, values, counts, bounds = lists
    work = np.empty(n), np.empty(n), np.empty(_LANES)
    waiting = 0
    for i in range(n - 1, -1, -1):
        if col_of[i] < 0:
            queue[waiting] = i
            waiting += 1
    n_bids *= waiting
    idle = 0
    while waiting > 0 and (step == 0.0 or (n_bids > 0 and n_lists > 0)):
        waiting -= 1
        i = queue[waiting]
        j, best, second = _two_best(columns, values, counts, i, psi)
        if not second <= bounds[i]:
            _shortlist(cost, x, y, p, psi, i, work, *lists)
            j, best, second = _two_best(columns, values, counts, i, psi)
            n_lists -= 1
        n_bids -= 1
        # a row with a single allowed column has no second choice: it insists, step by step
        second = second if second < np.inf else best
        if step == 0.0 and (second == best or n_bids < 0) and j >= 0 and row_of[j] >= 0:
            # between equals, or after the last bid, rows take what is free and tight, or nothing
            second = best
            j = _free_among(columns, values, counts, i, psi, best, row_of)
        if second < np.inf:
            phi[i] = second
        if j < 0:
            idle += 1
            continue
        psi[j] -= second - best + step
        loser = row_of[j]
        row_of[j] = i
        col_of[i] = j
        if loser >= 0:
            col_of[loser] = -1
            queue[waiting] = loser
            waiting += 1
    return waiting + idle


@kernel
def _two_best(columns, values, counts, i, psi):
    """The favourite of row i on its short list, its reduced cost, and that of the second best."""
    favourite = -1
    best = second = np.inf
    for q in range(counts[i]):
        j = columns[i, q]
        reduced = values[i, q] - psi[j]
        if reduced < second:
            if reduced < best:
                second = best
                best = reduced
                favourite = j
            else:
                second = reduced
    return favourite, best, second


@kernel
def _free_among(columns, values, counts, i, psi, best, row_of):
    """A free column that row i likes best, or -1."""
    for q in range(counts[i]):
        j = columns[i, q]
        if row_of[j] < 0 and values[i, q] - psi[j] == best:
            return j
    return -1


@kernel
def _shortlist(cost, x, y, p, psi, i, work, columns, values, counts, bounds):
    """List the columns of least reduced cost for row i, and a bound that holds for the others."""
    row, reduced, lanes = work
    costs = _costs_of_row(cost, x, y, p, i, row)
    bits = reduced.view(np.int64)
    lane_bits = lanes.view(np.int64)
    lanes[:] = np.inf
    n = psi.size
    whole = n - n % _LANES
    for j in range(n):
        reduced[j] = costs[j] - psi[j]
    for first in range(0, whole, _LANES):
        block = bits[first : first + _LANES]
        for k in range(_LANES):
            lane_bits[k] = min(lane_bits[k], block[k])
    for j in range(whole, n):
        lanes[j - whole] = min(lanes[j - whole], reduced[j])
    least, bound = _least_and_bound(lanes)
    count = _collect(reduced, bound, columns[i])
    if count < 0:  # too many ties: keep some of the best
        bound = least
        count = _where_equal(reduced, np.full(n, least), i, columns[i])
    counts[i] = count
    bounds[i] = bound
    for q in range(counts[i]):
        values[i, q] = costs[columns[i, q]]


@kernel
def _least_and_bound(lanes):
    """The least number, and the 20th: an insertion sort that stops there."""
    smallest = np.empty(_CHOSEN)
    count = 0
    for value in lanes:
        if count < _CHOSEN:
            count += 1
        elif value >= smallest[count - 1]:
            continue
        q = count - 1
        while q > 0 and smallest[q - 1] > value:
            smallest[q] = smallest[q - 1]
            q -= 1
        smallest[q] = value
    # forbidden pairs, of cost +inf, stay off the list
    return min(smallest[0], _LARGEST), min(smallest[count - 1], _LARGEST)


@kernel
def _collect(reduced, bound, columns):
    """List the columns with ``reduced <= bound``; return how many, or -1 if they do not fit."""
    count = 0
    for first in range(0, reduced.size, _BLOCK):
        block = reduced[first : first + _BLOCK]
        inside = 0
        for k in range(block.size):
            inside += block[k] <= bound
        if inside == 0:
            continue
        if count + inside >= columns.size:
            return -1
        for k in range(block.size):
            # every column is written, and kept by counting it: there is no branch to mispredict
            columns[count] = first + k
            count += block[k] <= bound
    return count
