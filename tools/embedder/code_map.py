"""Fits src/documents/nearness.map: a turn of a request's vector to where the code is that such requests change.

    python3 code_map.py PAIRS.jsonl.gz ../../src/embed/minilm-static.bin ../../src/documents/nearness.map

PAIRS has a line {"q": message, "d": words of the path, a line break, code, "repo": name} for each changed file. Of each batch
1,024 pairs of four repositories the right code is to be nearest to each message, and the other way round."""

import gzip
import json
import re
import struct
import sys
from collections import Counter

import numpy as np
import torch

RANK, BATCH, REPOSITORIES, STEPS, RATE, SEED = 32, 1024, 4, 800, 3e-3, 0
WORD = re.compile(r"\w+")
PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\dA-Za-z_]+")


def table(path):
    """The pieces by their place, and their vectors, as `table.py` packs them."""
    raw = open(path, "rb").read()
    count, dimensions, ranges, singles, size = struct.unpack("<5I", raw[8:28])
    at = 28 + size
    pieces = {piece: place for place, piece in enumerate(raw[28:at].decode().split("\n")[:count])}
    at += 12 * ranges + 4 * singles
    for _ in range(singles):
        at += 1 + raw[at]
    blocks = dimensions // 32
    scales = (np.frombuffer(raw[at : at + count * blocks * 2], "<u2").astype(np.uint32) << 16).view(np.float32)
    codes = np.frombuffer(raw[at + count * blocks * 2 :], np.uint8).reshape(count, dimensions // 2)
    vectors = np.empty((count, dimensions), np.float32)
    vectors[:, 0::2], vectors[:, 1::2] = codes & 15, codes >> 4
    return pieces, (vectors - 7.5) * np.repeat(scales.reshape(count, blocks), 32, axis=1)


def cutter(pieces):
    """Word → places of its pieces, the longest first."""
    known = {}

    def cut(word):
        if word not in known:
            places, rest, mark = [], word, ""
            while rest and places is not None:
                end = next((end for end in range(min(len(rest), 30), 0, -1) if mark + rest[:end] in pieces), 0)
                places = places + [pieces[mark + rest[:end]]] if end else None
                rest, mark = rest[end:], "##"
            known[word] = places or []
        return known[word]

    return cut


def bag(text, cut):
    """Places of pieces and what each counts: by the root of how often its word comes, the path's words more often."""
    path, _, body = text.partition("\n") if "\n" in text else ("", "", text)
    sums = Counter()
    for part, times in ((path, 3), (body, 1)):
        words = Counter(it.lower() for word in WORD.findall(part) for it in PART.findall(word))
        for word, count in words.items():
            for place in cut(word):
                sums[place] += times * int((4 * count) ** 0.5)
    return sums


def embedded(texts, cut, vectors):
    """Unit vectors: the table itself stays as it is, so that each text is summed once."""
    out = np.zeros((len(texts), vectors.shape[1]), np.float32)
    for at, text in enumerate(texts):
        sums = bag(text, cut)
        if sums:
            out[at] = np.array(list(sums.values()), np.float32) @ vectors[list(sums)]
    return out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9)


def fit(asked, code, repositories):
    torch.manual_seed(SEED)
    random = np.random.default_rng(SEED)
    asked, code = torch.from_numpy(asked), torch.from_numpy(code)
    of = [np.flatnonzero(repositories == it) for it in range(repositories.max() + 1)]
    of = [it for it in of if len(it) >= 200]
    share = np.array([len(it) for it in of], float) ** 0.7
    dimensions = asked.shape[1]
    down = torch.nn.Parameter(torch.randn(dimensions, RANK) * 0.02)
    up = torch.nn.Parameter(torch.randn(RANK, dimensions) * 0.02)
    sharpness = torch.nn.Parameter(torch.tensor(2.7))
    optimiser = torch.optim.Adam([down, up, sharpness], lr=RATE)
    for step in range(STEPS):
        for group in optimiser.param_groups:
            group["lr"] = RATE * min(1, (step + 1) / 30) * (0.5 + 0.5 * np.cos(np.pi * step / STEPS))
        chosen = random.choice(len(of), REPOSITORIES, replace=False, p=share / share.sum())
        rows = np.concatenate([random.choice(of[it], min(BATCH // REPOSITORIES, len(of[it])), replace=False) for it in chosen])
        questions = asked[rows]
        turned = torch.nn.functional.normalize(questions + questions @ down @ up, dim=1)
        scores = turned @ code[rows].T * sharpness.exp().clamp(max=60)
        same = (questions @ questions.T > 0.9999).fill_diagonal_(False)
        scores = scores.masked_fill(same, -1e4)
        right = torch.arange(len(rows))
        loss = torch.nn.functional.cross_entropy(scores, right) + torch.nn.functional.cross_entropy(scores.T, right)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if (step + 1) % 200 == 0:
            print(step + 1, round(loss.item() / 2, 3), flush=True)
    return down.detach().numpy(), up.detach().numpy()


def packed(down, up):
    """Both in signed bytes, each with its scale; first balanced, so that neither loses more than the other."""
    left, middle, right = np.linalg.svd(down @ up)
    middle = np.sqrt(middle[:RANK])
    halves = left[:, :RANK] * middle, middle[:, None] * right[:RANK]
    scales = [np.abs(it).max() / 127 for it in halves]
    rounded = [np.round(it / scale).astype(np.int8).tobytes() for it, scale in zip(halves, scales)]
    return struct.pack("<2f", *scales) + b"".join(rounded)


def main(pairs, source, target):
    torch.set_num_threads(1)
    lines = [json.loads(line) for line in gzip.open(pairs, "rt")]
    pieces, vectors = table(source)
    cut = cutter(pieces)
    titled = [line["q"].split("\n")[0] + " " + line["q"].split("\n")[0] + " " + line["q"].replace("\n", " ") for line in lines]
    asked, code = embedded(titled, cut, vectors), embedded([line["d"] for line in lines], cut, vectors)
    names = sorted({line["repo"] for line in lines})
    places = {name: place for place, name in enumerate(names)}
    repositories = np.array([places[line["repo"]] for line in lines])
    full = (np.abs(asked).sum(1) > 0) & (np.abs(code).sum(1) > 0)
    down, up = fit(asked[full], code[full], repositories[full])
    open(target, "wb").write(packed(down, up))


if __name__ == "__main__":
    main(*sys.argv[1:])
