//! Sends traces to a collector that speaks OTLP over HTTP, when one is configured: in the background, in batches, and
//! never at the cost of a call. And says what is counted as Prometheus reads it.

mod export;
mod metrics;
mod spans;

pub use export::Sent;
pub use export::Telemetry;
pub use metrics::Gauges;
pub use metrics::Process;
pub use metrics::metrics;
pub use spans::body;
