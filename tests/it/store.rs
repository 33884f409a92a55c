//! Tries to break the store as the world would: several processes on one file, a kill amid writing, and everything
//! that can be wrong with a file.

mod hostile;
mod kill;
mod older;
mod server;
mod together;
