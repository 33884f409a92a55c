"""Learns the weights of a classifier from the examples of a folder, one file a label, one text a line.

    pip install numpy scipy scikit-learn torch
    python tools/classify/train.py requests
    python tools/classify/train.py insights

`--quick` leaves the cross-validation out.

Request kinds have a net beside the linear model (net.py); the scores of both are added. `\\n` in a line is a line break.
Every example was written for this; none is from a test set.
"""

import pathlib
import struct
import sys

import numpy as np
import scipy.sparse as sp
from sklearn.linear_model import LogisticRegression

import features as F

ROOT = pathlib.Path(__file__).resolve().parents[2]
TASKS = {
    "requests": ("src/context/kind_words.txt", "src/context/kind.weights", "src/context/kind.net"),
    "insights": ("src/insights/question_words.txt", "src/insights/question.weights", None),
}

# What a group of features counts: classes more than words, places more than mere presence.
GROUPS = {"C": 1.5, "P": 0.5, "B": 1.2, "F": 1.5, "L": 1.2, "W": 1.0,
          "u": 1.5, "p": 0.7, "b": 1.0, "s": 1.0, "f": 1.2, "l": 1.0, "e": 1.0, "n": 1.0}

# Inverse strength of the regularisation; 5 and 60 were no better in cross-validation.
C = 20.0

# Features kept, those with the largest weights. Beside a net fewer do: 16,000 are no better (docs/benchmarks.md).
KEPT = {"requests": 2_900, "insights": 16_000}

# What the scores are multiplied by before they become probabilities. With a net: what the examples that were left out
# in cross-validation were most probable with. Without: 1 / 0.65, the examples are harder than what people ask.
SHARE = {"requests": 0.51, "insights": 1 / 0.65}
SHARE_OF_NET = 0.72

# Lines of a file that stand together were written together: they are in one fold.
BLOCK = 20


def examples(task):
    texts, labels = [], []
    for file in sorted((pathlib.Path(__file__).parent / task).glob("*.txt")):
        for line in file.read_text().splitlines():
            if line:
                texts.append(line.replace("\\n", "\n"))
                labels.append(file.stem)
    return texts, np.array(labels)


def matrix(sets, vocabulary):
    rows, columns, values = [], [], []
    for row, feats in enumerate(sets):
        known = [(vocabulary[it], GROUPS[it[0]]) for it in feats if it in vocabulary]
        length = np.sqrt(sum(w * w for _, w in known)) or 1.0
        for column, weight in known:
            rows.append(row)
            columns.append(column)
            values.append(weight / length)
    return sp.csr_matrix((values, (rows, columns)), shape=(len(sets), len(vocabulary)))


def learn(sets, labels, kept):
    """The model and its vocabulary: features seen twice, of which those with the largest weights stay."""
    counts = {}
    for feats in sets:
        for it in feats:
            counts[it] = counts.get(it, 0) + 1
    vocabulary = {it: at for at, it in enumerate(sorted(it for it, n in counts.items() if n > 1))}
    for _ in range(2):
        model = LogisticRegression(C=C, max_iter=400, class_weight="balanced")
        model.fit(matrix(sets, vocabulary), labels)
        if len(vocabulary) <= kept:
            break
        names = list(vocabulary)
        best = np.argsort(-np.abs(model.coef_).max(axis=0))[:kept]
        vocabulary = {it: at for at, it in enumerate(sorted(names[i] for i in best))}
    return model, vocabulary


def write(model, vocabulary, share, path):
    coefficients = model.coef_ * share
    step = F.step(coefficients)
    table = {}
    for feature, column in vocabulary.items():
        # Two features with one hash are one feature; the first in the alphabet stays.
        table.setdefault(F.fnv(feature), F.bytes_of(coefficients[:, column], step))
    names = "\n".join(model.classes_).encode()
    out = b"CARRYCL1" + struct.pack("<III", len(table), len(model.classes_), len(GROUPS))
    out += struct.pack("<f", step) + struct.pack("<I", len(names)) + names
    out += b"".join(struct.pack("<f", it * share) for it in model.intercept_)
    out += b"".join(struct.pack("<Bf", ord(group), weight) for group, weight in GROUPS.items())
    hashes = sorted(table)
    out += b"".join(struct.pack("<I", it) for it in hashes)
    out += b"".join(table[it].tobytes() for it in hashes)
    path.write_bytes(out)
    print(f"{path.relative_to(ROOT)}: {len(table)} features, {len(out)} bytes")


def folds(labels):
    """Five folds of whole blocks of lines, so that what was written in one go is not on both sides."""
    blocks, size = [], 0
    for at, it in enumerate(labels):
        fresh = at == 0 or it != labels[at - 1] or size == BLOCK
        size = 1 if fresh else size + 1
        blocks.append((blocks[-1] if blocks else -1) + fresh)
    blocks = np.array(blocks)
    return np.random.RandomState(1).permutation(blocks.max() + 1)[blocks] % 5


def calibration_error(chances, numbers):
    sure, right = chances.max(axis=1), chances.argmax(axis=1) == numbers
    bins = np.minimum((sure * 10).astype(int), 9)
    return sum((bins == it).mean() * abs(sure[bins == it].mean() - right[bins == it].mean()) for it in set(bins))


def main():
    task = sys.argv[1]
    words, weights, net_file = TASKS[task]
    lexicon = F.Lexicon((ROOT / words).read_text())
    texts, labels = examples(task)
    numbers = np.searchsorted(np.unique(labels), labels)
    sets = [F.features(it, lexicon) for it in texts]
    if net_file:
        import net as N

        inputs = [N.inputs(it, lexicon) for it in texts]

    def both(learn_from, ask):
        model, vocabulary = learn([sets[i] for i in learn_from], labels[learn_from], KEPT[task])
        scores = model.decision_function(matrix([sets[i] for i in ask], vocabulary)) * SHARE[task]
        if not net_file:
            return model, vocabulary, None, scores
        net = N.learn([inputs[i] for i in learn_from], numbers[learn_from])
        return model, vocabulary, net, scores + N.scores(*net, [inputs[i] for i in ask]) * SHARE_OF_NET

    everything = np.arange(len(texts))
    if "--quick" not in sys.argv:
        left_out, scores = folds(labels), np.zeros((len(texts), numbers.max() + 1))
        for fold in range(5):
            ask = everything[left_out == fold]
            scores[ask] = both(everything[left_out != fold], ask)[3]
        chances = np.exp(scores - scores.max(axis=1, keepdims=True))
        chances /= chances.sum(axis=1, keepdims=True)
        right = (chances.argmax(axis=1) == numbers).mean()
        print(f"{len(texts)} examples, cross-validation by blocks: {right:.3f} right,"
              f" calibration error {calibration_error(chances, numbers):.3f}")
    model, vocabulary, net, _ = both(everything, everything[:1])
    write(model, vocabulary, SHARE[task], ROOT / weights)
    if net_file:
        N.write(*net, SHARE_OF_NET, ROOT / net_file)


if __name__ == "__main__":
    main()
