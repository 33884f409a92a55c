"""Learns the weights of a classifier from the examples of a folder, one file a label, one text a line.

    pip install numpy scipy scikit-learn
    python tools/classify/train.py requests
    python tools/classify/train.py insights

`\\n` in a line is a line break. Every example was written for this; none is from a test set.
"""

import pathlib
import struct
import sys

import numpy as np
import scipy.sparse as sp
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict

import features as F

ROOT = pathlib.Path(__file__).resolve().parents[2]
TASKS = {
    "requests": ("src/context/kind_words.txt", "src/context/kind.weights"),
    "insights": ("src/insights/question_words.txt", "src/insights/question.weights"),
}

# What a group of features counts: classes more than words, places more than mere presence.
GROUPS = {"C": 1.5, "P": 0.5, "B": 1.2, "F": 1.5, "L": 1.2, "W": 1.0,
          "u": 1.5, "p": 0.7, "b": 1.0, "s": 1.0, "f": 1.2, "l": 1.0, "e": 1.0, "n": 1.0}

# Inverse strength of the regularisation; 5 and 60 were no better in cross-validation.
C = 20.0

# Features kept, those with the largest weights: 16,000 with 11 labels are 240 KB.
KEPT = 16_000

# Probabilities are raised to 1 / this and normalised: the examples are harder than what people ask.
TEMPERATURE = 0.65


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


def learn(sets, labels, kept=KEPT):
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


def write(model, vocabulary, path):
    coefficients = model.coef_ / TEMPERATURE
    step = float(np.abs(coefficients).max() / 127)
    table = {}
    for feature, column in vocabulary.items():
        # Two features with one hash are one feature; the first in the alphabet stays.
        table.setdefault(F.fnv(feature), np.round(coefficients[:, column] / step).astype(np.int8))
    names = "\n".join(model.classes_).encode()
    out = b"CARRYCL1" + struct.pack("<III", len(table), len(model.classes_), len(GROUPS))
    out += struct.pack("<f", step) + struct.pack("<I", len(names)) + names
    out += b"".join(struct.pack("<f", it / TEMPERATURE) for it in model.intercept_)
    out += b"".join(struct.pack("<Bf", ord(group), weight) for group, weight in GROUPS.items())
    hashes = sorted(table)
    out += b"".join(struct.pack("<I", it) for it in hashes)
    out += b"".join(table[it].tobytes() for it in hashes)
    path.write_bytes(out)
    print(f"{path.relative_to(ROOT)}: {len(table)} features, {len(out)} bytes")


def main():
    task = sys.argv[1]
    words, weights = TASKS[task]
    lexicon = F.Lexicon((ROOT / words).read_text())
    texts, labels = examples(task)
    sets = [F.features(it, lexicon) for it in texts]
    model, vocabulary = learn(sets, labels)
    folds = StratifiedKFold(5, shuffle=True, random_state=1)
    guessed = cross_val_predict(LogisticRegression(C=C, max_iter=400, class_weight="balanced"),
                                matrix(sets, vocabulary), labels, cv=folds)
    print(f"{len(texts)} examples, {(guessed == labels).mean():.3f} right in cross-validation")
    write(model, vocabulary, ROOT / weights)


if __name__ == "__main__":
    main()
