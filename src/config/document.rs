//! Writes `docs/config.md` and `.env.example` out of the table of settings.

use super::Group;
use super::Setting;
use super::file::toml_form;
use super::settings;

/// The text of `docs/config.md`.
pub fn markdown() -> String {
    let (general, providers, project) = (table(Group::General), table(Group::Providers), project_table());
    format!(
        "<!-- Generated from src/config/settings.rs; do not edit. -->

# Configuration

Nothing has to be set. `carryall config show` prints every value that is in use and where it comes from.

## Which value counts

A flag wins over a variable, a variable over the user file, the user file over the default. An empty variable counts
as not set. Where several variables are listed, the first that is set counts. Lists are not merged: the highest one
counts as a whole. A wrong value stops the program with exit code 2 and a message that says where to correct it.

In paths, `~` is the home folder, and a relative one is seen from the folder in which the program was started. On or
off is `1`, `true`, `yes`, `on` or `0`, `false`, `no`, `off` in a variable, `true` or `false` in a file.

## Settings

{general}
## Files

**The user file** is TOML: `carryall/config.toml` in the platform's configuration folder (`~/.config` on Linux,
`~/Library/Application Support` on macOS, `%APPDATA%` on Windows), or the file named by `--config` or
`CARRYALL_CONFIG`. An unknown key is an error. Keys of providers do not belong in it.

```toml
{USER_FILE_EXAMPLE}```

**The env file** is read only when it is named by `--env-file`. It has lines of the form `NAME=value`; values may be in
single quotes (taken as they are) or double quotes (with `\\n`, `\\t`, `\\\"`, `\\\\`, `\\$`), and `$NAME` is not replaced.
Every variable above may stand in it. The real environment wins over it. `.env.example` lists them all.

**The project file** is `carryall.toml` in the folder in which the program was started. It may set only what follows;
anything else in it is ignored with a warning, because a workspace is not trusted: no file in it can change an address,
a key, a provider, a command or what may be read.

{project}
## Providers

`LLM_PROVIDER` (or `--provider`, or `provider` in the user file) is `openai`, `anthropic`, `azure`, `openrouter`,
`ollama`, `lmstudio`, `extractive`, or the name of a provider from the user file. Without it, the first provider with a
key is used, in this order; with none, an Ollama or LM Studio that
runs on this machine; with none of these, `extractive`, which answers with passages and needs no model. A provider that was found by its key spends at most 1 USD a day unless a budget is set.

Addresses mean what they mean to the vendors' own clients: for OpenAI, OpenRouter and LM Studio they end in `/v1` or
`/api/v1`, for Anthropic, Azure and Ollama they are the bare host. They hold no user name and no query.
`OLLAMA_HOST` is read as Ollama's own client reads it: `host`, `host:port` or an address, and `0.0.0.0` means this machine.

{providers}
Every `[providers.NAME]` in the user file adds a provider. `kind` is one of `openai`, `anthropic`, `azure`,
`openrouter`, `ollama`, `lmstudio` and says how it is spoken to; `base_url` defaults to the address of that kind;
`api_key_env` names the variable that holds the key and defaults to `NAME_API_KEY`; `model` is the one to ask;
`api_version` is for Azure; `api = \"responses\"` speaks OpenAI's Responses where the kind knows it. `stream = false` asks
for answers in one piece, `key_header` names another header for the key, `headers = {{ name = \"text\" }}` adds some that hold
no key, `allow_http = true` permits plain http to another machine. The built-in providers can be set in the same way, but
keep their kind. `docs/providers.md` has an example of each.

`[prices.\"provider/model\"]` says what a model costs, in USD per million tokens: `input`, `output`, and, where they
differ, `cache_read` and `cache_write`.

`[retention.NAME]` says which memories are deleted at what age: those of a `namespace` or a `kind` (or both) that are
`older_than_days`. `carryall consolidate` shows what a rule means; only `--apply-retention` deletes.

`[models.\"provider/model\"]` says what a model is and can do, for the choice by `prefer`: `quality` (1 to 5), `window`
and `output` (most tokens of input and of output), and whether it takes `images`, a `schema` for its answer, `tools`. What
is not said there is taken from the program's own table.

`[limits.NAME]` says how much a provider may be asked: `requests_per_minute`, `tokens_per_minute` (of input, as counted
before), `concurrency` (at once). More wait, or go to the next route when the wait would be too long.
"
    )
}

/// The text of `.env.example`: every variable, commented out.
pub fn env_example() -> String {
    let mut text = "# Generated from src/config/settings.rs; do not edit.\n\
        # Copy what you need into a file of your own, outside of any repository, and name it by --env-file.\n"
        .to_owned();
    for setting in settings() {
        for (position, variable) in setting.variables.iter().enumerate() {
            let also = match position {
                0 => format!("{} Default: {}.", setting.meaning, setting.default),
                _ => format!("Read when {} is not set.", setting.variables.get(position - 1).unwrap_or(&"")),
            };
            text.push_str(&format!("\n# {also}\n# {variable}={}\n", setting.example));
        }
    }
    text
}

/// What a user file can look like. A test reads it.
pub(super) const USER_FILE_EXAMPLE: &str = r#"roots = ["~/src", "~/notes"]
toolsets = ["context", "memory", "ask"]
provider = "work"

[budget]
daily_usd = 2.5
monthly_usd = 20

[ask]
cascade = ["anthropic", "ollama"]
timeout_s = 60
prefer = "cost"

[limits.work]
requests_per_minute = 60

[providers.work]
kind = "openai"
base_url = "https://models.example.com/v1"
api_key_env = "WORK_API_KEY"
model = "large"
headers = { x-team = "search" }

[prices."work/large"]
input = 1.25
output = 10
cache_read = 0.125

[retention.old-turns]
kind = "turn"
older_than_days = 365

[models."work/large"]
quality = 4
window = 128_000
"#;

fn table(group: Group) -> String {
    let mut text =
        "| setting | flag | variable | user file | default | meaning |\n|---|---|---|---|---|---|\n".to_owned();
    for setting in rows(group) {
        let variables = setting.variables.iter().map(|it| code(it)).collect::<Vec<_>>().join(", ");
        let key = setting.key.map(|it| code(&toml_form(it))).unwrap_or_default();
        let flag = setting.flag.map(code).unwrap_or_default();
        let (name, default, meaning) = (setting.name, setting.default, setting.meaning);
        text.push_str(&format!("| {name} | {flag} | {variables} | {key} | {default} | {meaning} |\n"));
    }
    text
}

fn project_table() -> String {
    let mut text = "| setting | key | default | meaning |\n|---|---|---|---|\n".to_owned();
    for Setting { name, key, default, meaning, .. } in rows(Group::Project) {
        text.push_str(&format!("| {name} | {} | {default} | {meaning} |\n", key.map(code).unwrap_or_default()));
    }
    text
}

fn rows(group: Group) -> impl Iterator<Item = &'static Setting> {
    settings().into_iter().filter(move |it| it.group == group)
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::path::PathBuf;

    use super::*;

    fn committed() -> [(PathBuf, String); 2] {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        [(root.join("docs/config.md"), markdown()), (root.join(".env.example"), env_example())]
    }

    #[test]
    fn committed_documents_are_current() {
        for (path, text) in committed() {
            let found = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
            assert!(found == text, "{} is stale: run `just docs` (cargo run -- generate-docs)", path.display());
        }
    }

    #[test]
    fn tables_have_six_columns() {
        for line in table(Group::General).lines().chain(table(Group::Providers).lines()) {
            assert_eq!(line.matches('|').count(), 7, "{line}");
        }
    }
}
