"""Writes fixtures/embed/pieces.bin: 10,000 strings, each with a hash of the pieces that the reference tokenizer cuts.

A record is: length in bytes (u16), the UTF-8 text, FNV-1a (32 bits) of the ids as u16, all little-endian."""

import random
import sys
from pathlib import Path

import numpy as np

import make_table
import table
from teacher import Teacher

COUNT = 10_000

# (first, last) of what each alphabet takes its characters from.
ALPHABETS = {
    "ascii": (0x20, 0x7E), "latin": (0xA0, 0x24F), "latin more": (0x1E00, 0x1EFF), "ipa": (0x250, 0x2AF),
    "marks": (0x300, 0x36F), "greek": (0x370, 0x3FF), "cyrillic": (0x400, 0x52F), "armenian": (0x530, 0x58F),
    "hebrew": (0x590, 0x5FF), "arabic": (0x600, 0x6FF), "devanagari": (0x900, 0x97F), "bengali": (0x980, 0x9FF),
    "tamil": (0xB80, 0xBFF), "thai": (0xE00, 0xE7F), "tibetan": (0xF00, 0xFFF), "georgian": (0x10A0, 0x10FF),
    "jamo": (0x1100, 0x11FF), "punctuation": (0x2000, 0x206F), "signs": (0x2070, 0x214F), "arrows": (0x2190, 0x23FF),
    "symbols": (0x2600, 0x27BF), "kana": (0x3040, 0x30FF), "cjk": (0x4E00, 0x9FFF), "hangul": (0xAC00, 0xD7A3),
    "private": (0xE000, 0xE0FF), "compatible": (0xF900, 0xFAFF), "forms": (0xFB00, 0xFDFF), "wide": (0xFF00, 0xFFEF),
    "emoji": (0x1F300, 0x1FAFF), "letters": (0x1D400, 0x1D7FF), "cjk more": (0x20000, 0x2A6DF), "tags": (0xE0000, 0xE01EF),
}


def strings(pieces, chance):
    """Yields strings: of the vocabulary's own pieces, of single alphabets, and of everything together."""
    plain = [piece for piece in pieces if not piece.startswith("[")]
    accents = ["é", "ü", "ñ", "ç", "Å", "ß", "İ", "e\u0301", "A\u0308", "ő", "ệ"]
    while True:
        kind = chance.random()
        if kind < 0.55:
            words = []
            for _ in range(chance.randint(1, 5)):
                word = "".join(piece.removeprefix("##") for piece in chance.choices(plain, k=chance.choice([1, 1, 1, 2, 3])))
                if chance.random() < 0.2:
                    word = word.capitalize() if chance.random() < 0.7 else word.upper()
                if chance.random() < 0.15:
                    at = chance.randint(0, len(word))
                    word = word[:at] + chance.choice(accents) + word[at:]
                words.append(word + chance.choice(["", "", "", ",", ".", "'s", "!?", "-", "_", "…", " —"]))
            yield chance.choice([" ", " ", " ", "  ", "\n", "\t", "\u00a0", "\u3000", ""]).join(words)
        elif kind < 0.85:
            first, last = ALPHABETS[chance.choice(list(ALPHABETS))]
            spaced = [chr(chance.randint(first, last)) if chance.random() < 0.85 else " " for _ in range(chance.randint(1, 14))]
            yield "".join(spaced)
        elif kind < 0.99:
            made = []
            for _ in range(chance.randint(1, 12)):
                first, last = ALPHABETS[chance.choice(list(ALPHABETS))] if chance.random() < 0.7 else (0, 0x10FFFF)
                code = chance.randint(first, last)
                made.append(chr(code) if not 0xD800 <= code <= 0xDFFF else "x")
            yield "".join(made)
        else:
            yield chance.choice("aé中한x") * chance.choice([99, 100, 101, 150])


def fnv(ids):
    value = 0x811C9DC5
    for byte in np.array(ids, "<u2").tobytes():
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return value


def main():
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    tokenizer = Teacher(source).tokenizer
    pieces = table.pieces_of(tokenizer)
    ids = make_table.kept_ids(Path(sys.argv[3]))
    small = table.reduced(tokenizer, pieces, ids)
    out, same = bytearray(), 0
    texts = strings(pieces, random.Random(7))
    position = {at: number for number, at in enumerate(ids)}
    for _ in range(COUNT):
        text = next(texts)
        cut = [at for at in small.encode(text, add_special_tokens=False).ids if at != len(ids)]
        whole = [at for at in tokenizer.encode(text, add_special_tokens=False).ids if at != 100]
        same += cut == [position.get(at) for at in whole]
        raw = text.encode()
        out += len(raw).to_bytes(2, "little") + raw + fnv(cut).to_bytes(4, "little")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(out)
    print(f"{len(out)} bytes; {same} of {COUNT} are cut as by the whole vocabulary, the others have a piece left out")


if __name__ == "__main__":
    main()
