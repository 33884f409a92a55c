//! The methods of analysis that a text names: what was applied, as far as the question says it.

/// The name that is counted, and how it is written. An acronym counts only in capitals: “rice” is food.
const FRAMEWORKS: &[(&str, &[&str])] = &[
    ("5W1H", &["5W1H"]),
    ("AARRR", &["AARRR", "pirate metrics"]),
    ("ADR", &["ADR", "architecture decision record"]),
    ("AIDA", &["AIDA"]),
    ("ATAM", &["ATAM"]),
    ("Balanced Scorecard", &["balanced scorecard"]),
    ("BCG Matrix", &["bcg matrix", "growth-share matrix"]),
    ("Business Model Canvas", &["business model canvas"]),
    ("Chain of Thought", &["chain of thought", "chain-of-thought"]),
    ("Cost-Benefit Analysis", &["cost-benefit", "cost benefit analysis", "Kosten-Nutzen"]),
    ("Cynefin", &["cynefin"]),
    ("DACI", &["DACI"]),
    ("Decision Matrix", &["decision matrix", "Entscheidungsmatrix", "Pugh matrix"]),
    ("Decision Tree", &["decision tree", "Entscheidungsbaum"]),
    ("Design Thinking", &["design thinking"]),
    ("Devil's Advocate", &["devil's advocate", "devils advocate"]),
    ("Eisenhower Matrix", &["eisenhower"]),
    ("First Principles", &["first principles", "first-principles"]),
    ("Fishbone", &["fishbone", "ishikawa"]),
    ("Five Forces", &["five forces", "porter's five"]),
    ("Five Whys", &["five whys", "5 whys", "5-why"]),
    ("FMEA", &["FMEA"]),
    ("Gap Analysis", &["gap analysis"]),
    ("ICE", &["ICE"]),
    ("Jobs to be Done", &["jobs to be done", "jobs-to-be-done", "JTBD"]),
    ("Kano", &["kano"]),
    ("Kepner-Tregoe", &["kepner-tregoe", "kepner tregoe"]),
    ("Lean Canvas", &["lean canvas"]),
    ("MECE", &["MECE"]),
    ("MoSCoW", &["MoSCoW"]),
    ("OKR", &["OKR", "OKRs", "objectives and key results"]),
    ("OODA", &["OODA"]),
    ("PDCA", &["PDCA"]),
    ("PESTLE", &["PESTLE", "PESTEL", "PEST"]),
    ("Post-mortem", &["post-mortem", "postmortem"]),
    ("Pre-mortem", &["pre-mortem", "premortem"]),
    ("Pros and Cons", &["pros and cons", "pro und contra", "pour et le contre", "pros y contras"]),
    ("RACI", &["RACI"]),
    ("RAPID", &["RAPID"]),
    ("ReAct", &["ReAct"]),
    ("RICE", &["RICE"]),
    ("Root Cause Analysis", &["root cause analysis", "root-cause analysis"]),
    ("Scenario Planning", &["scenario planning", "Szenarioanalyse"]),
    ("SCAMPER", &["SCAMPER"]),
    ("Six Thinking Hats", &["six thinking hats", "six hats"]),
    ("SMART", &["SMART goals", "SMART criteria"]),
    ("Socratic Method", &["socratic"]),
    ("STRIDE", &["STRIDE"]),
    ("SWOT", &["SWOT"]),
    ("Theory of Constraints", &["theory of constraints"]),
    ("Value Chain", &["value chain"]),
    ("Wardley Map", &["wardley"]),
    ("WSJF", &["WSJF"]),
];

/// Characters that are looked at: who wants a method names it early.
const LOOKED_AT: usize = 4_000;

/// The frameworks that `text` names, in the order of their names.
pub fn named(text: &str) -> Vec<String> {
    let text: String = text.chars().take(LOOKED_AT).collect();
    let lower = text.to_lowercase();
    let found = FRAMEWORKS.iter().filter(|(_, signs)| {
        signs.iter().any(|sign| {
            let acronym = !sign.contains(' ') && sign.chars().filter(|it| it.is_uppercase()).count() > 1;
            if acronym { stands(&text, sign) } else { stands(&lower, &sign.to_lowercase()) }
        })
    });
    found.map(|(name, _)| (*name).to_owned()).collect()
}

/// Whether `word` stands in `text` with no letter or digit at either side.
fn stands(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        let ends = |it: Option<char>| it.is_none_or(|it| !it.is_alphanumeric() || it as u32 > 0x2e80);
        ends(before) && ends(after)
    })
}

#[cfg(test)]
mod tests {
    use super::LOOKED_AT;
    use super::named;

    #[test]
    fn frameworks_are_read_out_of_a_question() {
        let cases: [(&str, &[&str]); 7] = [
            ("do a SWOT of our options", &["SWOT"]),
            ("RICE or ICE for the backlog?", &["ICE", "RICE"]),
            ("rice with beans, and ice", &[]),
            ("用SWOT分析一下", &["SWOT"]),
            ("run Five Whys on the outage, then a pre-mortem", &["Five Whys", "Pre-mortem"]),
            ("explain the reactor", &[]),
            ("", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(named(text), expected, "{text}");
        }
    }

    #[test]
    fn only_the_beginning_of_a_long_text_is_read() {
        let behind = |chars: usize| format!("{} SWOT", "ä".repeat(chars - 5));
        assert_eq!(named(&behind(LOOKED_AT)), ["SWOT"]);
        assert_eq!(named(&behind(LOOKED_AT + 4)), [""; 0]);
    }
}
