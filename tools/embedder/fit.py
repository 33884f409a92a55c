"""Fits the vectors of the pieces to the teacher's vectors of whole texts, without leaving where they come from."""

import numpy as np
from scipy.sparse import csr_matrix

from table import principal

# The weight of a piece with share p is RARE / (RARE + p): smooth inverse frequency.
RARE = 1e-3
# How strongly a piece is held where the teacher's own vector of it puts it.
HOLD = 3.0
STEPS = 30


def table(words, shares, bags, taught, dimensions, hold=HOLD, rare=RARE):
    """Returns the table: one row a piece, its weight in the length of the row."""
    mean, axes = principal(words, shares + 1e-7, dimensions)
    plain = (words - mean) @ axes
    weights = rare / (rare + shares)
    start = plain * weights[:, None]
    if hold is None:
        return start
    target = (taught - taught.mean(0)) @ axes
    target /= np.linalg.norm(target, axis=1, keepdims=True)
    full = [at for at, bag in enumerate(bags) if bag]
    rows = np.repeat(np.arange(len(full)), [len(bags[at]) for at in full])
    columns = np.concatenate([bags[at] for at in full])
    counts = csr_matrix((np.ones(len(rows)), (rows, columns)), (len(full), len(words)))
    sums = counts @ start
    lengths = np.linalg.norm(sums, axis=1)
    # What is moved is the unweighted vector, so that a frequent word is not moved more for having a small weight.
    bag = counts.multiply(1 / lengths[:, None]).multiply(weights[None, :]).tocsr()
    miss = target[full] - sums / lengths[:, None]
    return (plain + descend(bag, miss, hold * (plain**2).sum(1).mean() ** -1)) * weights[:, None]


def descend(bag, miss, hold):
    """The moves that minimise |bag @ moves - miss|² + hold |moves|², by conjugate gradients, all columns at once."""
    moves = np.zeros((bag.shape[1], miss.shape[1]))
    rest = bag.T @ miss
    way = rest.copy()
    size = (rest * rest).sum(0)
    for _ in range(STEPS):
        ahead = bag.T @ (bag @ way) + hold * way
        length = size / np.maximum((way * ahead).sum(0), 1e-30)
        moves += way * length
        rest -= ahead * length
        after = (rest * rest).sum(0)
        way = rest + way * (after / np.maximum(size, 1e-30))
        size = after
    return moves
