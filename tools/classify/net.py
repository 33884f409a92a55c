"""The net beside the linear model of request kinds: the same as src/classify/net.rs, and how it is learned."""

import collections
import pathlib
import struct
import unicodedata

import numpy as np
import torch
from torch import nn

import features as F

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Tokens that are looked at, half of them from the end.
TOKENS = 48

# Rows for words and beginnings, the most frequent ones of the examples; classes and places have theirs besides. 1,800
# were .006 worse in cross-validation.
ROWS = 3_000

# Components of a row, and patterns of each width: 32 and 64 were .003 worse in cross-validation, 160 patterns no better.
WIDTH, PATTERNS = 48, 96

EPOCHS = 14
LABELS_SMOOTHED = 0.05

# The share of words hidden in training, so that the net does not lean on single ones.
HIDDEN = 0.15

SUBORDINATING = set(
    """because so since when if before after which that while as until unless whenever where although though who whose
    but weil damit wenn bevor nachdem während obwohl sodass denn dass quand lorsque si afin car qui avant après puisque
    cuando porque antes después mientras""".split()
)


class Meanings:
    """The table of word pieces in the binary, read as src/embed does."""

    def __init__(self):
        data = (ROOT / "src/embed/minilm-static.bin").read_bytes()
        count, self.size, ranges, singles, length = struct.unpack_from("<5I", data, 8)
        at = 28
        pieces = data[at : at + length].decode().split("\n")
        at += length + ranges * 12 + singles * 4
        for _ in range(singles):
            at += 1 + data[at]
        blocks = self.size // 32
        scales = (np.frombuffer(data, np.uint16, count * blocks, at).astype(np.uint32) << 16).view(np.float32)
        codes = np.frombuffer(data, np.uint8, count * self.size // 2, at + count * blocks * 2)
        codes = codes.reshape(count, self.size // 2)
        vectors = np.empty((count, self.size), np.float32)
        vectors[:, 0::2], vectors[:, 1::2] = codes & 15, codes >> 4
        self.vectors = (vectors - 7.5) * np.repeat(scales.reshape(count, blocks), 32, axis=1)
        self.pieces = {piece: at for at, piece in enumerate(pieces)}
        self.places, self.rows = {}, [np.zeros(self.size, np.float32)]

    def place(self, word):
        """Where the vector of a word stands in `table`; 0 for none."""
        if word not in self.places:
            vector = None if word[0] == "<" else self.vector(word)
            length = 0 if vector is None else np.linalg.norm(vector)
            if length > 0:
                self.rows.append((vector / length).astype(np.float32))
            self.places[word] = len(self.rows) - 1 if length > 0 else 0
        return self.places[word]

    def vector(self, word):
        plain = "".join(c for c in unicodedata.normalize("NFD", word) if unicodedata.category(c) != "Mn")
        parts, part = [], ""
        for c in plain.lower() + " ":
            if c.isalnum():
                part += c
            else:
                parts += [part] if part else []
                parts += [c] if c != " " else []
                part = ""
        found = [self.vectors[piece] for part in parts for piece in self.cut(part)]
        return np.sum(found, axis=0) if found else None

    def cut(self, part):
        out, rest, sign = [], part, ""
        while rest:
            ends = (end for end in range(len(rest), 0, -1) if sign + rest[:end] in self.pieces)
            end = next(ends, 0)
            if not end:
                return []
            out.append(self.pieces[sign + rest[:end]])
            rest, sign = rest[end:], "##"
        return out

    def table(self):
        return torch.from_numpy(np.array(self.rows))


MEANINGS = Meanings()


def classes_of_each(toks, lexicon):
    out, at = [], 0
    while at < len(toks):
        length, names = 1, []
        for phrase, name in lexicon.by_first.get(toks[at], ()):
            if names and len(phrase) < length:
                break
            if toks[at : at + len(phrase)] == phrase:
                length = len(phrase)
                names.append(name)
        out += [names] * length
        at += length
    return out


def ends(tok):
    return tok in ("?", "!", ".", ";", ":", "<nl>")


def inputs(text, lexicon):
    """For each token itself and its features: the word, its classes, its beginning, where it stands."""
    toks = F.tokens(text)
    if len(toks) > TOKENS:
        toks = toks[: TOKENS // 2] + toks[-TOKENS // 2 :]
    last = max((at + 1 for at, tok in enumerate(toks[:-1]) if ends(tok)), default=0)
    place, below, out = 0, False, []
    for at, (tok, names) in enumerate(zip(toks, classes_of_each(toks, lexicon))):
        feats = ["w " + tok] + ["c " + name for name in names]
        if len(tok) > 5 and tok[0] != "<":
            feats.append("p " + tok[:5])
        if ends(tok):
            place, below = 0, False
        else:
            feats += [f"k s{place}"] if place < 2 else []
            feats += ["k sub"] if below else []
            feats += ["k last"] if at >= last else []
            below = below or place > 0 and tok in SUBORDINATING
            place += 1
        out.append((tok, feats))
    return out


def tensors(sets, rows):
    most = max(len(feats) for toks in sets for _, feats in toks)
    ids = np.zeros((len(sets), TOKENS, most), np.int64)
    meanings = np.zeros((len(sets), TOKENS), np.int64)
    for i, toks in enumerate(sets):
        for j, (tok, feats) in enumerate(toks):
            meanings[i, j] = MEANINGS.place(tok)
            for k, it in enumerate(feats):
                ids[i, j, k] = rows.get(it, 1 if k == 0 else 0)
    lengths = np.array([len(toks) for toks in sets])
    return torch.from_numpy(ids), torch.from_numpy(meanings), torch.from_numpy(lengths)


class Net(nn.Module):
    def __init__(self, rows, labels):
        super().__init__()
        self.rows = nn.Embedding(rows, WIDTH, padding_idx=0)
        nn.init.normal_(self.rows.weight, std=0.1)
        self.rows.weight.data[0] = 0
        self.shares = nn.Linear(MEANINGS.size, WIDTH, bias=False)
        self.patterns = nn.ModuleList([nn.Conv1d(WIDTH, PATTERNS, wide, padding=wide // 2) for wide in (1, 2, 3)])
        self.labels = nn.Linear(3 * PATTERNS, labels)
        self.dropout = nn.Dropout(0.5)

    def forward(self, ids, meanings, lengths, table):
        if self.training:
            words = ids[:, :, 0]
            ids = ids.clone()
            hidden = (torch.rand(words.shape) < HIDDEN) & (words > 0)
            ids[:, :, 0] = words.masked_fill(hidden, 1)
            ids[:, :, 1:] = ids[:, :, 1:].masked_fill(torch.rand(*words.shape, 1) < HIDDEN / 2, 0)
        x = self.rows(ids).sum(2) + self.shares(table[meanings])
        there = torch.arange(x.shape[1])[None] < lengths[:, None]
        x = (x * there.unsqueeze(2)).transpose(1, 2)
        fits = [torch.relu(it(x))[:, :, : x.shape[2]].masked_fill(~there.unsqueeze(1), 0) for it in self.patterns]
        return self.labels(self.dropout(torch.cat([it.max(2).values for it in fits], 1)))


def learn(sets, labels, seed=0):
    """The net and its rows, from the inputs of texts and their labels as numbers."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    counts = collections.Counter(it for toks in sets for _, feats in toks for it in feats)
    kept = [it for it, _ in counts.most_common() if it[0] in "ck"]
    kept += [it for it, n in counts.most_common() if it[0] in "wp" and n > 2][:ROWS]
    rows = {it: at + 2 for at, it in enumerate(kept)}
    ids, meanings, lengths = tensors(sets, rows)
    table, y = MEANINGS.table(), torch.from_numpy(labels)
    net = Net(len(rows) + 2, int(labels.max()) + 1)
    optimizer = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=1e-2)
    steps = EPOCHS * (len(y) // 64 + 1) + 1
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps)
    for _ in range(EPOCHS):
        net.train()
        for batch in torch.randperm(len(y)).split(64):
            optimizer.zero_grad()
            most = int(lengths[batch].max())
            scores = net(ids[batch][:, :most], meanings[batch][:, :most], lengths[batch], table)
            nn.functional.cross_entropy(scores, y[batch], label_smoothing=LABELS_SMOOTHED).backward()
            optimizer.step()
            schedule.step()
    net.eval()
    return net, rows


def scores(net, rows, sets):
    out = []
    with torch.no_grad():
        for at in range(0, len(sets), 256):
            out.append(net(*tensors(sets[at : at + 256], rows), MEANINGS.table()).numpy())
    return np.concatenate(out)


def write(net, rows, share, path):
    """Writes what src/classify/net.rs reads; `share` is what the scores of the labels are multiplied by."""
    hashed = {}
    for feature, row in rows.items():
        hashed.setdefault(F.fnv(feature), row)
    hashes = sorted(hashed)
    weights = {name: it.detach().numpy() for name, it in net.state_dict().items()}
    labels = weights["labels.weight"].shape[0]
    out = b"CARRYNN1" + struct.pack("<5I", len(hashes), WIDTH, MEANINGS.size, PATTERNS, labels)
    out += b"".join(struct.pack("<I", it) for it in hashes)

    def table(values, coarse=0.25):
        step = F.step(values, coarse if values.ndim > 1 else 0.0)
        return struct.pack("<f", step) + F.bytes_of(values, step).tobytes()

    rows_of = weights["rows.weight"]
    out += table(np.stack([rows_of[hashed[it]] for it in hashes]), F.COARSE)
    out += table(rows_of[1]) + table(weights["shares.weight"])
    for at in range(3):
        out += table(weights[f"patterns.{at}.weight"].transpose(0, 2, 1)) + table(weights[f"patterns.{at}.bias"])
    out += table(weights["labels.weight"] * share) + table(weights["labels.bias"] * share)
    path.write_bytes(out)
    print(f"{path.relative_to(ROOT)}: {len(hashes)} rows, {len(out)} bytes")
