//! Finds what came of a conversation: what was decided in it, and what it left open.
//!
//! A sentence is one or the other by what it says of itself (“we decided”, “still open”, “beschlossen”, “queda
//! pendiente”); rules of phrases, nothing is guessed. What may be or would be is neither, and a question decides nothing.

/// What a sentence comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Decision,
    /// A question or a task that waits.
    Open,
}

/// Phrases by which a sentence tells that something was decided: English, German, French, Spanish, Italian, Portuguese,
/// Dutch; lower case. Chinese and Japanese stand apart, for they part no words.
const DECIDED: [&str; 66] = [
    "we decided",
    "i decided",
    "i have decided",
    "we have decided",
    "we've decided",
    "i've decided",
    "it was decided",
    "has been decided",
    "was agreed",
    "we agreed",
    "agreed:",
    "decided:",
    "decision:",
    "the decision is",
    "our decision",
    "let's go with",
    "let us go with",
    "we'll go with",
    "we will go with",
    "i'll go with",
    "we are going with",
    "we're going with",
    "going with",
    "we chose",
    "we settled on",
    "we'll use",
    "we will use",
    "let's use",
    "we won't use",
    "we will not use",
    "we'll keep",
    "we will keep",
    "from now on we",
    "wir haben entschieden",
    "wir haben uns entschieden",
    "wir haben beschlossen",
    "ich habe entschieden",
    "ich habe mich entschieden",
    "wurde beschlossen",
    "wurde entschieden",
    "beschlossen:",
    "entscheidung:",
    "wir nehmen",
    "wir bleiben bei",
    "ab jetzt",
    "nous avons décidé",
    "on a décidé",
    "j'ai décidé",
    "il a été décidé",
    "décision :",
    "décision:",
    "on part sur",
    "hemos decidido",
    "decidimos",
    "he decidido",
    "se decidió",
    "decisión:",
    "abbiamo deciso",
    "ho deciso",
    "decisione:",
    "ficou decidido",
    "decidi",
    "decisão:",
    "we hebben besloten",
    "besluit:",
    "er is besloten",
];

/// Phrases by which a sentence tells that something waits.
const OPEN: [&str; 69] = [
    "todo:",
    "to do:",
    "to-do:",
    "fixme:",
    "open question",
    "open point",
    "open issue",
    "open:",
    "still open",
    "remains open",
    "still to do",
    "still needs",
    "still need to",
    "still have to",
    "we need to decide",
    "not decided yet",
    "not yet decided",
    "haven't decided",
    "have not decided",
    "undecided",
    "to be decided",
    "to be clarified",
    "to be done",
    "tbd",
    "next step",
    "next:",
    "remind me to",
    "blocked by",
    "blocked on",
    "waiting for",
    "remains to be",
    "don't know yet",
    "do not know yet",
    "noch offen",
    "offene frage",
    "offener punkt",
    "offen:",
    "noch zu klären",
    "noch zu tun",
    "noch nicht entschieden",
    "muss noch",
    "müssen noch",
    "steht noch aus",
    "nächster schritt",
    "als nächstes",
    "à faire",
    "reste à",
    "question ouverte",
    "pas encore décidé",
    "à décider",
    "prochaine étape",
    "en attente de",
    "queda pendiente",
    "pendiente:",
    "por decidir",
    "por hacer",
    "falta por",
    "siguiente paso",
    "pregunta abierta",
    "da fare",
    "resta da",
    "ancora da",
    "domanda aperta",
    "prossimo passo",
    "por resolver",
    "próximo passo",
    "nog te doen",
    "nog open",
    "volgende stap",
];

/// The same in Chinese and Japanese.
const DECIDED_UNPARTED: [&str; 8] =
    ["我们决定", "已决定", "决定采用", "決定采用", "に決めた", "に決定", "ことにした", "ことにしました"];
const OPEN_UNPARTED: [&str; 10] =
    ["待办", "待辦", "尚未决定", "还没决定", "待解决", "下一步", "未定", "要検討", "未解決", "次のステップ"];

/// What makes a phrase of above mean nothing: what may be, what was asked, what no longer is.
const UNSAID: [&str; 22] = [
    "if we",
    "if i",
    "should we",
    "should i",
    "could we",
    "we could",
    "we might",
    "we may",
    "no longer open",
    "nothing is open",
    "nothing open",
    "no open",
    "falls wir",
    "wenn wir",
    "sollen wir",
    "nichts offen",
    "keine offene",
    "nicht mehr offen",
    "si nous",
    "si decidimos",
    "se decidiamo",
    "als we",
];

/// What `sentence` comes to, if it says so.
///
/// An open point wins over a decision: “we decided to wait; the name is still open” waits.
pub fn outcome(sentence: &str) -> Option<Outcome> {
    let text = sentence.trim().to_lowercase().replace('\u{2019}', "'");
    let padded = format!(" {text} ");
    let says = |phrases: &[&str]| phrases.iter().any(|it| stands_in(&padded, it));
    let unparted = |phrases: &[&str]| phrases.iter().any(|it| text.contains(it));
    if says(&UNSAID) {
        return None;
    }
    // A box that is not ticked is a task that waits.
    let is_task = ["- [ ]", "* [ ]", "[ ]"].iter().any(|it| text.starts_with(it));
    if is_task || says(&OPEN) || unparted(&OPEN_UNPARTED) {
        return Some(Outcome::Open);
    }
    let asks = text.ends_with(['?', '？']) || text.starts_with('¿');
    (!asks && (says(&DECIDED) || unparted(&DECIDED_UNPARTED))).then_some(Outcome::Decision)
}

/// Whether `phrase` stands in `text` as words of its own.
fn stands_in(text: &str, phrase: &str) -> bool {
    text.match_indices(phrase).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + phrase.len()..].chars().next();
        let parted = |it: Option<char>| it.is_none_or(|it| !it.is_alphanumeric());
        parted(before) && (phrase.ends_with(':') || parted(after))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_decided_and_what_is_open_is_told_in_several_languages() {
        use Outcome::Decision;
        use Outcome::Open;
        let table = [
            ("We decided to ship on Friday.", Some(Decision)),
            ("OK, let's go with SQLite then.", Some(Decision)),
            ("Agreed: the release moves to 21 March.", Some(Decision)),
            ("Decision: no new crates this month", Some(Decision)),
            ("We’ll use tokio, not async-std.", Some(Decision)),
            ("We settled on port 8080.", Some(Decision)),
            ("It was decided that Ana owns the parser.", Some(Decision)),
            ("Wir haben beschlossen, am Freitag zu liefern.", Some(Decision)),
            ("Wir bleiben bei PostgreSQL.", Some(Decision)),
            ("Entscheidung: keine neuen Abhängigkeiten", Some(Decision)),
            ("Nous avons décidé de garder SQLite.", Some(Decision)),
            ("On part sur la version 2.", Some(Decision)),
            ("Hemos decidido usar Rust.", Some(Decision)),
            ("Abbiamo deciso di aspettare marzo.", Some(Decision)),
            ("Ficou decidido que a Ana cuida disso.", Some(Decision)),
            ("We hebben besloten om te wachten.", Some(Decision)),
            ("我们决定采用 SQLite。", Some(Decision)),
            ("SQLite に決めた。", Some(Decision)),
            ("TODO: write the changelog", Some(Open)),
            ("- [ ] measure the cold start", Some(Open)),
            ("The name of the tool is still open.", Some(Open)),
            ("We decided to wait, but the date is still open.", Some(Open)),
            ("Who signs the binaries is to be decided.", Some(Open)),
            ("And remind me to write the changelog.", Some(Open)),
            ("Next step: run the migration on staging.", Some(Open)),
            ("We still need to ask Bo about the licence.", Some(Open)),
            ("We haven't decided on the format yet.", Some(Open)),
            ("Der Name ist noch offen.", Some(Open)),
            ("Wir müssen noch die Tests schreiben.", Some(Open)),
            ("Nächster Schritt: die Migration prüfen", Some(Open)),
            ("Il reste à écrire la documentation.", Some(Open)),
            ("Queda pendiente la migración.", Some(Open)),
            ("Siguiente paso: medir el arranque.", Some(Open)),
            ("Resta da scrivere la guida.", Some(Open)),
            ("Próximo passo: medir o arranque.", Some(Open)),
            ("De naam is nog open.", Some(Open)),
            ("下一步：测试迁移。", Some(Open)),
            ("命名は未定です。", Some(Open)),
            // Neither: what may be, what is asked, what only sounds like it.
            ("Should we go with SQLite?", None),
            ("Have we decided on SQLite?", None),
            ("If we decided to wait, it would slip.", None),
            ("We could go with either.", None),
            ("Nothing is open any more.", None),
            ("Es ist nichts offen.", None),
            ("The door opens at nine.", None),
            ("Undecidedness is a word.", None),
            ("Die Datei ist offen.", None),
            ("", None),
        ];
        for (sentence, expected) in table {
            assert_eq!(outcome(sentence), expected, "{sentence}");
        }
    }
}
