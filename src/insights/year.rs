//! A year of use, made up from a seed: what the tour in the README and the tests count.
//!
//! It has a shape that can be found again: use grows, weekends are quiet, one provider is out for a day, one day is
//! dear, and one persona is better rated than the others.

use crate::clock::Millis;
use crate::store::CallRow;

const HOUR: Millis = 3_600_000;
const DAY: Millis = 24 * HOUR;

/// How much use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub calls: usize,
    pub sessions: usize,
    pub users: usize,
}

impl Default for Size {
    fn default() -> Size {
        Size { calls: 50_000, sessions: 5_000, users: 40 }
    }
}

const NAMES: [&str; 20] = [
    "ana", "ben", "carla", "deniz", "emil", "fatima", "goran", "hana", "igor", "julia", "kenji", "lena", "marco",
    "nora", "omar", "petra", "quinn", "rosa", "sven", "tara",
];
const PERSONAS: [Option<&str>; 6] =
    [None, Some("architect"), Some("reviewer"), Some("coach"), Some("tester"), Some("strategist")];
const FRAMEWORKS: [&str; 8] =
    ["SWOT", "RACI", "RICE", "OKR", "Five Whys", "MoSCoW", "Six Thinking Hats", "Jobs to be Done"];
const KINDS: [&str; 11] =
    ["lookup", "explain", "generate", "fix", "refactor", "test", "review", "security", "recall", "insight", "general"];
/// Provider, model, USD per million tokens in and out, milliseconds of a usual answer.
const MODELS: [(&str, &str, f64, f64, u64); 5] = [
    ("openai", "gpt-5-mini", 0.25, 2.0, 2_200),
    ("openai", "gpt-5", 1.25, 10.0, 6_500),
    ("anthropic", "claude-sonnet-4-5", 3.0, 15.0, 4_800),
    ("openrouter", "qwen3-coder", 0.22, 0.95, 3_900),
    ("ollama", "llama3.2", 0.0, 0.0, 1_400),
];
const QUESTIONS: [&str; 12] = [
    "where is the retry policy set",
    "why does the importer run twice",
    "write a migration for the invoice table",
    "the login test fails on CI",
    "split the parser into two files",
    "add cases for empty input",
    "is this change safe to merge",
    "could somebody read the tokens in the log",
    "what did we decide about the cache",
    "what did we spend last month",
    "what is a bloom filter",
    "compare the two designs for the queue",
];

/// A stream of numbers from a seed (SplitMix64, Steele et al. 2014): the same everywhere, for ever.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut it = self.0;
        it = (it ^ (it >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        it = (it ^ (it >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        it ^ (it >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end.max(1)).unwrap_or(1);
        usize::try_from(self.next() % end).unwrap_or(0)
    }

    /// 0.0..1.0
    fn part(&mut self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
        let part = (self.next() >> 11) as f64 / (1u64 << 53) as f64;
        part
    }

    /// The lower of two draws: the first ones come oftener.
    fn skewed(&mut self, end: usize) -> usize {
        self.below(end).min(self.below(end))
    }
}

/// The calls of the 365 days before `until`, the earliest first.
pub fn calls(seed: u64, until: Millis, size: Size) -> Vec<CallRow> {
    let mut chance = Chance(seed);
    let start = until.div_euclid(DAY) * DAY - 365 * DAY;
    let mut calls = Vec::with_capacity(size.calls);
    let per_session = size.calls / size.sessions.max(1);
    for session in 0..size.sessions {
        let mut at = start + day(&mut chance, start) * DAY + hour(&mut chance) * HOUR;
        at += i64::try_from(chance.below(3_600_000)).unwrap_or(0);
        let user = user(chance.skewed(size.users));
        let persona = PERSONAS[chance.skewed(PERSONAS.len())].map(str::to_owned);
        let left = size.sessions - session;
        let rest = size.calls - calls.len();
        // What is left is shared, so that the sum is right; sessions differ in length all the same.
        let count =
            if left == 1 { rest } else { (1 + chance.below(per_session * 2)).min(rest.saturating_sub(left - 1)) };
        for _ in 0..count {
            let mut call = one(&mut chance, at, start);
            call.id =
                format!("{:08x}-{:04x}-7000-8000-{:012x}", at >> 16, at & 0xffff, chance.next() & 0xffff_ffff_ffff);
            call.session_id = Some(format!("s-{session:05}"));
            call.user_id = Some(user.clone());
            call.persona.clone_from(&persona);
            if call.tool == "ask" && persona.as_deref() == Some("reviewer") {
                call.rating = call.rating.map(|it| (it + 0.5).min(1.0));
            }
            at += call.took_us / 1000 + 5_000 + i64::try_from(chance.below(180_000)).unwrap_or(0);
            calls.push(call);
        }
    }
    calls.retain(|it| it.started_at < until);
    calls.sort_by(|a, b| (a.started_at, &a.id).cmp(&(b.started_at, &b.id)));
    calls
}

/// A day of the year: later ones oftener, weekends seldom.
fn day(chance: &mut Chance, start: Millis) -> i64 {
    loop {
        let day = i64::try_from(365 - 1 - chance.skewed(365)).unwrap_or(0);
        // The first day of 1970 was a Thursday.
        let weekday = (start / DAY + day + 4) % 7;
        if (1..=5).contains(&weekday) || chance.part() < 0.2 {
            return day;
        }
    }
}

/// An hour of the day: two humps, as offices have.
fn hour(chance: &mut Chance) -> i64 {
    let hump = if chance.part() < 0.55 { 8 } else { 13 };
    i64::try_from((hump + chance.below(3) + chance.below(3)) % 24).unwrap_or(0)
}

fn user(at: usize) -> String {
    let round = at / NAMES.len();
    let name = NAMES[at % NAMES.len()];
    if round == 0 { name.to_owned() } else { format!("{name}{}", round + 1) }
}

fn one(chance: &mut Chance, at: Millis, start: Millis) -> CallRow {
    let tools = ["ask", "recall", "assemble_context", "search_workspace", "remember"];
    let tool = tools[chance.skewed(tools.len())];
    let mut call = CallRow {
        tool: tool.to_owned(),
        started_at: at,
        took_us: i64::try_from(300 + chance.below(4_000)).unwrap_or(0),
        outcome: "ok".to_owned(),
        namespace: Some(if chance.part() < 0.7 { "default" } else { "business" }.to_owned()),
        ..CallRow::default()
    };
    if tool == "remember" {
        return call;
    }
    let kind = chance.below(KINDS.len());
    call.request_kind = Some(KINDS[kind].to_owned());
    call.question = Some(QUESTIONS[(kind + chance.below(2)) % QUESTIONS.len()].to_owned());
    if tool == "ask" {
        answer(chance, &mut call, (at - start) / DAY);
    }
    call
}

fn answer(chance: &mut Chance, call: &mut CallRow, day: i64) {
    let (provider, model, input_price, output_price, usual_ms) = MODELS[chance.skewed(MODELS.len())];
    call.provider = Some(provider.to_owned());
    call.model = Some(model.to_owned());
    call.strategy = Some("single".to_owned());
    if chance.part() < 0.12 {
        let framework = FRAMEWORKS[chance.skewed(FRAMEWORKS.len())];
        call.frameworks = vec![framework.to_owned()];
        call.question = Some(format!("do a {framework} of {}", QUESTIONS[11]));
    }
    if chance.part() < 0.08 {
        call.cached = true;
        call.strategy = Some("cached".to_owned());
        call.cost_usd = Some(0.0);
        call.took_us = 600;
    } else {
        let spread = 500 + chance.below(1_500);
        call.took_us = i64::try_from(usual_ms).unwrap_or(0) * i64::try_from(spread).unwrap_or(0);
        call.input_tokens = i64::try_from(400 + chance.below(6_000)).unwrap_or(0);
        // One day on which somebody sent whole books.
        if day == 341 {
            call.input_tokens *= 30;
        }
        call.cached_input_tokens = if chance.part() < 0.3 { call.input_tokens / 2 } else { 0 };
        call.output_tokens = i64::try_from(50 + chance.below(900)).unwrap_or(0);
        #[expect(clippy::cast_precision_loss, reason = "tokens of one call")]
        let cost = (call.input_tokens as f64 * input_price + call.output_tokens as f64 * output_price) / 1e6;
        call.cost_usd = Some(cost);
    }
    let out = day == 300 && provider == "anthropic";
    if out || chance.part() < 0.025 {
        let kinds = ["rate_limited", "timeout", "overloaded", "unreachable"];
        let kind = if out { "unreachable" } else { kinds[chance.skewed(kinds.len())] };
        call.outcome = "failed".to_owned();
        call.error_kind = Some(kind.to_owned());
        (call.cost_usd, call.output_tokens, call.cached) = (None, 0, false);
    } else if chance.part() < 0.1 {
        call.rating = Some(if chance.part() < 0.75 { 0.5 } else { -0.5 });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_is_the_same_for_a_seed_and_has_the_size_asked_for() {
        let size = Size { calls: 2_000, sessions: 200, users: 10 };
        let until = 1_790_000_000_000;
        let made = calls(7, until, size);
        assert_eq!(made, calls(7, until, size));
        assert_ne!(made, calls(8, until, size));
        assert!((1_900..=2_000).contains(&made.len()), "{}", made.len());
        let ids: std::collections::HashSet<_> = made.iter().map(|it| &it.id).collect();
        assert_eq!(ids.len(), made.len());
    }
}
