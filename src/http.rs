//! Speaks HTTP/1.1 as a client: one request, and its reply as it comes.
//!
//! The protocol, proxies and TLS are hyper's, hyper-util's and rustls', put together here because that is what makes an open
//! question small: a thousand of them may wait at the same time. Redirects are not followed, packed replies neither asked
//! for nor unpacked, and dropping a reply closes its connection.

mod client;
mod connect;
#[cfg(test)]
mod tests;

pub use client::Client;
pub use client::HttpError;
pub use client::Request;
pub use client::Response;
pub use hyper::header::HeaderMap;
