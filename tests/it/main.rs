//! The tests of the whole: the real binary over pipes, the server over an in-memory stream, and the shape of the code.

#![expect(clippy::needless_pass_by_value, reason = "`json!(…)` reads better as an argument than `&json!(…)`")]

mod architecture;
mod ask;
mod cli;
mod documents;
mod harness;
mod history;
mod hooks;
mod hostile_files;
mod hostile_models;
mod insights;
mod keeping;
#[expect(dead_code, reason = "shared with the tests of the models room, which use all of it")]
#[path = "../../src/models/model_server.rs"]
mod model_server;
mod observing;
mod offered_tools;
mod ops;
mod packs;
mod protocol;
mod providers;
mod routes;
mod secure;
mod sessions;
mod store;
mod telemetry;
mod third_party;
mod tools;
mod workspace;
mod workspaces;
