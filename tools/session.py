"""Runs the lines of a session on an empty database: `record` keeps the answers, `replay` shows what differs.

    python3 tools/session.py record FILE -- carryall        # writes FILE.answers
    python3 tools/session.py replay FILE -- carryall        # exits with 1 when an answer is another one
"""

import difflib
import json
import pathlib
import re
import subprocess
import sys
import tempfile

# What is another one each time: ids, times, durations, and so every number with a fraction.
CHANGING = [
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "ID"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "TIME"),
    (re.compile(r"\b\d+(\.\d+)? ms\b"), "N ms"),
    (re.compile(r'"(\w*_ms|gather|pack|total)": -?\d+(\.\d+)?(e-?\d+)?'), r'"\1": N'),
    (re.compile(r"\d+\.\d+(e-?\d+)?"), "N"),
]


def answers(lines, command):
    with tempfile.TemporaryDirectory() as folder:
        run = [*command, "--db", f"{folder}/session.db", "serve"]
        ended = subprocess.run(run, input=lines.read_bytes(), stdout=subprocess.PIPE, check=True)
    told = [json.dumps(json.loads(it), indent=1, ensure_ascii=False) for it in ended.stdout.decode().splitlines()]
    # Answers of calls that wait for nothing come as they are ready.
    return "\n".join(sorted(told, key=lambda it: str(json.loads(it).get("id", "")))) + "\n"


def plain(text):
    for pattern, name in CHANGING:
        text = pattern.sub(name, text)
    return text.splitlines()


def main():
    if len(sys.argv) < 5 or sys.argv[1] not in ("record", "replay") or sys.argv[3] != "--":
        sys.exit(__doc__)
    lines = pathlib.Path(sys.argv[2])
    kept = lines.with_name(lines.name + ".answers")
    now = answers(lines, sys.argv[4:])
    if sys.argv[1] == "record":
        kept.write_text(now)
        print(f"{kept} written")
        return
    different = list(difflib.unified_diff(plain(kept.read_text()), plain(now), str(kept), "now", lineterm="", n=2))
    print("\n".join(different) or "every answer is the same")
    sys.exit(bool(different))


main()
