# Everything that a developer or CI runs. `just` alone lists it.

default:
    @just --list

# Formatting, lints, docs, all tests: what CI runs
check:
    bash .ci/run

# Whether it compiles for Windows (needs `rustup target add x86_64-pc-windows-gnu` and MinGW)
check-windows:
    cargo check --locked --all-targets --target x86_64-pc-windows-gnu

# One test, or those whose name holds a text
test name:
    cargo test --locked {{name}}

# Review changed snapshots (needs cargo-insta)
snap:
    cargo insta review

# The benches, written down in docs/benchmarks.md by hand
bench:
    cargo bench --locked

# The ranking of `recall` on a corpus and its questions, and its speed by size: just bench-memory score CORPUS QUERIES
# [--pooled] [--against "node .../server-memory/dist/index.js"], just bench-memory speed 10000 100000
bench-memory *arguments:
    cargo bench --locked --quiet --bench memory -- {{arguments}}

# Generate docs/tools.md, docs/config.md and .env.example from the program
docs:
    cargo run --locked --quiet -- generate-docs

# Call one tool, the same path as a host's: just call recall '{"query": "deploy"}'
call tool arguments:
    cargo run --locked --quiet -- call {{tool}} {{quote(arguments)}} --json

# Why each piece of a pack was kept or dropped, and which signals put it there: just explain "where is the retry limit set"
explain question:
    cargo run --locked --quiet -- context {{quote(question)}} --explain

# Run the lines of a session (JSON-RPC, as a host writes them) on an empty database, and keep the answers beside them
record lines:
    python3 tools/session.py record {{lines}} -- cargo run --locked --quiet --

# Run them again and show what is answered otherwise; ids and times do not count
replay lines:
    python3 tools/session.py replay {{lines}} -- cargo run --locked --quiet --

# Draw what a call did
trace id:
    cargo run --locked --quiet -- trace {{id}}

# A shell on the database (needs sqlite3)
db:
    sqlite3 "$(cargo run --locked --quiet -- config show --json | python3 -c 'import json,sys; print(next(it["value"] for it in json.load(sys.stdin)["settings"] if it["name"] == "db"))')"
