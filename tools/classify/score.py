"""Scores a file of labelled lines with the written weights of request kinds, as the program does, without building it.

    python tools/classify/score.py FILE [--errors]
"""

import json
import pathlib
import struct
import sys

import numpy as np

import features as F
import net as N
from train import TASKS, calibration_error

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Reader:
    def __init__(self, path):
        self.data, self.at = path.read_bytes(), 8

    def numbers(self, form):
        out = struct.unpack_from("<" + form, self.data, self.at)
        self.at += struct.calcsize("<" + form)
        return out

    def bytes(self, *shape):
        count = int(np.prod(shape))
        out = np.frombuffer(self.data, np.int8, count, self.at).reshape(shape)
        self.at += count
        return out.astype(np.float32)

    def table(self, *shape):
        return self.numbers("f")[0] * self.bytes(*shape)


class Kinds:
    def __init__(self):
        words, weights, net = (ROOT / it for it in TASKS["requests"])
        self.lexicon = F.Lexicon(words.read_text())
        it = Reader(weights)
        count, labels, groups = it.numbers("III")
        step, length = it.numbers("fI")
        self.labels = it.data[it.at : it.at + length].decode().split("\n")
        it.at += length
        self.starts = np.array(it.numbers(f"{labels}f"))
        self.groups = {chr(a): b for a, b in (it.numbers("Bf") for _ in range(groups))}
        self.places = {hash_: at for at, hash_ in enumerate(it.numbers(f"{count}I"))}
        self.weights = it.bytes(count, labels) * step
        it = Reader(net)
        count, width, size, patterns, labels = it.numbers("5I")
        self.rows = {hash_: at for at, hash_ in enumerate(it.numbers(f"{count}I"))}
        self.row, self.unknown, self.shares = it.table(count, width), it.table(width), it.table(width, size)
        self.patterns = [(it.table(patterns, wide, width), it.table(patterns)) for wide in (1, 2, 3)]
        self.label, self.start = it.table(labels, 3 * patterns), it.table(labels)

    def chances(self, text):
        feats = [it for it in map(lambda it: (F.fnv(it), self.groups[it[0]]), F.features(text, self.lexicon))
                 if it[0] in self.places]
        linear = sum((self.weights[self.places[it]] * weight for it, weight in feats), np.zeros(len(self.labels)))
        linear = linear / (sum(weight**2 for _, weight in feats) ** 0.5 or 1.0) + self.starts
        x = [np.zeros_like(self.unknown)]
        for tok, feats in N.inputs(text, self.lexicon):
            found = [self.rows.get(F.fnv(it)) for it in feats]
            first = self.unknown if found[0] is None else self.row[found[0]]
            meaning = N.MEANINGS.rows[N.MEANINGS.place(tok)]
            x.append(sum((self.row[it] for it in found[1:] if it is not None), first) + self.shares @ meaning)
        x = np.array(x + [np.zeros_like(self.unknown)])
        fits = []
        for wide, (pattern, start) in enumerate(self.patterns, 1):
            rows = range(1, len(x) - 1)
            at = [np.maximum(np.einsum("pwd,wd->p", pattern, x[i - wide // 2 : i - wide // 2 + wide]) + start, 0) for i in rows]
            fits.append(np.max(at, axis=0) if at else np.zeros(len(start)))
        scores = linear + self.label @ np.concatenate(fits) + self.start
        raised = np.exp(scores - scores.max())
        return raised / raised.sum()


def main():
    kinds = Kinds()
    lines = [json.loads(it) for it in pathlib.Path(sys.argv[1]).read_text().splitlines()]
    chances = np.array([kinds.chances(it["text"]) for it in lines])
    numbers = np.array([kinds.labels.index(it["label"]) for it in lines])
    right = chances.argmax(axis=1) == numbers
    print(f"{len(lines)} lines, {right.mean():.3f} right, calibration error {calibration_error(chances, numbers):.3f}")
    if "--errors" in sys.argv:
        for line, row in zip(lines, chances):
            guess = kinds.labels[row.argmax()]
            if guess != line["label"]:
                print(f"{line['label']} → {guess} {row.max():.2f}: {line['text']!r}")


if __name__ == "__main__":
    main()
