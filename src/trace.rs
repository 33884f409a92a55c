//! Records what one call did: spans with timings, decisions and errors, and carries its progress and cancellation.

mod call;
mod frameworks;
mod progress;
mod record;
mod remote;
mod report;
mod state;

pub use call::Call;
pub use call::CallRecord;
pub use call::Facts;
pub use call::Span;
pub use call::SpanRecord;
pub use call::StateRecord;
pub use frameworks::named as frameworks;
pub use progress::Progress;
pub use progress::Update;
pub use record::Clean;
pub use record::cursor;
pub use record::find;
pub use record::keep;
pub use record::place;
pub use remote::Remote;
pub use report::Errors;
pub use report::Slow;
pub use report::SlowStep;
pub use report::errors;
pub use report::slow;
pub use state::Move;
pub use state::State;
