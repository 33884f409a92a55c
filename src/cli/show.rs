//! `carryall config show`: every setting with its value and where that is from.

use owo_colors::OwoColorize;
use serde_json::json;

use super::failed::Exit;
use super::failed::Failed;
use super::output::Output;
use crate::config::Origin;
use crate::config::Resolved;

pub(super) fn config(resolved: &Resolved, out: &Output) -> Result<Exit, Failed> {
    let settings: Vec<_> = resolved
        .settings
        .iter()
        .map(|it| json!({"name": it.name, "value": it.value, "origin": it.origin.to_string()}))
        .collect();
    out.document(&json!({"settings": settings, "warnings": resolved.warnings}));
    let width = resolved.settings.iter().map(|it| it.name.chars().count()).max().unwrap_or_default();
    for it in &resolved.settings {
        let origin = format!("({})", it.origin);
        // What somebody chose stands out from what nobody did.
        let value = match it.origin {
            Origin::Default => it.value.dimmed().to_string(),
            _ => it.value.bold().to_string(),
        };
        out.line(format_args!("{:width$}  {value}  {}", it.name, origin.dimmed()));
    }
    if !out.is_json() {
        for warning in &resolved.warnings {
            out.remark(format_args!("{} {warning}", "warning:".yellow().bold()));
        }
    }
    Ok(Exit::Done)
}
