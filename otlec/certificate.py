r"""Certificates: what a third party can check of a plan, from the data of its problem alone.

A plan gamma and potentials phi, psi prove each other optimal if three things hold:

- *marginals*: the rows of gamma sum to a, its columns to b;
- *feasibility*: phi_i + psi_j <= c_ij for all pairs, forbidden ones (c = +inf) excepted;
- *gap*: the cost of the plan is what the prices earn, sum_ij gamma_ij (c_ij - phi_i - psi_j) = 0.

Numbers on a computer satisfy them up to rounding, so each must be small compared to something, and
that is the value itself: an error of 1e-6 is nothing where moving a unit of mass costs 1e9, and all
there is to say where it costs 1e-6. The entries of the plan, seen as edges between rows and
columns, join the atoms to *parts*; each part is judged at the mean cost of its own mass, and a pair
between two parts at the dearer of the two means. So a plan between two distant clusters has to be
optimal inside the cheap one too.

Where that scale lies below the rounding of the potentials, their digits do not suffice. Then they
are continued: the equalities along the edges of the plan determine all potentials of a part from
one, and the errors of the stored ones are computed without error (Knuth's and Dekker's sums of two
floats). The only freedom is to shift a whole part, which is settled by shortest paths between the
parts over the pairs that are nearly tight. What is still in doubt then is summed exactly, and
if need be continued in rational numbers: see `continued`.

Source: Ogita, Rump and Oishi (2005) for sums without error; Ahuja, Magnanti and Orlin, *Network
Flows* (1993), for the shifts.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from . import _validate
from .continued import CLAIM, PRECISION, continued, parts_of, residual
from .evidence import Evidence, MatrixCosts, PointCosts, scaled

_WORTHLESS = 1e-4  # a proof up to more than that is none
_MARGIN = 64  # roundings that a stored potential may be off, to be continued
_TINY = 2.0**-1022  # below it floats have fewer digits
_EXPONENT = 900  # of a cost, above which sums may overflow


@dataclass(frozen=True)
class Certificate:
    """The verdict on a plan and its potentials; ``str(certificate)`` says it in words.

    Attributes
    ----------
    marginals, violation, gap : float
        The largest error of a marginal; the largest violation of phi + psi <= c, or 0; and the cost
        of the plan minus what the potentials earn on it, which is negative where they earn too
        much.
    marginals_relative : float
        The error of the marginals relative to the whole mass, or, if that is more, what the errors
        of all marginals are worth relative to the value.
    violation_relative, gap_relative : float
        Violation and gap relative to the mean cost in the part of the plan that they belong to,
        the greatest over all parts. Where the stored digits do not suffice, the potentials are
        continued along the edges of the plan first.
    scale : float
        The value's own scale, sum_ij |c_ij| gamma_ij.
    parts : int
        The number of parts that the plan falls into.
    failure : str
        What is wrong, where that is no matter of precision; empty otherwise.
    """

    marginals: float = math.nan
    violation: float = math.nan
    gap: float = math.nan
    marginals_relative: float = math.inf
    violation_relative: float = math.inf
    gap_relative: float = math.inf
    scale: float = math.nan
    parts: int = 0
    failure: str = ""

    @property
    def error(self) -> float:
        """The largest of the three relative errors; inf where the proof fails altogether."""
        errors = self.marginals_relative, self.violation_relative, self.gap_relative
        known = not self.failure and all(error >= 0 for error in errors)  # a nan is not
        return max(errors) if known else math.inf

    @property
    def holds(self) -> bool:
        """Whether the plan is proved optimal, up to ``error``."""
        return self.error <= _WORTHLESS

    def __bool__(self) -> bool:
        return self.holds

    def __str__(self) -> str:
        if self.failure:
            return f"not certified: {self.failure}"
        if not self.holds:
            return f"not certified: {self._reason()}"
        exponent = -12 if self.error <= CLAIM else math.ceil(math.log10(self.error))
        return f"certified to 1e{exponent:+03d}"

    def _reason(self) -> str:
        if not self.marginals_relative <= _WORTHLESS:
            return f"the marginals are missed by {self.marginals:.3g}"
        if not self.violation_relative <= _WORTHLESS:
            if self.violation == 0:
                return "a part costs so little that the rounding of the potentials may hide a pair"
            return f"phi + psi exceeds the cost by {self.violation:.3g}"
        return f"the value exceeds what the potentials earn by {self.gap:.3g}"

    def __repr__(self) -> str:
        mean = "the mean cost of a part" if self.parts != 1 else "the mean cost"
        return (
            f"{self}\n"
            f"  marginals  missed by at most {self.marginals:.2g}, "
            f"{self.marginals_relative:.2g} of the mass\n"
            f"  phi + psi  above the cost by at most {self.violation:.2g}, "
            f"{self.violation_relative:.2g} of {mean}\n"
            f"  gap        {self.gap:.2g}, {self.gap_relative:.2g} of the value "
            f"(sum of |cost| times mass: {self.scale:.6g}, in {self.parts} "
            f"{'part' if self.parts == 1 else 'parts'})"
        )


def verify(plan, cost) -> Certificate:
    r"""Check a plan and its potentials against a cost, as anybody could who has the three.

    Parameters
    ----------
    plan : Plan, Assignment, Bottleneck or BottleneckPlan
        With entries, ``.value``, and potentials ``.phi`` and ``.psi``, or the block of pairs that
        proves a bottleneck. Nothing else is believed.
    cost : array of shape (n, m)
        The costs; +inf forbids a pair.

    Returns
    -------
    Certificate
        ``str()`` of it is the verdict, such as ``certified to 1e-12``; its fields are the errors.

    Raises
    ------
    TypeError, ValueError
        If ``plan`` has no potentials, or the cost is no matrix of the right shape.
    """
    if hasattr(plan, "block"):
        return judge_bottleneck(plan, _validate.cost(cost))
    if not all(hasattr(plan, name) for name in ("phi", "psi", "value", "rows", "cols", "mass")):
        raise TypeError(
            f"plan must be an otlec.Plan or Assignment, but it is a {type(plan).__name__}"
        )
    cost = _validate.cost(cost)
    if cost.shape != (plan.phi.size, plan.psi.size):
        raise ValueError(
            f"cost must have shape {(plan.phi.size, plan.psi.size)}, one row for each entry of phi "
            f"and one column for each of psi, but its shape is {cost.shape}"
        )
    return judge(plan, MatrixCosts(cost))


def read(plan, costs: MatrixCosts | PointCosts) -> Evidence | Certificate:
    """Read from the costs what a verdict on this plan needs; a `Certificate` if it fails at once.

    It is one pass over the costs, and a second one over rows with pairs that are nearly tight.
    """
    with np.errstate(all="ignore"):
        return _read(plan, costs)


def _read(plan, costs: MatrixCosts | PointCosts) -> Evidence | Certificate:
    m = plan.psi.size
    rows, cols = plan.rows, plan.cols
    if not (np.isfinite(plan.phi).all() and np.isfinite(plan.psi).all()):
        return Certificate(failure="a potential is nan or infinite")
    used = costs.of(rows, cols)
    if not np.isfinite(used).all():
        return Certificate(failure="a forbidden pair carries mass")
    unit = _unit(used, plan.phi, plan.psi)
    phi, psi = scaled(plan.phi, unit), scaled(plan.psi, unit)
    mass = _normalised(plan.mass)
    parts = parts_of(rows, cols, mass, scaled(used, unit), phi, psi)
    fine_row, fine_col = parts.fine[parts.row], parts.fine[parts.col]
    scale = parts.mean[parts.row]
    rounding = _MARGIN * PRECISION * parts.largest
    room = np.where(fine_row, -0.05 * CLAIM * scale, rounding[parts.row])
    reach = np.where(fine_col, 0.0, rounding[parts.col])
    found = None
    if parts.exact:  # the digits suffice, unless something is violated
        least = np.minimum(room, 0.0)
        found = costs.near((rows, cols), phi, psi, least, np.zeros(m), unit, True)
        if parts.fine.all() or found[0].size == 0:
            room, reach = least, np.zeros(m)
        else:
            found = None
    found = found or costs.near((rows, cols), phi, psi, room, reach, unit, False)
    i, j, near, vouch = found
    if vouch:  # then shifts may be as large as the rounding of the stored potentials, step by step
        largest = float(max(np.abs(phi).max(), np.abs(psi).max()))
        room[:] = reach[:] = (_MARGIN + room.size + m) * PRECISION * largest
    return Evidence(
        rows, cols, plan.phi, plan.psi, unit, scaled(used, unit), i, j, near, room, reach
    )


UNKNOWN = Certificate(failure="the cost is not known here; otlec.verify(plan, cost) checks it")


def judge_bottleneck(plan, cost: np.ndarray) -> Certificate:
    """The verdict on a plan whose dearest pair is claimed to be as cheap as possible.

    ``plan.entries`` are rows, columns and masses, and ``plan.block`` the rows and columns between
    which no pair is cheaper. These carry more than the whole mass together, so that each plan moves
    some of it there.
    """
    (rows, cols, mass), (block_rows, block_cols) = plan.entries, plan.block
    n, m = plan.a.size, plan.b.size
    block_rows, block_cols = np.unique(block_rows), np.unique(block_cols)
    if not rows.size == cols.size == mass.size > 0:
        return Certificate(failure="the entries of the plan have different lengths, or are none")
    if not all(_are_indices(i, size) for i, size in ((rows, n), (cols, m))):
        return Certificate(failure="an entry of the plan lies outside of it")
    if not all(_are_indices(i, size) for i, size in ((block_rows, n), (block_cols, m))):
        return Certificate(failure="the block lies outside of the cost")
    if cost.shape != (n, m):
        raise ValueError(f"cost must have shape {(n, m)}, but its shape is {cost.shape}")
    whole = float(plan.a.sum())
    missed = max(
        np.abs(np.bincount(rows, mass, n) - plan.a).max(),
        np.abs(np.bincount(cols, mass, m) - plan.b).max(),
    )
    dearest = cost[rows, cols].max()
    inside = cost[np.ix_(block_rows, block_cols)]
    kept_out = (
        (plan.a[block_rows].sum(), np.delete(plan.b, block_cols).sum()),
        (plan.b[block_cols].sum(), np.delete(plan.a, block_rows).sum()),
    )
    # what has no room outside; where nothing is outside, that is exact, however tiny it is
    proves = any(
        inner - outside > (2.0**-50 * whole if outside > 0 else 0.0) for inner, outside in kept_out
    )
    failure = ""
    if not (mass >= 0).all():
        failure = "a mass of the plan is negative"
    elif dearest != plan.value:
        failure = f"the dearest pair costs {dearest:.6g}, not {plan.value:.6g}"
    elif not proves:
        failure = "the block is too small: a plan may keep out of it"
    elif not (inside.size and inside.min() >= plan.value):
        failure = "a pair of the block is cheaper than the value"
    return Certificate(missed, 0.0, 0.0, missed / whole, 0.0, 0.0, abs(plan.value), 1, failure)


def with_verdict(result, verdict: Certificate):
    """The result with a verdict that no copy with other contents inherits."""
    object.__setattr__(result, "verdict", verdict)
    return result


def worst(plans) -> Certificate:
    """The verdict on that plan, of several, which is proved least."""
    return max((judge(plan, plan.evidence) for plan in plans), key=lambda verdict: verdict.error)


def with_evidence(plan, costs: MatrixCosts | PointCosts):
    """The plan, together with what a verdict needs of its costs."""
    return replace(plan, evidence=read(plan, costs))


def judge(plan, costs: MatrixCosts | PointCosts | Evidence | Certificate | None) -> Certificate:
    """The verdict on a plan, from the costs or from what has been read of them."""
    if costs is None:
        return UNKNOWN
    if not (plan.phi.size == plan.a.size and plan.psi.size == plan.b.size):
        return Certificate(failure="a potential has the wrong shape")
    if not plan.rows.size == plan.cols.size == plan.mass.size:
        return Certificate(failure="the entries of the plan have different lengths")
    if not (_are_indices(plan.rows, plan.a.size) and _are_indices(plan.cols, plan.b.size)):
        return Certificate(failure="an entry of the plan lies outside of it")
    if not (np.isfinite(plan.mass).all() and (plan.mass >= 0).all()):
        return Certificate(failure="a mass of the plan is negative, nan or infinite")
    if not math.isfinite(plan.value):
        return Certificate(failure=f"the value is {plan.value}")
    if isinstance(costs, MatrixCosts | PointCosts):
        costs = read(plan, costs)
    with np.errstate(all="ignore"):
        if isinstance(costs, Certificate):
            return costs
        if not costs.is_of(plan):
            return Certificate(
                failure="entries or potentials are not those that were checked when the plan was "
                "made; otlec.verify(plan, cost) checks these"
            )
        return _verdict(plan, costs)


def _verdict(plan, read: Evidence) -> Certificate:
    rows, cols, n, m = plan.rows, plan.cols, plan.a.size, plan.b.size
    whole = float(plan.a.sum())
    if not (whole > 0 and math.isfinite(whole)):
        return Certificate(failure="the mass is not positive and finite")
    mass = plan.mass / whole
    missed_a = np.abs(np.bincount(rows, mass, n) - plan.a / whole)
    missed_b = np.abs(np.bincount(cols, mass, m) - plan.b / whole)
    phi, psi = scaled(plan.phi, read.unit), scaled(plan.psi, read.unit)
    parts = parts_of(rows, cols, mass, read.costs, phi, psi)
    slack, pairs, shift_phi, shift_psi = continued(parts, read, phi, psi)
    # feasibility, each pair at its own scale, and what may be hidden among the pairs not listed
    row_scale, col_scale = parts.mean[parts.row], parts.mean[parts.col]
    over = np.maximum(-pairs, 0.0)
    violation = _ratios(over, np.maximum(row_scale[read.i], col_scale[read.j])).max(initial=0.0)
    hidden = np.abs(shift_phi) + PRECISION * np.abs(phi) * (shift_phi != 0) - read.room
    violation = max(violation, _ratios(np.maximum(hidden, 0.0), row_scale).max(initial=0.0))
    hidden = np.maximum(np.abs(shift_psi) - read.reach, 0.0) * (shift_psi != 0)
    violation = max(violation, _ratios(hidden, col_scale).max(initial=0.0))
    # the gap, in each part and in the whole; and the value that is claimed
    own = mass * np.abs(read.costs)
    value_scale = float(own.sum())
    lost = mass * slack
    gap = _ratios(
        np.bincount(parts.row[rows], np.abs(lost), parts.count),
        np.bincount(parts.row[rows], own, parts.count),
    ).max(initial=0.0)
    claimed = float(np.ldexp(plan.value, -read.unit)) / whole
    stated = abs(claimed - float((mass * read.costs).sum()))
    gap = max(gap, _ratio(stated + float(np.abs(lost).sum()), value_scale))
    worth = float(missed_a @ _means(rows, mass, own, n) + missed_b @ _means(cols, mass, own, m))
    missed = max(missed_a.max(), missed_b.max())
    back = math.ldexp(1.0, min(read.unit, 1023))
    stored = mass * residual(read.costs, phi[rows], psi[cols])
    earned_too_much = -float(stored.sum()) - CLAIM * value_scale
    earned_too_much -= 4 * PRECISION * float(mass @ (np.abs(phi[rows]) + np.abs(psi[cols])))
    certificate = Certificate(
        marginals=missed * whole,
        violation=max(0.0, -float(residual(read.near, phi[read.i], psi[read.j]).min(initial=0)))
        * back,
        gap=(claimed - float((mass * read.costs).sum()) + float(stored.sum())) * back * whole,
        marginals_relative=max(missed, _ratio(worth, value_scale)),
        violation_relative=float(violation),
        gap_relative=float(gap),
        scale=value_scale * back * whole,
        parts=parts.count,
    )
    if earned_too_much > 0:
        return replace(certificate, failure="the dual value is above the primal one")
    if max(abs(plan.value), certificate.scale) < _TINY and 0 < value_scale * _WORTHLESS < stated:
        return replace(certificate, failure="the value is so tiny that it has lost its digits")
    return certificate


def _means(atoms, mass, own, size: int):
    """What a unit of mass pays at each atom."""
    weight, paid = np.bincount(atoms, mass, size), np.bincount(atoms, own, size)
    return np.divide(paid, weight, out=np.zeros(size), where=weight > 0)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole > 0 else (0.0 if part == 0 else math.inf)


def _ratios(part, whole):
    out = np.where(part == 0, 0.0, np.inf)
    return np.divide(part, whole, out=out, where=(whole > 0) & (part != 0))


def _unit(*arrays) -> int:
    """The exponent of the unit in which numbers are counted: 0, but for huge and tiny ones."""
    largest = max((float(np.abs(a).max(initial=0.0)) for a in arrays), default=0.0)
    exponent = math.frexp(largest)[1]
    return exponent if abs(exponent) > _EXPONENT // 2 else 0


def _normalised(mass):
    """Masses of sum 1 or nearly, however large or tiny they are."""
    mass = scaled(mass, _unit(mass))
    total = mass.sum()
    return mass / total if total > 0 else mass


def _are_indices(array, size: int) -> bool:
    whole = array.dtype.kind in "iu"
    return array.size == 0 or bool(whole and array.min() >= 0 and array.max() < size)
