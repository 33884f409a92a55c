//! After `carryall index`: waits for what git tells of past commits.

use std::pin::pin;

use indicatif::ProgressBar;
use indicatif::ProgressStyle;

use super::super::output::Output;
use crate::app::App;

/// Waits until past commits are read, and says how far that is. `stop` ends it; what was read is kept.
pub(super) async fn wait(app: &App, stop: impl Future<Output = ()>, out: &Output) {
    let mut reading = app.documents.reading_commits();
    let mut finished = pin!(app.documents.finish());
    let mut stop = pin!(stop);
    // It hides itself where no terminal is.
    let bar = ProgressBar::new(0).with_style(ProgressStyle::default_bar());
    let mut total = 0;
    loop {
        tokio::select! {
            () = &mut finished => break,
            () = &mut stop => {
                bar.suspend(|| out.remark("stopped: the rest is read by the next `carryall index`, or by a server"));
                break;
            }
            Ok(()) = reading.changed() => {
                let (read, of) = *reading.borrow_and_update();
                if std::mem::replace(&mut total, of) != of {
                    bar.set_length(of);
                    bar.suspend(|| out.remark(format_args!("reading {of} past commits; ctrl-C leaves them to a server")));
                }
                bar.set_position(read);
            }
        }
    }
    bar.finish_and_clear();
}
