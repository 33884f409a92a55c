"""Vocabulary, vectors and packing of the static table."""

import unicodedata
from collections import Counter

import numpy as np
from tokenizers import Tokenizer
from tokenizers.models import WordPiece

BLOCK = 32


def pieces_of(tokenizer):
    """The reference vocabulary, by id."""
    vocabulary = tokenizer.get_vocab()
    return [piece for piece, _ in sorted(vocabulary.items(), key=lambda item: item[1])]


def frequencies(tokenizer, texts):
    """How often each id stands in a text of each kind, as shares; every kind counts the same."""
    shares = np.zeros(tokenizer.get_vocab_size())
    for kind in texts:
        counts = Counter()
        for begin in range(0, len(texts[kind]), 5000):
            for encoded in tokenizer.encode_batch_fast(texts[kind][begin : begin + 5000], add_special_tokens=False):
                counts.update(encoded.ids)
        total = sum(counts.values())
        for at, count in counts.items():
            shares[at] += count / total / len(texts)
    return shares


def kept(pieces, shares, size):
    """The ids to keep: every single character, so that any word can still be cut, and the most frequent others.

    The reference vocabulary is itself ordered by frequency; its rank stands in for words that our texts lack."""
    whole = [not piece.startswith("[") for piece in pieces]
    first = next(at for at, piece in enumerate(pieces) if piece == "the")
    rank = np.maximum(np.arange(len(pieces)) - first, 1)
    expected = shares + 0.3 / (rank + 200) / 5
    single = [len(piece.removeprefix("##")) == 1 for piece in pieces]
    order = sorted((at for at in range(len(pieces)) if whole[at] or single[at]), key=lambda at: (not single[at], -expected[at]))
    return np.array(sorted(order[:size]))


def reduced(tokenizer, pieces, ids):
    """The reference tokenizer with the kept vocabulary only; its ids are positions in the table, the last is [UNK]."""
    vocabulary = {pieces[at]: position for position, at in enumerate(ids)}
    vocabulary["[UNK]"] = len(ids)
    model = WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=100)
    small = Tokenizer(model)
    small.normalizer = tokenizer.normalizer
    small.pre_tokenizer = tokenizer.pre_tokenizer
    return small


def bags(small, texts, unknown):
    """The positions of the pieces of each text, without the unknown."""
    out = []
    for begin in range(0, len(texts), 5000):
        for encoded in small.encode_batch_fast(texts[begin : begin + 5000], add_special_tokens=False):
            out.append([at for at in encoded.ids if at != unknown])
    return out


def principal(vectors, weights, dimensions):
    """The mean and the first axes of `vectors`, each counted by its weight."""
    mean = np.average(vectors, axis=0, weights=weights)
    centred = (vectors - mean) * np.sqrt(weights / weights.sum())[:, None]
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    return mean, axes[:dimensions].T


def quantise(table):
    """4 bits a component in blocks of 32 with a bfloat16 scale each. Value = (code - 7.5) * scale."""
    blocks = table.reshape(-1, BLOCK).astype(np.float32)
    most = np.abs(blocks).max(1)
    best, error = None, np.full(len(blocks), np.inf, np.float32)
    codes = np.zeros(blocks.shape, np.uint8)
    scales = np.zeros(len(blocks), np.float32)
    for shrink in (1.0, 0.94, 0.88, 0.82, 0.76):
        scale = bfloat(np.maximum(most * np.float32(shrink / 7.5), 1e-30))
        tried = np.clip(np.rint(blocks / scale[:, None] + 7.5), 0, 15)
        wrong = (((tried - 7.5) * scale[:, None] - blocks) ** 2).sum(1)
        better = wrong < error
        error[better] = wrong[better]
        codes[better] = tried[better].astype(np.uint8)
        scales[better] = scale[better]
    return codes.reshape(table.shape), scales.reshape(len(table), -1)


def dequantise(codes, scales):
    return ((codes.astype(np.float32) - 7.5).reshape(len(codes), -1, BLOCK) * scales[:, :, None]).reshape(codes.shape)


def bfloat(values):
    """Rounds to the nearest bfloat16, kept as float32."""
    bits = values.astype(np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000).astype(np.uint32).view(np.float32)


def characters(tokenizer):
    """What the reference makes of each character: (ranges, singles).

    A range is (first, last, action): 0 leaves it out, 1 makes it a blank, 2 sets it apart from its neighbours.
    A single is (character, replacement). Hangul syllables are left to the rule by which they are composed."""
    ranges, singles = [], []

    def extend(code, action):
        if ranges and ranges[-1][2] == action and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code, action])

    for code in range(0x80, 0x110000):
        if 0xD800 <= code <= 0xDFFF or 0xAC00 <= code <= 0xD7A3:
            continue
        char = chr(code)
        after = tokenizer.normalizer.normalize_str(char)
        if after == "":
            extend(code, 0)
        elif after.isspace() and len(after) == 1:
            extend(code, 1)
        elif after == f" {char} ":
            extend(code, 2)
        else:
            # A compatibility ideograph becomes its unified one, still set apart.
            if after != char:
                singles.append((code, after))
            plain = after.strip()
            if len(plain) == 1 and apart(tokenizer, plain) and after == char:
                extend(code, 2)
    return ranges, singles


def apart(tokenizer, char):
    """Whether the reference sets `char` apart as punctuation."""
    return len(tokenizer.pre_tokenizer.pre_tokenize_str(f"a{char}a")) == 3


def pack(path, pieces, ids, codes, scales, ranges, singles):
    """Writes the table. All numbers are little-endian; src/embed/table.rs reads it."""
    def text(value):
        raw = value.encode()
        return bytes([len(raw)]) + raw

    out = bytearray(b"CARRYEM1")
    out += np.array([len(ids), codes.shape[1], len(ranges), len(singles)], "<u4").tobytes()
    vocabulary = "\n".join(pieces[at] for at in ids).encode()
    out += np.array([len(vocabulary)], "<u4").tobytes() + vocabulary
    out += np.array(ranges, "<u4").tobytes()
    out += np.array([code for code, _ in singles], "<u4").tobytes()
    out += b"".join(text(after) for _, after in singles)
    out += (scales.astype("<f4").view("<u4") >> 16).astype("<u2").tobytes()
    # Component 2i is in the low half of byte i, 2i+1 in the high one.
    out += (codes[:, 0::2] | (codes[:, 1::2] << 4)).astype(np.uint8).tobytes()
    path.write_bytes(out)
    return len(out)
