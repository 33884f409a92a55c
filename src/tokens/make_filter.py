"""Writes o200k.filter from the vocabulary that `tokens::vocabulary` asks about.

    python3 make_filter.py o200k_base.tiktoken o200k.filter

The input is OpenAI's published table (tiktoken, MIT licence): one token a line, base64, then its rank. The output is an
xor filter (Graf and Lemire, 2019): one byte a slot, three slots a token, 1.23 slots for each token. The hash is the one
in `vocabulary.rs`; change both or neither.
"""

import base64
import sys

MASK = (1 << 64) - 1


def mixed(token: bytes) -> int:
    state = 0xCBF29CE484222325
    for byte in token:
        state = ((state ^ byte) * 0x9E3779B97F4A7C15) & MASK
    state ^= state >> 32
    state = (state * 0xD6E8FEB86659FD93) & MASK
    return state ^ (state >> 32)


def slots(hashed: int, block: int) -> list[int]:
    parts = (hashed >> shift for shift in (0, 16, 32))
    return [((part & 0xFFFFFFFF) * block >> 32) + at * block for at, part in enumerate(parts)]


def mark(hashed: int) -> int:
    return ((hashed >> 56) ^ (hashed >> 3)) & 0xFF


def build(tokens: set[bytes]) -> bytes:
    hashes = sorted({mixed(token) for token in tokens})
    block = (int(len(hashes) * 1.23) + 32) // 3
    where = [slots(hashed, block) for hashed in hashes]
    count, keys = [0] * (3 * block), [0] * (3 * block)
    for key, at in enumerate(where):
        for slot in at:
            count[slot] += 1
            keys[slot] ^= key
    ready, order = [slot for slot in range(3 * block) if count[slot] == 1], []
    while ready:
        slot = ready.pop()
        if count[slot] != 1:
            continue
        key = keys[slot]
        order.append((key, slot))
        for other in where[key]:
            count[other] -= 1
            keys[other] ^= key
            if count[other] == 1:
                ready.append(other)
    if len(order) != len(hashes):
        sys.exit("the filter does not close: lengthen it a little")
    filled = bytearray(3 * block)
    for key, slot in reversed(order):
        rest = [filled[other] for other in where[key] if other != slot]
        filled[slot] = mark(hashes[key]) ^ rest[0] ^ rest[1]
    return bytes(filled)


if __name__ == "__main__":
    source, target = sys.argv[1:]
    with open(source, "rb") as lines:
        tokens = {base64.b64decode(line.split()[0]) for line in lines if line.strip()}
    with open(target, "wb") as out:
        out.write(build({token for token in tokens if len(token) > 1}))
