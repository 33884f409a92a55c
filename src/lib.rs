//! Carryall gives any MCP host a memory, a context engine and a second opinion.
//!
//! The rooms, lowest first; a room uses only the rooms above it in this list (`tests/it/architecture.rs` keeps it so,
//! `docs/architecture.md` draws it).

pub mod clock;
pub mod config;
pub mod ids;
pub mod models;
pub mod scope;
pub mod store;
pub mod tokens;
pub mod trace;
