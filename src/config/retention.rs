//! `[retention.NAME]` in the user file: which memories are deleted at what age. Nothing is, unless a person wrote so.

use super::ConfigError;
use super::check;
use super::sources::Origin;
use super::sources::Raw;
use super::sources::Sources;

/// The keys below `[retention.NAME]`.
pub(super) const KEYS: &[&str] = &["namespace", "kind", "older_than_days"];

/// The kinds of memories, which the `memory` room defines; a test there holds both together.
pub(crate) const KINDS: [&str; 7] = ["fact", "preference", "decision", "pattern", "event", "note", "turn"];

/// A rule of the user file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetentionRule {
    pub name: String,
    /// Any when absent.
    pub namespace: Option<String>,
    /// Any when absent.
    pub kind: Option<String>,
    pub older_than_days: u32,
}

/// The rules, by their names.
pub(super) fn read(sources: &mut Sources<'_>) -> Result<Vec<RetentionRule>, ConfigError> {
    let mut rules = Vec::new();
    let Some(file) = sources.user_file else { return Ok(rules) };
    for (name, table) in file.tables("retention") {
        let at = |key: &str| format!("retention.{name}.{key}");
        let found = |key: &str| table.get(key).map(|it| file.found(it));
        let text = |raw: &Raw<'_>| check::text(raw).map(|it| it.trim().to_owned());
        let kind = |raw: &Raw<'_>| check::choice(raw, &KINDS.map(|it| (it, it)));
        let days = |raw: &Raw<'_>| check::whole(raw, 1..=36_500);
        let Some(older) = found("older_than_days") else {
            return Err(ConfigError::Value {
                setting: at("older_than_days"),
                origin: Origin::UserFile(file.path.clone()),
                line: None,
                value: "missing".to_owned(),
                allowed: "a number of days from 1 to 36500".to_owned(),
            });
        };
        let rule = RetentionRule {
            name: name.to_owned(),
            namespace: found("namespace").map(|it| it.check(&at("namespace"), text)).transpose()?,
            kind: found("kind").map(|it| it.check(&at("kind"), kind)).transpose()?.map(str::to_owned),
            older_than_days: older.check(&at("older_than_days"), days)?,
        };
        if rule.namespace.is_none() && rule.kind.is_none() {
            return Err(ConfigError::Value {
                setting: at("older_than_days"),
                origin: older.origin,
                line: older.line,
                value: rule.older_than_days.to_string(),
                allowed: "only together with namespace or kind; a rule for every memory is refused".to_owned(),
            });
        }
        let shown = [("namespace", &rule.namespace), ("kind", &rule.kind)];
        let shown = shown.into_iter().filter_map(|(name, of)| of.as_ref().map(|it| format!("{name} {it}, ")));
        let shown = format!("{}older_than_days {}", shown.collect::<String>(), rule.older_than_days);
        sources.show(&format!("retention.{name}"), shown, Origin::UserFile(file.path.clone()));
        rules.push(rule);
    }
    Ok(rules)
}
