"""Reads the file of one night and files its entries."""

import time

ATTEMPTS = 3
PAUSE_SECONDS = 600


def entries(text):
    """Entries of a log book: a ship, a colon, and what was written of it."""
    for line in text.splitlines():
        ship, colon, note = line.partition(":")
        if colon and note.strip():
            yield ship.strip(), note.strip()


def import_night(port, read, store):
    """Imports what `read` returns, and tries again when it fails; the store leaves known entries as they are."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            text = read(port)
        except OSError:
            if attempt == ATTEMPTS:
                raise
            time.sleep(PAUSE_SECONDS)
            continue
        return [store.file(port, ship, note) for ship, note in entries(text)]
