//! Chooses a model for a question by quality, speed or cost, from a table with its date and source. A function over
//! values; who is configured and well is told to it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::quality::Learnt;
use crate::config::ModelTraits;
use crate::config::Prefer;

/// The table that comes with the program.
static TABLE: LazyLock<Table> = LazyLock::new(|| {
    // A test reads the whole table; should it still be broken, models are chosen by the configuration alone.
    toml::from_str(include_str!("models.toml")).unwrap_or_default()
});

#[derive(Debug, Default, Deserialize)]
struct Table {
    source: String,
    date: String,
    models: BTreeMap<String, Entry>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    quality: Option<u32>,
    output: Option<u32>,
    images: Option<bool>,
    schema: Option<bool>,
    tools: Option<bool>,
}

/// Where the table is from and when it was read.
pub(super) fn source() -> (&'static str, &'static str) {
    (&TABLE.source, &TABLE.date)
}

/// What is known about a model.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Card {
    /// 1 to 5; `None` is unknown.
    pub(super) quality: Option<u32>,
    /// Most tokens of input.
    pub(super) window: Option<u64>,
    /// Most tokens of output.
    pub(super) output: Option<u32>,
    /// `Some(false)` is known not to; `None` is unknown.
    pub(super) images: Option<bool>,
    pub(super) schema: Option<bool>,
    pub(super) tools: Option<bool>,
}

/// What is known about `provider/model`: the user's word, then the table's. `window` is the price table's.
pub(super) fn card(own: &BTreeMap<String, ModelTraits>, name: &str, window: Option<u64>) -> Card {
    let own = own.get(name).copied().unwrap_or_default();
    let entry = TABLE.models.get(name).or_else(|| {
        let (provider, model) = name.split_once('/')?;
        let (maker, model) = super::prices::at_maker(provider, model)?;
        TABLE.models.get(&format!("{maker}/{model}"))
    });
    // A model of the table can do everything that its line does not deny.
    let can = |own: Option<bool>, entry_says: fn(&Entry) -> Option<bool>| {
        own.or_else(|| entry.map(|it| entry_says(it).unwrap_or(true)))
    };
    Card {
        quality: own.quality.or(entry.and_then(|it| it.quality)),
        window: own.window.map(u64::from).or(window),
        output: own.output.or(entry.and_then(|it| it.output)),
        images: can(own.images, |it| it.images),
        schema: can(own.schema, |it| it.schema),
        tools: can(own.tools, |it| it.tools),
    }
}

/// The models of `provider` in the table and among the user's own.
pub(super) fn models_of<'a>(
    own: &'a BTreeMap<String, ModelTraits>,
    provider: &'a str,
) -> impl Iterator<Item = &'a str> + use<'a> {
    let of = move |name: &'a String| name.strip_prefix(provider)?.strip_prefix('/');
    let own_names = own.keys().filter_map(of);
    TABLE.models.keys().filter(|it| !own.contains_key(*it)).filter_map(of).chain(own_names)
}

/// What a question needs of a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Of the question with its context, as an estimate.
    pub input_tokens: u64,
    pub output_tokens: u32,
    pub images: bool,
    pub schema: bool,
    pub tools: bool,
}

/// A model that could be asked.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Candidate {
    pub(super) provider: String,
    pub(super) model: String,
    pub(super) card: Card,
    /// What was learnt about its quality for this kind of request.
    pub(super) learnt: Learnt,
    /// USD that this question would cost; `None` is unknown.
    pub(super) cost_usd: Option<f64>,
    /// USD for a million tokens of output, which tells large models from small ones; `None` is unknown.
    pub(super) output_price: Option<f64>,
    /// Milliseconds that the answer would take, by what was measured; `None` is not enough measured.
    pub(super) takes_ms: Option<f64>,
    /// Why it is not asked now: an open breaker, a pause.
    pub(super) ill: Option<String>,
}

impl Candidate {
    fn name(&self) -> String {
        format!("{}/{}", self.provider, self.model)
    }

    /// Its class with what ratings add to it; an unknown one is below all.
    fn quality(&self) -> f64 {
        self.card.quality.map_or(0.0, f64::from) + self.learnt.classes
    }
}

/// What was chosen, and what was not.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Choice {
    /// Position among the candidates.
    pub(super) chosen: usize,
    pub(super) why: String,
    /// Whether it is tried though another one is better.
    pub(super) is_tried: bool,
    /// Each model that was not chosen with the reason, the next best first.
    pub(super) losers: Vec<(String, String)>,
}

/// Milliseconds that an unmeasured model is taken to need: an assumption, until some answers were measured. Within one
/// vendor's line the dearer model is the larger and the slower one.
const UNMEASURED_MS: f64 = 3_000.0;
const UNMEASURED_MS_PER_USD: f64 = 300.0;

/// How far below the best a model may be that is tried, in classes of quality.
const TRIED_BELOW: f64 = 1.0;

/// Chooses the best of `candidates`; `None` when none fits. Equal ones are chosen by cost, then in their order. With
/// `tries`, a number in 0.0..1.0, another one is chosen by it among those that are nearly as good and not dearer, if there
/// is any.
pub(super) fn choose(candidates: &[Candidate], prefer: Prefer, needs: &Needs, tries: Option<f64>) -> Option<Choice> {
    let mut losers = Vec::new();
    let mut fitting: Vec<(usize, &Candidate)> = Vec::new();
    for (at, candidate) in candidates.iter().enumerate() {
        match lacks(candidate, needs) {
            Some(why) => losers.push((candidate.name(), why)),
            None => fitting.push((at, candidate)),
        }
    }
    let cost = |it: &Candidate| it.cost_usd.unwrap_or(f64::INFINITY);
    fitting.sort_by(|(_, a), (_, b)| {
        let by_cost = cost(a).total_cmp(&cost(b));
        let by_quality = b.quality().total_cmp(&a.quality());
        match prefer {
            Prefer::Quality => by_quality.then(by_cost),
            Prefer::Speed => time_ms(a).total_cmp(&time_ms(b)).then(by_quality).then(by_cost),
            Prefer::Cost => by_cost.then(by_quality),
        }
    });
    let (_, best) = *fitting.first()?;
    let tried = tries.and_then(|place| tried(&fitting, place));
    let (chosen, taken) = fitting.remove(tried.unwrap_or(0));
    let preferred = |it: &Candidate| format!("{} is preferred: {}", prefer.name(), figure(it, prefer));
    let why = match tried {
        None => preferred(taken),
        Some(_) => format!("tried so that it can be rated: {}; {} is the best", figure(taken, prefer), best.name()),
    };
    let others = fitting.iter().map(|(_, it)| (it.name(), preferred(it)));
    Some(Choice { chosen, why, is_tried: tried.is_some(), losers: others.chain(losers).collect() })
}

/// Which of `fitting`, the best first, is tried in the best one's place.
fn tried(fitting: &[(usize, &Candidate)], place: f64) -> Option<usize> {
    let (_, best) = fitting.first()?;
    let may_be = |it: &Candidate| {
        let is_no_dearer = it.cost_usd.zip(best.cost_usd).is_some_and(|(theirs, bests)| theirs <= bests);
        it.card.quality.is_some() && it.quality() >= best.quality() - TRIED_BELOW && is_no_dearer
    };
    let pool: Vec<usize> = (1..fitting.len()).filter(|at| may_be(fitting[*at].1)).collect();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a place in a short list"
    )]
    let at = (place.clamp(0.0, 1.0) * pool.len() as f64) as usize;
    pool.get(at.min(pool.len().checked_sub(1)?)).copied()
}

/// What keeps a model from answering the question.
fn lacks(candidate: &Candidate, needs: &Needs) -> Option<String> {
    let card = &candidate.card;
    if let Some(ill) = &candidate.ill {
        return Some(ill.clone());
    }
    let wanted = needs.input_tokens;
    if let Some(window) = card.window.filter(|it| *it < wanted) {
        return Some(format!("takes {window} tokens of input, and {wanted} are needed"));
    }
    if let Some(output) = card.output.filter(|it| *it < needs.output_tokens) {
        return Some(format!("gives {output} tokens of output, and {} are wanted", needs.output_tokens));
    }
    let denied = [
        ("images", needs.images, card.images),
        ("a schema", needs.schema, card.schema),
        ("tools", needs.tools, card.tools),
    ];
    denied.into_iter().find(|(_, needed, can)| *needed && *can == Some(false)).map(|it| format!("takes no {}", it.0))
}

fn time_ms(candidate: &Candidate) -> f64 {
    candidate
        .takes_ms
        .unwrap_or_else(|| UNMEASURED_MS + UNMEASURED_MS_PER_USD * candidate.output_price.unwrap_or(50.0).min(50.0))
}

/// The number that counted, in words.
fn figure(candidate: &Candidate, prefer: Prefer) -> String {
    match prefer {
        Prefer::Quality => {
            let quality = candidate.card.quality;
            let class = quality.map_or_else(|| "of unknown quality".to_owned(), |it| format!("class {it} of 5"));
            let Learnt { classes, ratings } = candidate.learnt;
            if ratings < 0.05 { class } else { format!("{class}, {classes:+.1} by {ratings:.1} ratings") }
        }
        Prefer::Speed => match candidate.takes_ms {
            Some(ms) => format!("{ms:.0} ms as measured"),
            None => format!("{:.0} ms by its price, not measured yet", time_ms(candidate)),
        },
        Prefer::Cost => match candidate.cost_usd {
            Some(usd) => format!("{usd:.6} USD"),
            None => "of unknown price".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(model: &str, quality: u32, cost_usd: f64, takes_ms: Option<f64>) -> Candidate {
        Candidate {
            provider: "p".into(),
            model: model.into(),
            card: Card { quality: Some(quality), window: Some(100_000), ..Card::default() },
            learnt: Learnt::default(),
            cost_usd: Some(cost_usd),
            output_price: Some(cost_usd * 100.0),
            takes_ms,
            ill: None,
        }
    }

    fn check(candidates: &[Candidate], prefer: Prefer, needs: Needs, expected: Option<&str>) {
        let chosen = choose(candidates, prefer, &needs, None);
        assert_eq!(chosen.map(|it| candidates[it.chosen].model.as_str()), expected, "{prefer:?} {needs:?}");
    }

    #[test]
    fn the_wish_decides_and_the_next_figure_breaks_ties() {
        let all = [
            candidate("large", 5, 0.05, None),
            candidate("dear", 5, 0.10, None),
            candidate("small", 2, 0.001, None),
            candidate("quick", 3, 0.01, Some(900.0)),
        ];
        check(&all, Prefer::Quality, Needs::default(), Some("large"));
        check(&all, Prefer::Cost, Needs::default(), Some("small"));
        check(&all, Prefer::Speed, Needs::default(), Some("quick"));
        check(&all[..3], Prefer::Speed, Needs::default(), Some("small"));
        check(&[], Prefer::Cost, Needs::default(), None);
    }

    #[test]
    fn what_cannot_answer_is_left_out_with_its_reason() {
        let mut all = [candidate("small", 2, 0.001, None), candidate("large", 5, 0.05, None)];
        all[0].card.window = Some(1_000);
        let needs = Needs { input_tokens: 5_000, ..Needs::default() };
        let choice = choose(&all, Prefer::Cost, &needs, None).unwrap();
        assert_eq!(all[choice.chosen].model, "large");
        assert_eq!(choice.losers, [("p/small".into(), "takes 1000 tokens of input, and 5000 are needed".into())]);
        all[1].card.images = Some(false);
        check(&all, Prefer::Cost, Needs { images: true, ..Needs::default() }, Some("small"));
        check(&all, Prefer::Cost, Needs { images: true, ..needs }, None);
        all[0].ill = Some("not asked: it failed too often".into());
        check(&all, Prefer::Cost, Needs::default(), Some("large"));
    }

    #[test]
    fn ratings_turn_a_choice_over_and_stand_in_its_reason() {
        let mut all = [candidate("large", 5, 0.05, None), candidate("middle", 4, 0.02, None)];
        check(&all, Prefer::Quality, Needs::default(), Some("large"));
        all[0].learnt = Learnt { classes: -1.2, ratings: 6.0 };
        let choice = choose(&all, Prefer::Quality, &Needs::default(), None).unwrap();
        assert_eq!((choice.chosen, choice.why.as_str()), (1, "quality is preferred: class 4 of 5"));
        let loser = "quality is preferred: class 5 of 5, -1.2 by 6.0 ratings".to_owned();
        assert_eq!(choice.losers, [("p/large".to_owned(), loser)]);
        check(&all, Prefer::Cost, Needs::default(), Some("middle"));
    }

    #[test]
    fn what_is_tried_is_nearly_as_good_and_never_dearer() {
        let all = [
            candidate("best", 5, 0.05, None),
            candidate("dearer", 5, 0.06, None),
            candidate("near", 4, 0.02, None),
            candidate("nearer", 5, 0.05, None),
            candidate("small", 2, 0.01, None),
        ];
        let tried = |place| {
            let choice = choose(&all, Prefer::Quality, &Needs::default(), Some(place)).unwrap();
            (all[choice.chosen].model.clone(), choice.is_tried, choice.losers[0].0.clone())
        };
        assert_eq!(tried(0.0), ("nearer".into(), true, "p/best".into()));
        assert_eq!(tried(0.99), ("near".into(), true, "p/best".into()));
        let alone = choose(&all[1..2], Prefer::Quality, &Needs::default(), Some(0.5)).unwrap();
        assert!(!alone.is_tried);
        let mut unknown = [candidate("best", 5, 0.05, None), candidate("unknown", 5, 0.05, None)];
        unknown[1].cost_usd = None;
        assert!(!choose(&unknown, Prefer::Quality, &Needs::default(), Some(0.5)).unwrap().is_tried);
    }

    #[test]
    fn an_unknown_price_or_quality_is_never_the_best() {
        let mut all = [candidate("unknown", 5, 0.0, None), candidate("known", 1, 9.0, None)];
        (all[0].cost_usd, all[0].card.quality) = (None, None);
        check(&all, Prefer::Cost, Needs::default(), Some("known"));
        check(&all, Prefer::Quality, Needs::default(), Some("known"));
    }

    #[test]
    fn the_table_is_whole_and_every_model_has_a_price() {
        let table: Table = toml::from_str(include_str!("models.toml")).unwrap();
        assert!(crate::clock::parse(&table.date).is_ok() && !table.source.is_empty());
        let prices = super::super::Prices::default();
        for (name, entry) in &table.models {
            let (provider, model) = name.split_once('/').unwrap();
            assert!(prices.window(provider, model).is_some(), "{name}");
            assert!(entry.quality.is_some_and(|it| (1..=5).contains(&it)) && entry.output.is_some(), "{name}");
        }
    }

    #[test]
    fn the_user_s_word_comes_first_and_adds_models() {
        let traits = |quality| ModelTraits { quality: Some(quality), images: Some(false), ..ModelTraits::default() };
        let own = BTreeMap::from([("openai/gpt-4o-mini".to_owned(), traits(5)), ("work/large".to_owned(), traits(4))]);
        let card = card(&own, "openai/gpt-4o-mini", Some(7));
        assert_eq!((card.quality, card.window, card.output), (Some(5), Some(7), Some(16_384)));
        assert_eq!((card.images, card.tools), (Some(false), Some(true)));
        assert_eq!(models_of(&own, "work").collect::<Vec<_>>(), ["large"]);
        assert_eq!(models_of(&own, "openai").filter(|it| *it == "gpt-4o-mini").count(), 1);
    }
}
