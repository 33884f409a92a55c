//! Every number by which memories are ranked, in one table, each with what it does.
//!
//! What each is worth (the ranking without it, on several collections) is in docs/benchmarks.md; `cargo bench --bench
//! memory -- ablate CORPUS QUERIES` makes that table.

/// The weights of one ranking.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weights {
    /// How fast the worth of a repeated word wears off (BM25's k1). With 1.2 three sets of dialogue and encyclopedia gain
    /// .003 to .010, LoCoMo loses .012 recall at 10 and Cranfield .005 nDCG.
    pub saturation: f32,

    /// How much a long text is held against it (BM25's b). With 0.75 everything but long abstracts loses.
    pub length: f32,

    /// Words that a shorter text is taken to have: that an interjection is short says nothing, and most words that it is
    /// found by are its neighbours'. Found on FriendsQA and on meetings, which lose .013 / .022 and .004 / .015 without it;
    /// nothing changes on LoCoMo.
    pub short: f32,

    /// What a word counts for the memory beside the one that has it, in the same session. Their words are added before
    /// saturation: adding finished scores instead was .04 worse in recall at 10 and MRR.
    pub neighbour: f32,

    /// The same, one further away. A third one on either side changes nothing.
    pub neighbour_of_neighbour: f32,

    /// What a word of a question counts, besides, for the answer right after it.
    pub answer: f32,

    /// The share of its score that a question loses when something follows it: what was asked for is the answer.
    pub question: f32,

    /// What it counts to be said by someone whom the question names. It hurts where the question names the wrong one
    /// (recall at 10 of those .902, without .938; measured before the signals below).
    pub speaker: f32,

    /// What the name of a speaker counts when it stands in a text: there it mostly greets the other one.
    pub name_in_text: f32,

    /// What a word counts that is near in meaning to one of the question, where an exact one counts 1 (`super::alike`).
    /// At 0.4 and 0.7 LoCoMo and FriendsQA differ by .004 at most.
    pub alike: f32,

    /// The cosine from which on such a word counts, growing with it. At 0.45 Cranfield loses .007 nDCG, at 0.55 LoCoMo .005.
    pub alike_from: f32,

    /// The cosine at which it counts in full: what is nearer is mostly a form of the same word.
    pub alike_full: f32,

    /// What a word counts in the tags. No public collection has tags; a tag is a word that somebody chose, and it says no
    /// more than the text.
    pub tag: f32,

    /// What being from a time that the question names gives, of the score by words. Relative words count from now, and lift
    /// nothing in a store of old conversations.
    pub time: f32,

    /// What naming a time, a place, someone or a number gives, of the score, where the question asks for one
    /// (`super::kinds`). With 0.25 within .003 on FriendsQA.
    pub kind: f32,

    /// The part of the score of a memory whose place was taken that its heir has at least: `what does the build use` means what
    /// `Webpack` was replaced with, though no word says so. Public collections have no such memories.
    pub heir: f32,

    /// The most that words of the best texts give to others that have them, of the best score (`super::second`). With 0.1
    /// Cranfield gains .003 nDCG more and pooled dialogue loses .003 recall at 10.
    pub second: f32,

    /// The part of its score by words that a text loses when the question names someone who speaks, and who neither says
    /// nor is named in it or what stands around it; its meaning counts nothing then. Between 0.1 and 0.25 pooled dialogue
    /// gains .003 to .009 MRR, and many speakers .002.
    pub elsewhere: f32,

    /// What a text loses that stands right beside a better one of its session, where the question asks for several things
    /// (`super::several`): those were said on several occasions. Without the form of the question it loses .02 recall at 10.
    pub beside: f32,

    /// The part of its score that a text loses where a judgement is asked for of someone, and somebody else said it
    /// (`super::judgement`). From 0.2 to 0.4 within .001.
    pub by_others: f32,

    /// How many times as much meaning counts there. With 1 FriendsQA's 33 such questions lose .09 recall at 10.
    pub judged: f32,

    /// Words from which on the meaning of a text counts in full: few words are close to a question by chance. Without it
    /// FriendsQA loses .013 recall at 5 and meetings .007 MRR, which falls below words alone. From 5 to 15 all sets are
    /// within .004.
    pub sure: f32,

    /// What being nearest in meaning counts, of the best score by words. With 0.1 and 0.2 most sets are within .005, some
    /// a little more; the cosines of neighbours, too, were .005 worse in MRR on all dialogue.
    pub meaning: f32,

    /// The least cosine of a memory that is found by its meaning alone, which happens only when no words find anything.
    pub close: f32,

    /// The part of a question that is found nowhere, each word by its rarity, from which on the memory nearest in meaning is
    /// shown for it (`super::near`). Of 71 questions in other words than their memory's, among some 500, 26 have it among the
    /// first ten, 7 without; at 0.5 two fewer.
    pub open: f32,

    /// The least cosine of such a memory. At 0.4 one question fewer.
    pub near: f32,

    /// The most that importance takes or gives, of the score: 0.0 takes it, 1.0 gives it, 0.5 changes nothing. No public
    /// collection has importances; a tenth decides between near equals and never turns a good match into a bad one.
    pub importance: f32,

    /// The most that being new gives, of the score. It decides between equals: what was said last of two is truer.
    pub recency: f32,

    /// Days after which that is half.
    pub recent_days: f32,

    /// The most that feedback takes or gives, of the score.
    pub feedback: f32,

    /// What being passed over counts, where being used counts 1: of ten that are shown one or two help, so that a memory
    /// that helps in every fifth answer that shows it keeps its place.
    pub ignored: f32,

    /// Uses after which half of `feedback` is given: one opinion is a hint, five are a habit.
    pub half_sure: f32,
}

impl Default for Weights {
    fn default() -> Weights {
        Weights {
            saturation: 1.6,
            length: 0.5,
            short: 15.0,
            neighbour: 0.4,
            neighbour_of_neighbour: 0.25,
            answer: 0.4,
            question: 0.2,
            speaker: 2.0,
            name_in_text: 0.2,
            alike: 0.5,
            alike_from: 0.5,
            alike_full: 0.9,
            tag: 0.7,
            time: 0.4,
            kind: 0.15,
            heir: 0.9,
            second: 0.07,
            elsewhere: 0.15,
            beside: 0.2,
            by_others: 0.3,
            judged: 2.0,
            sure: 7.0,
            meaning: 0.15,
            close: 0.7,
            open: 0.4,
            near: 0.35,
            importance: 0.1,
            recency: 0.04,
            recent_days: 30.0,
            feedback: 0.15,
            ignored: 0.2,
            half_sure: 2.0,
        }
    }
}

impl Weights {
    /// All of them by name, to be changed.
    pub fn each(&mut self) -> [(&'static str, &mut f32); 32] {
        [
            ("saturation", &mut self.saturation),
            ("length", &mut self.length),
            ("short", &mut self.short),
            ("neighbour", &mut self.neighbour),
            ("neighbour_of_neighbour", &mut self.neighbour_of_neighbour),
            ("answer", &mut self.answer),
            ("question", &mut self.question),
            ("speaker", &mut self.speaker),
            ("name_in_text", &mut self.name_in_text),
            ("alike", &mut self.alike),
            ("alike_from", &mut self.alike_from),
            ("alike_full", &mut self.alike_full),
            ("tag", &mut self.tag),
            ("time", &mut self.time),
            ("kind", &mut self.kind),
            ("heir", &mut self.heir),
            ("second", &mut self.second),
            ("elsewhere", &mut self.elsewhere),
            ("beside", &mut self.beside),
            ("by_others", &mut self.by_others),
            ("judged", &mut self.judged),
            ("sure", &mut self.sure),
            ("meaning", &mut self.meaning),
            ("close", &mut self.close),
            ("open", &mut self.open),
            ("near", &mut self.near),
            ("importance", &mut self.importance),
            ("recency", &mut self.recency),
            ("recent_days", &mut self.recent_days),
            ("feedback", &mut self.feedback),
            ("ignored", &mut self.ignored),
            ("half_sure", &mut self.half_sure),
        ]
    }
}
