//! Shows how far a call has come, to a person only: a bar for what can be counted, the answer itself as it is written.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use indicatif::ProgressBar;
use indicatif::ProgressStyle;

use super::super::output::Output;
use crate::trace::Progress;

/// Watches one call.
pub(super) enum Watch {
    Nothing,
    /// A bar on standard error; it hides itself where no terminal is.
    Bar(ProgressBar),
    /// Pieces of an answer on standard output, and until they come a bar that says what is waited for; the flag says
    /// whether there were any.
    Stream(Output, ProgressBar, Arc<AtomicBool>),
}

impl Watch {
    /// What is worth watching of `tool`.
    pub(super) fn new(tool: &str, out: &Output) -> Watch {
        match tool {
            "ask" if out.is_watched() => Watch::Stream(*out, ProgressBar::new_spinner(), Arc::default()),
            "index_workspace" | "assemble_context" if !out.is_json() => {
                // Without a total there is nothing to fill: a walk does not know how many files are still to come.
                Watch::Bar(ProgressBar::new_spinner())
            }
            _ => Watch::Nothing,
        }
    }

    /// Where the call tells its progress.
    pub(super) fn progress(&self) -> Progress {
        match self {
            Watch::Nothing => Progress::default(),
            Watch::Bar(bar) => {
                let bar = bar.clone();
                Progress::to(move |update| {
                    if let Some(total) = update.total {
                        if bar.length().is_none() {
                            bar.set_style(ProgressStyle::default_bar());
                        }
                        bar.set_length(whole(total));
                    }
                    bar.tick();
                    bar.set_position(whole(update.done));
                    bar.set_message(update.message);
                })
            }
            Watch::Stream(out, bar, any) => {
                let (out, bar, any) = (*out, bar.clone(), Arc::clone(any));
                Progress::to(move |update| {
                    if update.is_piece {
                        // The bar goes before the first word comes, and does not come back.
                        if !any.swap(true, Ordering::Relaxed) {
                            bar.finish_and_clear();
                        }
                        out.piece(update.message);
                    } else if !any.load(Ordering::Relaxed) {
                        bar.set_message(update.message);
                        bar.tick();
                    }
                })
            }
        }
    }

    /// Ends the watching; true when the answer has been shown already.
    pub(super) fn finish(self) -> bool {
        match self {
            Watch::Nothing => false,
            Watch::Bar(bar) => {
                bar.finish_and_clear();
                false
            }
            Watch::Stream(out, bar, any) => {
                bar.finish_and_clear();
                let shown = any.load(Ordering::Relaxed);
                if shown {
                    out.piece("\n");
                }
                shown
            }
        }
    }
}

/// Counts come as floating numbers over the protocol.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts of files and bytes")]
fn whole(count: f64) -> u64 {
    count.max(0.0) as u64
}
