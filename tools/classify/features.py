"""What a text shows to the classifiers: the same as src/classify/features.rs, line by line.

A change here is a change there; `score.py FILE` has to print what the bench of the program prints for the same file.
"""

import numpy as np

CLOSING = set("?!.;:,")


def unspaced(c):
    n = ord(c)
    return (
        n == 0x3005 or 0x3040 <= n <= 0x30FF or 0x3400 <= n <= 0x4DBF or 0x4E00 <= n <= 0x9FFF or 0xF900 <= n <= 0xFAFF
    )


def tokens(text):
    """Words in lower case, signs, and marks for what is no language: <id>, <path>, <n>, <code>, <nl>."""
    out = []
    chars = list(text[:4000])
    at, n = 0, len(chars)
    while at < n and len(out) < 400:
        c = chars[at]
        if c == "`":
            ticks = 1
            while at + ticks < n and chars[at + ticks] == "`":
                ticks += 1
            end = at + ticks
            while end < n and chars[end] != "`":
                end += 1
            out.append("<code>" if ticks >= 3 else "<id>")
            while end < n and chars[end] == "`":
                end += 1
            at = end
        elif c == "\n":
            if not out or out[-1] != "<nl>":
                out.append("<nl>")
            at += 1
        elif c.isspace():
            at += 1
        elif unspaced(c):
            out.append(c)
            at += 1
        elif c.isalnum() or c in "_<":
            end = at
            while end < n and not chars[end].isspace() and not unspaced(chars[end]) and chars[end] not in '`"“”„«»(),;?!':
                end += 1
            chunk = "".join(chars[at:end])
            while len(chunk) > 1 and chunk[-1] in ".:'’":
                chunk = chunk[:-1]
            end = at + len(chunk)
            call = end + 1 < n and chars[end] == "(" and chars[end + 1] == ")"
            if call:
                end += 2
            if call or "_" in chunk or "::" in chunk:
                out.append("<id>")
            elif "/" in chunk and len(chunk) > 3 or inner_dot(chunk):
                out.append("<path>")
            elif inner_capital(chunk):
                out.append("<id>")
            elif chunk[0].isdigit():
                out.append("<n>")
            else:
                words(chunk.lower(), out)
            at = max(end, at + 1)
        else:
            if c in CLOSING:
                out.append(c)
            elif c in "？":
                out.append("?")
            elif c in "。！":
                out.append(".")
            elif c in "，、":
                out.append(",")
            at += 1
    return out


def words(chunk, out):
    word = ""
    for c in chunk + " ":
        if c == "’":
            c = "'"
        if c.isalnum() or c == "'" and word or c == "-" and word:
            word += c
        elif word:
            out.append(word.rstrip("-'"))
            word = ""


def inner_dot(chunk):
    at = chunk.find(".", 1)
    return at > 0 and at + 1 < len(chunk) and chunk[at + 1].isalpha() and chunk[at - 1].isalnum()


def inner_capital(chunk):
    pairs = zip(chunk, chunk[1:])
    return any(a.islower() and b.isupper() for a, b in pairs)


class Lexicon:
    """Words and phrases by class."""

    def __init__(self, text):
        self.names = []
        self.by_first = {}
        for line in text.splitlines():
            if not line.strip() or line.startswith("#"):
                continue
            name, rest = line.split(":", 1)
            self.names.append(name)
            for word in rest.split():
                phrase = tokens_of_phrase(word)
                self.by_first.setdefault(phrase[0], []).append((phrase, name))
        for entries in self.by_first.values():
            entries.sort(key=lambda it: -len(it[0]))

    def classes(self, toks):
        """The classes of a text in order; `_` stands for one or more words without a class."""
        out, at = [], 0
        while at < len(toks):
            length, names = 1, []
            for phrase, name in self.by_first.get(toks[at], ()):
                if names and len(phrase) < length:
                    break
                if toks[at : at + len(phrase)] == phrase:
                    length = len(phrase)
                    names.append(name)
            out.append(names)
            at += length
        return out


def tokens_of_phrase(word):
    if word.startswith("<") or word in CLOSING:
        return [word]
    out = []
    for part in word.split("_"):
        if any(unspaced(c) for c in part):
            out.extend(part)
        elif part:
            out.append(part.lower())
    return out


def features(text, lexicon):
    toks = tokens(text)
    feats = set()
    starts = sentence_starts(toks)
    for at, tok in enumerate(toks):
        feats.add("u " + tok)
        if at + 1 < len(toks):
            feats.add(f"b {tok} {toks[at + 1]}")
        if len(tok) > 5 and tok[0] != "<":
            feats.add("p " + tok[:5])
    for at in starts:
        feats.add("s " + " ".join(toks[at : at + 1]))
        feats.add("s " + " ".join(toks[at : at + 2]))
    if toks:
        feats.add("f " + toks[0])
        feats.add("f " + " ".join(toks[:2]))
        feats.add("f " + " ".join(toks[:3]))
        last = starts[-1] if starts else 0
        feats.add("l " + toks[last])
        feats.add("e " + toks[-1])
    size = 0
    while size < 6 and len(toks) > (2, 4, 8, 16, 32, 64)[size]:
        size += 1
    feats.add(f"n {size}")
    # Classes: alone, in pairs, as they follow each other, at the start of the text and of its last sentence.
    rows = lexicon.classes(toks)
    known = [names for names in rows if names]
    flat = sorted({name for names in rows for name in names})
    for name in flat:
        feats.add("C " + name)
    for i, a in enumerate(flat):
        for b in flat[i + 1 :]:
            feats.add(f"P {a} {b}")
    for a, b in zip(known, known[1:]):
        for x in a:
            for y in b:
                feats.add(f"B {x} {y}")
    for x in rows[0] if rows else ():
        feats.add("F " + x)
        for y in rows[1] if len(rows) > 1 else ():
            feats.add(f"F {x} {y}")
    if starts:
        tail = lexicon.classes(toks[starts[-1] :])
        for names in tail[:2]:
            for x in names:
                feats.add("L " + x)
        for names in tail:
            for x in names:
                feats.add("W " + x)
    return feats


def sentence_starts(toks):
    """Where sentences and clauses begin: after a full stop, a question mark, a colon, a line break."""
    out, fresh = [], True
    for at, tok in enumerate(toks):
        if tok in "?!.;:" or tok == "<nl>":
            fresh = True
        elif tok == "," and at + 3 < len(toks):
            fresh = True
        elif fresh:
            out.append(at)
            fresh = False
    return out


def fnv(feature):
    value = 0xCBF29CE484222325
    for byte in feature.encode():
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return (value >> 32) ^ (value & 0xFFFFFFFF)


# How coarse most weights are, in their standard deviations: the file packs to six tenths of what 127 steps to the largest
# need, and one guess in sixty changes, as often to the better.
COARSE = 0.4


def step(values, coarse=COARSE):
    """What one step of a byte is worth."""
    return max(float(np.abs(values).max() / 127), coarse * float(np.std(values))) or 1.0


def bytes_of(values, step):
    return np.clip(np.round(values / step), -127, 127).astype(np.int8)
