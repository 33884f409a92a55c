"""Makes src/embed/minilm-static.bin: `make_table.py <folder of packages> <work folder> <output>`.

Steps (each keeps its result in the work folder and is not run again): gather the texts; count the word pieces; ask
the teacher for the vectors of all pieces and of some texts; project, weigh and fit; quantise and pack."""

import pickle
import sys
import time
from pathlib import Path

import numpy as np

import fit
import table
import texts
from teacher import Teacher

SIZE = 20_000
DIMENSIONS = 128

# Texts that get a vector of the teacher, by kind. Dialogue most: it is what memories are.
TAUGHT = {"dialogue": 6500, "docs": 2500, "code": 1500, "languages": 1500}


def kept_ids(work):
    return np.load(work / "ids.npy")


def step(work, name, make):
    path = work / name
    if not path.exists():
        began = time.process_time()
        value = make()
        path.write_bytes(pickle.dumps(value))
        print(f"{name}: {time.process_time() - began:.0f} CPU s", flush=True)
    return pickle.loads(path.read_bytes())


def main():
    source, work, output = (Path(it) for it in sys.argv[1:4])
    work.mkdir(exist_ok=True)
    gathered, pairs = step(work, "texts.pkl", lambda: texts.gather(source))
    teacher = Teacher(source)
    tokenizer = teacher.tokenizer
    pieces = table.pieces_of(tokenizer)
    shares = step(work, "shares.pkl", lambda: table.frequencies(tokenizer, gathered))
    words = step(work, "words.pkl", lambda: teacher.encode([[101, at, 102] for at in range(len(pieces))], batch=256))
    chosen = texts.sample(gathered, TAUGHT)
    taught = step(work, "taught.pkl", lambda: teacher.encode([teacher.ids(text, 96) for text in chosen]))
    ids = table.kept(pieces, shares, SIZE)
    np.save(work / "ids.npy", ids)
    small = table.reduced(tokenizer, pieces, ids)
    vectors = fit.table(words[ids], shares[ids], table.bags(small, chosen, SIZE), taught, DIMENSIONS)
    codes, scales = table.quantise(vectors)
    ranges, singles = step(work, "characters.pkl", lambda: table.characters(tokenizer))
    print(table.pack(output, pieces, ids, codes, scales, ranges, singles), "bytes")


if __name__ == "__main__":
    main()
