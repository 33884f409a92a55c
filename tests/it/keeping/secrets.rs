//! Keys that stand in any argument of any tool are in no file afterwards: not in the database, its log, the index, what
//! the program logs, or an export.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Context as _;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::cli::run;
use crate::harness::Home;

/// Makes secrets of every kind, no two alike. Put together, so that no scanner takes this file for a leak.
#[derive(Default)]
struct Mint {
    made: Vec<(String, String)>,
}

const KINDS: usize = 15;

impl Mint {
    /// A text with a secret of the kind `kind` in it; `place` is where it is put, for whoever reads a failure.
    fn text(&mut self, kind: usize, place: &str) -> String {
        let hash = blake3::hash(format!("{kind} {place}").as_bytes());
        let letters = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
        let more = blake3::hash(hash.as_bytes());
        let bytes: Vec<u8> = hash.as_bytes().iter().chain(more.as_bytes()).copied().collect();
        let random = |length: usize| -> String {
            let body =
                bytes.iter().cycle().take(length - 4).map(|it| char::from(letters[usize::from(*it) % letters.len()]));
            // A digit and a capital, as most have.
            "q7Zx".chars().chain(body).collect()
        };
        let (text, secret) = match kind {
            0 => whole(["sk-", "proj-", &random(44)].concat()),
            1 => whole(["sk-", "ant-api03-", &random(40)].concat()),
            2 => whole(["sk-", "or-v1-", &hash.to_hex()].concat()),
            3 => named("AZURE_OPENAI_API_KEY=", random(32)),
            4 => whole(["AI", "za", &random(35)].concat()),
            5 => whole(["gs", "k_", &random(52)].concat()),
            6 => {
                let upper: String =
                    random(40).to_uppercase().chars().filter(char::is_ascii_alphanumeric).take(16).collect();
                whole(["AK", "IA", &upper].concat())
            }
            7 => named("aws_secret_access_key = ", random(40)),
            8 => whole(["gh", "p_", &random(36)].concat()),
            9 => whole(["github", "_pat_", &random(60)].concat()),
            10 => {
                let body = random(64);
                let text =
                    format!("-----BEGIN {} KEY-----\n{body}\n{body}\n-----END {} KEY-----", "PRIVATE", "PRIVATE");
                (text, body)
            }
            11 => whole(["ey", "Jhb", &random(20), ".ey", "Jzd", &random(24), ".", &random(43)].concat()),
            12 => {
                let password = random(14);
                (format!("postgres://ana:{password}@db.example.com/tea"), password)
            }
            13 => named("password=", random(12)),
            _ => whole(card(&bytes)),
        };
        self.made.push((format!("{place} ({kind}: {secret})"), secret));
        text
    }
}

fn whole(secret: String) -> (String, String) {
    (secret.clone(), secret)
}

fn named(name: &str, secret: String) -> (String, String) {
    (format!("{name}{secret}"), secret)
}

/// Sixteen digits with the right check digit.
fn card(bytes: &[u8]) -> String {
    let mut digits: Vec<u32> = std::iter::once(4).chain(bytes.iter().take(14).map(|it| u32::from(it % 10))).collect();
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| if at % 2 == 0 { digit * 2 / 10 + digit * 2 % 10 } else { *digit })
        .sum();
    digits.push((10 - sum % 10) % 10);
    digits.iter().map(u32::to_string).collect()
}

/// What a tool needs beside the argument that is tried.
fn base(tool: &str) -> Value {
    match tool {
        "remember" => json!({"content": "The tea is ready"}),
        "recall" | "search_workspace" | "assemble_context" => json!({"query": "tea"}),
        "forget" => json!({"ids": ["none"]}),
        "ask" => json!({"message": "Where is the tea?", "provider": "extractive"}),
        "read_context" => json!({"scope": "session", "owner": "s"}),
        "write_context" => json!({"scope": "session", "owner": "s", "key": "plan", "data": 1}),
        "query_insights" => json!({"question": "how many calls were there?"}),
        _ => json!({}),
    }
}

/// The values by which an argument of this schema carries `secret`.
fn planted(schema: &Value, secret: &str) -> Vec<Value> {
    let choices = schema["anyOf"].as_array().into_iter().flatten();
    let of_choices = choices.flat_map(|it| planted(it, secret));
    let own = match schema["type"].as_str() {
        Some("string") => vec![json!(secret)],
        Some("array") => planted(&schema["items"], secret).into_iter().map(|it| json!([it])).collect(),
        Some("object") if schema["properties"].is_object() => objects(schema, secret),
        // Anything may stand in it.
        Some("object") => vec![
            json!({"note": secret, "deep": [{"er": [secret]}]}),
            json!({secret: 1}),
            json!({"password": secret.rsplit('=').next()}),
        ],
        None if schema["anyOf"].is_null() => vec![json!(secret), json!({"note": [secret]})],
        _ => Vec::new(),
    };
    own.into_iter().chain(of_choices).collect()
}

/// Objects that carry it in one of their fields; the others have something plain.
fn objects(schema: &Value, secret: &str) -> Vec<Value> {
    let required: BTreeSet<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut plain = Map::new();
    for name in required {
        let field = &schema["properties"][name];
        let value = match field["type"].as_str() {
            Some("object") => json!({}),
            Some("array") => json!([]),
            Some("integer" | "number") => json!(1),
            Some("boolean") => json!(false),
            _ => field["enum"][0].as_str().map_or(json!("tea"), |it| json!(it)),
        };
        plain.insert(name.to_owned(), value);
    }
    let mut found = Vec::new();
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        for value in planted(field, secret) {
            let mut object = plain.clone();
            object.insert(name.clone(), value);
            found.push(Value::Object(object));
        }
    }
    found
}

/// Every argument of every tool carries every kind of secret once.
#[test]
fn a_secret_in_any_argument_of_any_tool_is_in_no_file() -> anyhow::Result<()> {
    let home = Home::new()?.with("RUST_LOG", "carryall=trace");
    let mut mint = Mint::default();
    let mut server = home.server()?;
    server.call("remember", json!({"content": "The tea is in the kitchen", "session_id": "s"}))?;
    let listed = server.request("tools/list", crate::harness::modern(json!({})))?;
    let tools = listed["result"]["tools"].as_array().context("a list of tools")?.clone();
    assert!(tools.len() >= 10);
    let mut places = 0;
    for tool in &tools {
        let name = tool["name"].as_str().context("a name")?;
        for (argument, schema) in tool["inputSchema"]["properties"].as_object().into_iter().flatten() {
            for kind in 0..KINDS {
                let secret = mint.text(kind, &format!("{name}.{argument}"));
                for value in planted(schema, &secret) {
                    places += 1;
                    let mut arguments = base(name);
                    if (name, argument.as_str()) == ("write_context", "patch") {
                        arguments = json!({"scope": "session", "owner": "s", "key": "plan"});
                    }
                    arguments[argument] = value;
                    if name == "remember" && argument == "items" {
                        arguments = json!({"items": arguments["items"]});
                    }
                    let asked = json!({"name": name, "arguments": arguments});
                    let answer = server.request("tools/call", crate::harness::modern(asked))?;
                    // A note belongs to a call that is there.
                    if let Some(trace) = answer["result"]["structuredContent"]["trace_id"].as_str()
                        && name == "recall"
                    {
                        let note = mint.text(kind, "the note of recall");
                        let given = json!({"trace_id": trace, "rating": 0.5, "note": note, "used": [note]});
                        server.call("give_feedback", given)?;
                    }
                }
            }
        }
    }
    assert!(places > 1_000, "{places}");
    let ended = server.finish()?;
    assert!(ended.status.success());
    assert_eq!(run(&home, &["consolidate"])?.code, Some(0));
    assert_eq!(run(&home, &["export", "all.jsonl"])?.code, Some(0));
    assert_eq!(run(&home, &["export", "all", "--format", "markdown"])?.code, Some(0));
    std::fs::write(home.workspace().join("log.txt"), ended.stderr)?;
    std::fs::write(home.workspace().join("audit.txt"), run(&home, &["--json", "audit", "--limit", "100000"])?.out)?;
    let found = found_in(home.folder(), &mint.made)?;
    assert!(found.is_empty(), "{} of {}: {found:#?}", found.len(), mint.made.len());
    Ok(())
}

/// Which of the secrets stand in a file below `folder`, whatever the case: the index keeps words in small letters.
fn found_in(folder: &Path, made: &[(String, String)]) -> anyhow::Result<BTreeSet<String>> {
    let needles = made.iter().map(|it| &it.1);
    let search = aho_corasick::AhoCorasick::builder().ascii_case_insensitive(true).build(needles)?;
    let mut found = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let file = path.file_name().map(|it| it.to_string_lossy().into_owned()).unwrap_or_default();
            for at in search.find_overlapping_iter(&std::fs::read(&path)?) {
                found.insert(format!("{} in {file}", made[at.pattern()].0));
            }
        }
    }
    Ok(found)
}

#[test]
fn what_was_left_out_is_told_names_are_refused_and_so_is_all_where_the_policy_says_so() -> anyhow::Result<()> {
    let key = ["gh", "p_", "16C7e42F292c6912E7710c838347Ae178B4a"].concat();
    let home = Home::new()?;
    let mut server = home.server()?;
    let plan = json!({"scope": "session", "owner": "s", "key": "plan", "data": {"use": key, "step": 1}});
    let written = server.call("write_context", plan.clone())?;
    assert_eq!(written["redacted"], json!(["GitHub token"]));
    assert_eq!(written["context"]["data"], json!({"use": "[redacted: GitHub token]", "step": 1}));
    let found = server.call("recall", json!({"query": "tea"}))?;
    let note = json!({"trace_id": found["trace_id"], "rating": 1, "note": format!("why {key}?")});
    assert_eq!(server.call("give_feedback", note.clone())?["redacted"], json!(["GitHub token"]));
    for (tool, arguments) in [
        ("remember", json!({"content": "tea", "user_id": key})),
        ("remember", json!({"items": [{"content": "coffee"}, {"content": "tea", "session_id": key}]})),
        ("write_context", json!({"scope": "user", "owner": key, "key": "plan", "data": 1})),
        ("index_workspace", json!({"paths": ["."], "exclude": [key]})),
    ] {
        let failed = server.fail(tool, arguments)?;
        let text = failed["text"].as_str().context("a sentence")?;
        assert!(failed["kind"] == "permission" && text.contains("GitHub token") && !text.contains(&key), "{failed}");
    }
    assert!(
        server.call("recall", json!({"query": "tea or coffee"}))?["memories"].as_array().is_some_and(Vec::is_empty),
        "something was stored"
    );
    server.finish()?;

    let settings = home.folder().join("user.toml");
    std::fs::write(&settings, "[memory]\nsecrets = \"refuse\"\n")?;
    let mut strict = home.clone_with("CARRYALL_CONFIG", settings.to_string_lossy()).server()?;
    for (tool, arguments) in [
        ("write_context", plan),
        ("give_feedback", note),
        ("remember", json!({"content": format!("the key is {key}")})),
    ] {
        let failed = strict.fail(tool, arguments)?;
        let text = failed["text"].as_str().context("a sentence")?;
        assert!(failed["kind"] == "permission" && text.contains("refused") && !text.contains(&key), "{failed}");
    }
    Ok(())
}
