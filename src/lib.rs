//! Carryall gives any MCP host a memory, a context engine and a second opinion.
//!
//! The rooms, lowest first: `ids` `scope` `clock` `dates` `classify` `tokens` `plural` `redact` `vector` `meaning` · `config` ·
//! `http` · `store` · `trace` · `telemetry` · `models` · `embed` · `search` · `session` · `memory` · `exchange` · `documents` · `downstream` · `context` ·
//! `brief` · `hook` · `ask` · `insights` · `app` · `server` · `cli`. A room uses only rooms that stand before it
//! (`tests/it/architecture.rs` keeps it so; `docs/architecture.md` draws it).

pub mod app;
pub mod ask;
pub mod brief;
pub mod classify;
pub mod cli;
pub mod clock;
pub mod config;
pub mod context;
pub mod dates;
pub mod documents;
pub mod downstream;
pub mod embed;
pub mod exchange;
pub mod hook;
pub mod http;
pub mod ids;
pub mod insights;
pub mod meaning;
pub mod memory;
pub mod models;
pub mod plural;
pub mod redact;
pub mod scope;
pub mod search;
pub mod server;
pub mod session;
pub mod store;
pub mod telemetry;
pub mod tokens;
pub mod trace;
pub mod vector;
