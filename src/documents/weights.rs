//! What the ranking of pieces goes by: one table, each number with what it is worth.
//!
//! Measured 2026-11-27 on 1,004 commit messages of thirteen repositories in nine languages (none of them has to do with this
//! program): the message is the question, the lines that the commit changed are the answer. Behind each rule stand the
//! hundredths that file recall at 10, mean reciprocal rank and the share of changed hunks inside 8,000 tokens lose without it;
//! all together stand at 81.9 / 69.3 / 65.3. Behind “more” the same on 1,246 messages of 25 repositories that no rule but those
//! of meaning and of tests was chosen on, at 79.4 / 64.0 / 64.7 (each taken out in one run at 21:20, by the same rules in a
//! script that fills packs by rank of pieces; the program has the first two to the third digit). What was tried and gave
//! nothing is named at the end.

/// BM25 over pieces and over files: how soon a word that comes again stops to count, and how much length matters.
/// Between 1.2 and 3 and between 0.5 and 0.75 all is alike; 2.0 over files in place of 1.2: 0.3 / 0.0 / 0.3.
pub(super) const CHUNK_K1: f32 = 1.5;
pub(super) const CHUNK_B: f32 = 0.75;
pub(super) const FILE_K1: f32 = 2.0;
pub(super) const FILE_B: f32 = 0.75;
/// Paths are short, their length says little.
pub(super) const PATH_K1: f32 = 1.2;
pub(super) const PATH_B: f32 = 0.3;

/// What the file's score counts beside its piece's, each divided by its best. 1.7 / 2.3 / 0.5, more 1.1 / 1.1 / 0.9;
/// 1.2 and more is worse.
pub(super) const FILE: f32 = 0.9;

/// What the path's score counts. 0.6 / 1.7 / 1.3, more 1.1 / 1.8 / 1.9.
pub(super) const PATH: f32 = 0.35;

/// What it counts that the question has all of a file's own name (`line_buffer` of `src/line_buffer.rs`), or a share of it
/// by the rarity of its words. 0.5 / 0.4 / 0.4, more 0.7 / 0.6 / 0.4.
pub(super) const STEM: f32 = 0.15;

/// How much more a file counts whose imports have [`REACH_WORDS`] words; by the logarithm. Changes are made where things
/// come together, and not where a type or a constant is declared. 1.3 / 1.8 / 0.9, more 0.9 / -0.1 / -0.5.
pub(super) const REACH: f32 = 0.35;
pub(super) const REACH_WORDS: f32 = 50.0;

/// How much of the file's score is the share of the question that it holds at all, whatever its length.
/// 1.7 / 0.7 / 0.3, more 0.1 / 0.6 / -0.4.
pub(super) const FILE_COVERAGE: f32 = 0.5;

/// What the words of the first line count more: a task's first line is its title.
/// 1.0 / 1.2 / 0.5, more 0.1 / 1.0 / 0.1.
pub(super) const FIRST_LINE: f32 = 2.0;

/// What two neighbouring words of the question count when they are one name. 0.1 / 0.5 / 0.6, more
/// 0.2 / 0.4 / 0.2; 0.5 and more is worse.
pub(super) const JOINED: f32 = 0.3;

/// What a piece gains that defines a name of the question, divided by the root of the number of such pieces.
/// 0.2 / 0.6 / 0.3, and 1.0 of the hunks inside 2,000 tokens; more 0.1 / 0.4 / 0.3, and 0.5.
pub(super) const DEFINES: f32 = 0.3;

/// The same where the question asks where something is declared or defined; imports count nothing then ([`REACH`] lifts who
/// uses it). No commit message asks so; of twenty such questions the first hit was right for 6 before, for 12 with it.
pub(super) const DECLARES: f32 = 1.0;

/// Above so many definitions of a name, naming it says nothing.
pub(super) const DEFINES_AT_MOST: usize = 20;

/// Words are taken from so many of the best pieces: those that stand in at least [`FEEDBACK_HOLDERS`] of them and in at
/// most one of [`FEEDBACK_RARITY`] pieces of the workspace; so many of them, the best counting [`FEEDBACK`].
/// 0.4 / 0.4 / 0.3, more 0.2 / -0.1 / 0.1.
pub(super) const FEEDBACK_PIECES: usize = 10;
pub(super) const FEEDBACK_HOLDERS: usize = 3;
pub(super) const FEEDBACK_RARITY: usize = 20;
pub(super) const FEEDBACK_WORDS: usize = 10;
pub(super) const FEEDBACK: f32 = 0.2;

/// What the best piece of a file gains of the score of a test that is about it (tested.rs), and up to which share of the best
/// score of all. 0.4 / 0.1 / 0.1, more 0.5 / 0.0 / 0.1 (27 of 47 gain, 13 lose). Without the limit it costs 0.2 of the first
/// places; for all pieces of the file 0.3 to 0.5 of the hunks in packs of passages; by what the test imports, in place of its
/// name, it finds less.
pub(super) const TESTED: f32 = 0.1;
pub(super) const TESTED_UP_TO: f32 = 0.7;

/// What a file gains for the words of the title in its second best piece, divided by the best of all (whole_file.rs).
/// 0.1 / 0.4 / 0.5, more -0.1 / 0.1 / -0.3; on 3,413 messages of 68 repositories on which this weight and the next were fitted
/// 0.4 / 0.4 / 0.1, on nine only scored 0.5 / 0.3 / 0.2. All words in place of the title's find less.
pub(super) const SECOND: f32 = 0.3;

/// Of one file at most so many pieces are found, or one of so many that are asked for, as long as there are others among so many
/// times as many.
/// 0.1 / 0.1 / 0.2, more 0.5 / 0.1 / 0.1; where few files are most of the code (fmt) a hundred pieces are of five files
/// without it and of twelve with it, and R@10 is 0.96 in place of 0.88. 8 to 30 are alike;
/// with one of five packs of 8,000 tokens lose 0.1 (more 0.4) of the hunks, with no more than twenty those of 16,000 lose 0.3
/// (more gain 0.5).
pub(super) const PIECES_OF_A_FILE: usize = 20;
pub(super) const PART_OF_A_FILE: usize = 8;
pub(super) const SPREAD_AMONG: usize = 3;

/// What it counts that a piece is near to what the question means (the cosine of the turned vectors, nearness.rs, divided by the
/// best), and that the nearest piece of its file is; and among how many of the best pieces that is asked.
/// Both: 0.2 / 1.2 / 0.2, more 0.9 / 0.8 / 0.4; that of the file alone 0.2 / 1.0 / -0.2, more 0.6 / 0.8 / 0.0. Fitted on 68
/// repositories, where both are worth 0.9 / 0.7 / 0.5. By the cosine as it is, by fifty or a hundred pieces all is alike.
pub(super) const MEANING: f32 = 0.1;
pub(super) const MEANING_OF_FILE: f32 = 0.65;
/// Which part of what their file gains the other pieces of it have than the best. With all of it packs lose 0.4
/// (more 1.1) of the hunks, with nothing 1.8 (1.8); the order of files is the same.
pub(super) const OTHER_PIECES: f32 = 0.6;
pub(super) const MEANING_PIECES: usize = 80;

/// What it counts that commits with messages like the question changed the file (by how much, divided by its best), and that
/// lines which they wrote stand in the piece (history.rs). Not in the measures above, whose trees have no repository:
/// docs/benchmarks.md.
pub(super) const HISTORY: f32 = 0.3;
pub(super) const WRITTEN: f32 = 0.3;

/// Of how many commits that is taken, the nearest by BM25 over their messages; what a file loses that many commits changed;
/// and how many must be known before any counts. 15 to 50 commits and 0 to 0.6 are alike; the fewest that were measured are
/// 640.
pub(super) const COMMITS_TAKEN: usize = 25;
pub(super) const CHANGED_OFTEN: f32 = 0.3;
pub(super) const COMMITS_AT_LEAST: usize = 50;
pub(super) const MESSAGE_K1: f32 = 1.2;
pub(super) const MESSAGE_B: f32 = 0.5;

/// In packs: what a passage without words of the question counts less than the passage of its piece that has most of them,
/// and what one counts less that is all comments. Of the hunks inside 2,000 and 8,000 tokens: 1.7 / 0.1, and 1.0 / -0.1.
pub(super) const PASSAGE_WORDS: f32 = 0.2;
pub(super) const COMMENTS: f32 = 0.27;

/// In packs: the passages of the n-th file count by n to the power of minus this. 0.1 / -0.2, and 0.4
/// of the share of a pack's tokens that are of the right files.
pub(super) const LATER_FILES: f32 = 0.04;

/// What the pieces of a file gain whose path the question names. Not measured: the questions have no paths.
pub(super) const NAMED_PATH: f32 = 1.0;

/// What the scores of files of a class are multiplied by, unless the question asks for that class.
///
/// Tests 3.8 / 4.3 / 3.7, vendored 1.2 / 2.4 / 2.1, prose 0.3 / 0.7 / 0.6, data 0.3 / 0.3 / 0.3, examples 0.3 / 0.1 / 0.0; more
/// tests 3.5 / 4.8 / 2.9, vendored nothing, prose 1.3 / 1.2 / 0.8, data 0.4 / 0.6 / 0.2, examples 0.5 / -0.1 / -0.2.
pub(super) const TEST: f32 = 0.45;
pub(super) const VENDORED: f32 = 0.4;
pub(super) const PROSE: f32 = 0.45;
pub(super) const DATA: f32 = 0.45;
pub(super) const EXAMPLE: f32 = 0.5;

/// The same where the question does ask for it. 0.2 / 0.4 / 0.2, more 0.1 / 0.0 / 0.2.
pub(super) const ASKED_FOR: f32 = 0.8;

// Tried without a gain on these questions: pairs of the question's words near each other in a piece, files of the same name
// (header, test), files that the best ones import or are imported by, one or several of them, their folders, definitions all
// of whose name's words are asked for, other weights for requests to fix, add or remove, words that the best files define,
// more than one piece of a file (the share of right files in a pack gains 1.4, hunks lose as much), the score of the title
// alone, how often the name of a file is said elsewhere, vectors gated by how many words of the title the table knows. Within
// a right file the rarest words choose the piece as well as a model over fourteen signals does (.52 and .54 at the first
// place). On an earlier set of 343: a decay for further pieces of a file (hunks inside 8,000 tokens lose 4 to 20 points), the
// score of neighbouring pieces, other files of the same folder, the length of a file, more weight for names, a rarer word
// counting more than by its logarithm, pieces of 18 or 45 lines in place of 30, a lower prior for changelogs, windows of lines
// around the words inside a piece (hunks lose 8 to 20 points: what must be changed stands beside what is spoken of; whole
// functions and paragraphs of at least twelve lines do not lose it, see passage.rs).
