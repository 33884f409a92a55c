//! Every number by which memories are ranked, each with what it does.
//!
//! Measured on three conversations of LoCoMo (383 questions, each conversation alone): .800 recall at 10 / .617 MRR
//! with all of them; without irregular forms (`super::irregular`) .790 / .604. What is said of each number is the
//! same measurement with that signal off or otherwise. The table is in docs/benchmarks.md, too.

/// How fast the worth of a repeated word wears off (BM25's k1). With 1.2: .798 / .616, and .006 less nDCG at 10 on
/// Cranfield's abstracts.
pub(super) const SATURATION: f32 = 1.6;

/// How much a long text is held against it (BM25's b). With 0: .796 / .610; with 0.75: .797 / .609.
pub(super) const LENGTH: f32 = 0.5;

/// What a word counts for the memory beside the one that has it, in the same session. Without neighbours at all:
/// .676 / .533. Their words are added before saturation: adding finished scores instead was .04 worse in both.
pub(super) const NEIGHBOUR: f32 = 0.4;

/// The same, one further away. Without: .784 / .604. A third one on either side changes nothing.
pub(super) const NEIGHBOUR_OF_NEIGHBOUR: f32 = 0.25;

/// What a word of a question counts, besides, for the answer right after it. Without: .794 / .597.
pub(super) const ANSWER: f32 = 0.4;

/// The share of its score that a question loses when something follows it: what was asked for is the answer.
/// Without: .790 / .613.
pub(super) const QUESTION: f32 = 0.2;

/// What it counts to be said by someone whom the question names. Without: .779 / .574. It hurts where the question
/// names the wrong one (recall at 10 of those .902, without .938).
pub(super) const SPEAKER: f32 = 2.0;

/// What the name of a speaker counts when it stands in a text: there it mostly greets the other one. With 1:
/// .803 / .606, and .019 less for questions that need several memories. With 0.1 instead of 0.2, on these three + .003
/// MRR and - .003 recall at 10, but among many speakers (FriendsQA's two smaller parts, 2,383 questions) - .012 recall at
/// 10 and - .013 MRR.
pub(super) const NAME_IN_TEXT: f32 = 0.2;

/// What a word counts in the tags. No public collection has tags; a tag is a word that somebody chose, and it says no
/// more than the text.
pub(super) const TAG: f32 = 0.7;

/// What being from a time that the question names gives, of the score by words. On the same three conversations, measured
/// outside the program with meaning: without .732 / .814 / .635 (recall at 5, at 10, MRR), with 0.15 .738 / .817 / .638,
/// 0.3 .743 / .819 / .642, 0.5 .748 / .822 / .644; each of the three gains (over the tools: .734 / .810 / .631 without,
/// .744 / .813 / .639 with). Relative words count from now, and lift
/// nothing in a store of old conversations.
pub(super) const TIME: f32 = 0.4;

/// What being nearest in meaning counts, of the best score by words. Measured over the tools with the built-in
/// embedder: .810 / .635; without .797 / .630. Pooled .810 / .622 for .799 / .618, Cranfield's nDCG at 10 .396 for .393.
pub(super) const MEANING: f32 = 0.15;

/// The least cosine of a memory that is found by its meaning alone, which happens only when no words find anything.
pub(super) const CLOSE: f32 = 0.7;

/// The most that importance takes or gives, of the score: 0.0 takes it, 1.0 gives it, 0.5 changes nothing. No public
/// collection has importances; a tenth decides between near equals and never turns a good match into a bad one.
pub(super) const IMPORTANCE: f32 = 0.1;

/// The most that being new gives, of the score. It decides between equals: what was said last of two is truer.
pub(super) const RECENCY: f32 = 0.04;

/// Days after which that is half.
pub(super) const RECENT_DAYS: f32 = 30.0;

/// The most that feedback takes or gives, of the score.
pub(super) const FEEDBACK: f32 = 0.15;

/// What being passed over counts, where being used counts 1: of ten that are shown one or two help, so that a memory
/// that helps in every fifth answer that shows it keeps its place.
pub(super) const IGNORED: f64 = 0.2;

/// Uses after which half of [`FEEDBACK`] is given: one opinion is a hint, five are a habit.
pub(super) const HALF_SURE: f64 = 2.0;
