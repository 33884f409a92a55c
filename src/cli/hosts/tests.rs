//! The editors against real files, attacks and generated files.

use std::fs;

use proptest::prelude::*;

use super::*;

/// The files of `fixtures/hosts`, with the host that each is for.
const FIXTURES: [(Host, &str); 13] = [
    (Host::ClaudeDesktop, "claude-desktop.json"),
    (Host::ClaudeDesktop, "claude-desktop-empty-object.json"),
    (Host::ClaudeCode, "claude-code.json"),
    (Host::Cursor, "cursor-minified.json"),
    (Host::VsCode, "vscode-crlf-tabs.json"),
    (Host::Zed, "zed-comments.json"),
    (Host::Zed, "zed-without-servers.json"),
    (Host::Codex, "codex.toml"),
    (Host::Goose, "goose.yaml"),
    (Host::Goose, "goose-indented-lists.yaml"),
    (Host::Windsurf, "windsurf.json"),
    (Host::Codex, "codex-with-entry.toml"),
    (Host::Goose, "goose-with-entry.yaml"),
];

fn fixture(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/hosts").join(name)).unwrap()
}

fn entry(host: Host) -> Entry {
    let anywhere = Path::new(if cfg!(windows) { "C:/carryall" } else { "/carryall" });
    Entry { command: "/opt/carryall/bin/carryall".to_string(), ..Entry::for_host(host, anywhere).unwrap() }
}

fn rich_entry() -> Entry {
    Entry {
        command: "C:\\Program Files\\carry \"all\".exe".to_string(),
        args: ["serve", "--db", "/tmp/a b: #c", "yes", "007", "", "ü, {x}"].map(str::to_string).to_vec(),
        env: [("CARRYALL_DB", "/x y"), ("RUST_LOG", "a=b,c: d # e")]
            .map(|(key, value)| (key.to_string(), value.to_string()))
            .into(),
    }
}

/// Adds, adds again, updates, goes back and removes; returns the text with the entry.
fn check_round_trip(host: Host, original: &str) -> String {
    let entry = entry(host);
    assert_eq!(find(host, original), Ok(None), "{original}");
    let added = add(host, Some(original), &entry).unwrap_or_else(|err| panic!("{err}\n{original}"));
    assert_eq!(find(host, &added), Ok(Some(entry.clone())), "{added}");
    assert_eq!(add(host, Some(&added), &entry).unwrap(), added, "twice is once");
    assert_eq!(remove(host, &added).unwrap(), original, "via\n{added}");

    let rich = rich_entry();
    let updated = add(host, Some(&added), &rich).unwrap();
    assert_eq!(find(host, &updated), Ok(Some(rich.clone())), "{updated}");
    assert_eq!(add(host, Some(&updated), &rich).unwrap(), updated, "twice is once");
    let at_once = add(host, Some(original), &rich).unwrap();
    assert_eq!(find(host, &at_once), Ok(Some(rich)), "{at_once}");
    assert_eq!(remove(host, &at_once).unwrap(), original, "via\n{at_once}");
    // Nothing that was there is gone or moved: the original is left when the right characters are taken out.
    let mut kept = updated.chars();
    assert!(original.chars().all(|it| kept.any(|other| other == it)), "lost part of\n{original}\nin\n{updated}");
    assert_eq!(find(host, &remove(host, &updated).unwrap()), Ok(None));
    added
}

#[test]
fn adds_to_real_files_and_takes_out_again_to_the_byte() {
    for (host, name) in FIXTURES {
        let text = fixture(name);
        if find(host, &text).unwrap().is_none() {
            insta::assert_snapshot!(name, check_round_trip(host, &text));
            let bare = text.trim_end_matches(['\r', '\n']);
            check_round_trip(host, bare);
            check_round_trip(host, &format!("\u{feff}{text}"));
            check_round_trip(host, &text.replace("\r\n", "\n").replace('\n', "\r\n"));
        }
    }
}

#[test]
fn brings_an_old_entry_up_to_date_and_keeps_what_a_person_added() {
    for (host, name) in FIXTURES {
        let text = fixture(name);
        if find(host, &text).unwrap().is_some() {
            let updated = add(host, Some(&text), &entry(host)).unwrap();
            insta::assert_snapshot!(format!("{name}-updated"), updated);
            insta::assert_snapshot!(format!("{name}-removed"), remove(host, &updated).unwrap());
            let rich = add(host, Some(&text), &rich_entry()).unwrap();
            insta::assert_snapshot!(format!("{name}-updated-with-variables"), rich);
        }
    }
}

#[test]
fn turns_an_entry_of_another_kind_into_ours() {
    for (host, before, after) in [
        (
            Host::Cursor,
            r#"{"mcpServers": {"carryall": {"type": "http", "url": "https://example.com", "headers": {}}}}"#,
            r#"{"mcpServers": {"carryall": {"type": "stdio", "command": "/opt/carryall/bin/carryall", "args": ["serve"]}}}"#,
        ),
        (
            Host::Zed,
            r#"{"context_servers": {"carryall": {"command": {"path": "x", "args": []}, "settings": {}}}}"#,
            r#"{"context_servers": {"carryall": {"command": "/opt/carryall/bin/carryall", "settings": {}, "args": ["serve"]}}}"#,
        ),
        (
            Host::Cursor,
            r#"{"mcpServers": {"carryall": null}}"#,
            r#"{"mcpServers": {"carryall": { "command": "/opt/carryall/bin/carryall", "args": ["serve"] }}}"#,
        ),
        (
            Host::Codex,
            "[mcp_servers.carryall]\nurl = \"https://example.com\"",
            "[mcp_servers.carryall]\nargs = [\"serve\"]\ncommand = \"/opt/carryall/bin/carryall\"\n",
        ),
        (
            Host::Codex,
            "[mcp_servers]\ncarryall = { command = 'x', url = 'y', enabled = false } # off\nb = { command = 'c' }\n",
            "[mcp_servers]\ncarryall = { command = \"/opt/carryall/bin/carryall\", enabled = false , args = [\"serve\"] } # off\nb = { command = 'c' }\n",
        ),
        (
            Host::Goose,
            "extensions:\n  carryall:\n    type: sse\n    enabled: false\n",
            "extensions:\n  carryall:\n    type: stdio\n    enabled: false\n    name: carryall\n    cmd: /opt/carryall/bin/carryall\n    args:\n    - serve\n    envs: {}\n    timeout: 300\n",
        ),
    ] {
        assert_eq!(add(host, Some(before), &entry(host)).unwrap(), after);
    }
}

#[test]
fn writes_a_new_file_for_every_host() {
    let all = Host::ALL.map(|it| format!("== {}\n{}", it.name(), add(it, None, &entry(it)).unwrap()));
    insta::assert_snapshot!("new-files", all.concat());
    for host in Host::ALL {
        let text = add(host, None, &entry(host)).unwrap();
        assert_eq!(text, host.snippet(&entry(host)));
        assert_eq!(remove(host, &text).unwrap(), "");
        for blank in ["", "\n", "\r\n\r\n", "  ", " \n\t\n", "\u{feff}"] {
            if !(blank.contains('\t') && matches!(host, Host::Goose)) {
                check_round_trip(host, blank);
            }
        }
    }
}

#[test]
fn knows_the_places_on_every_platform() {
    let mut all = String::new();
    for (os, home) in [(Os::Linux, "/home/ann"), (Os::MacOs, "/Users/ann"), (Os::Windows, "C:/Users/ann")] {
        let folders = Folders::usual(os, Path::new(home));
        for host in Host::ALL {
            let path = config_path(host, &folders, None).unwrap();
            all.push_str(&format!("{os:?} {} {}\n", host.name(), path.display()));
        }
    }
    for host in Host::ALL {
        let folders = Folders::usual(Os::Linux, Path::new("/home/ann"));
        let line = match config_path(host, &folders, Some(Path::new("/srv/app"))) {
            Ok(path) => path.display().to_string(),
            Err(err) => format!("{err}; {}", err.next_step()),
        };
        all.push_str(&format!("project {} {line}\n", host.name()));
    }
    insta::assert_snapshot!("places", all.replace('\\', "/"));
}

#[test]
fn keeps_the_shape_of_small_json_files() {
    for text in [
        "{}",
        "{}\n",
        "{ }",
        "{\n}",
        "{\n\n}\n",
        "{\n  // nothing\n}",
        "{ /* nothing */ }",
        "  {}  ",
        "// only this",
        "// only this\n",
        "// a\n{}\n// b",
        "/* a */ {}",
        "{\"a\":1}",
        "{ \"a\": 1, }",
        "{\"a\": 1\n}",
        "{\n\"a\": 1}",
        "{\n  \"a\": 1 // x\n}",
        "{\n  \"a\": 1, // x\n}",
        "{\n  \"a\": 1 /* x */ , /* y */ // z\n  // w\n}",
        "{\n  \"a\": 1\n  , }",
        "{\"mcpServers\": {}}",
        "{\"mcpServers\": { }}",
        "{\"mcpServers\":{\n}}",
        "{\n  \"mcpServers\": {}\n}",
        "{\n  \"mcpServers\": {\n  }\n}",
        "{\n  \"mcpServers\": {\n    // none\n  }\n}",
        "{\n  \"mcpServers\": { /* none */ }\n}",
        "{\n  \"mcpServers\": {},\n}",
        "{\"mcpServers\": {\"a\": {}}}",
        "{\"mcpServers\": {\"a\": {},}}",
        "{\"mcpServers\": {\n\"a\": {}\n}}",
        "{\n\t\"mcpServers\": {\n\t\t\"a\": {}\n\t}\n}",
        "{\n  \"mcpServers\": {\n    \"a\": {} // x\n    // y\n  }\n}",
        "{\n  \"mcpServers\": {\"a\": {}, \"b\": {}},\n  \"c\": 1\n}",
        "{\n  \"mcpServers\"  :  {   }  \n}   ",
        "{\n    \"a\": {\n        \"b\": 1   \n    }   \n}",
        "\n\n  {\n  }\n\n",
        "  {\n    \"a\": 1\n  }",
        "{\n  \"a\": \"}{ // \\\" /*\"\n}",
        "{\"a\": 1} // end",
        "{\n  \"a\": /* in */ 1 /* x\n y */\n}",
    ] {
        check_round_trip(Host::Cursor, text);
        check_round_trip(Host::Cursor, &text.replace('\n', "\r\n"));
    }
}

#[test]
fn keeps_the_shape_of_small_toml_and_yaml_files() {
    for text in [
        "a = 1",
        "a = 1\n",
        "a = 1\n\n",
        "# only",
        "# only\n",
        "[t]\na = 1\n# end",
        "[mcp_servers]\n",
        "[mcp_servers]",
        "mcp_servers.x.command = \"y\"\n",
        "[mcp_servers.a]\ncommand = \"b\"\n\n\n",
        "[[t]]\na=1\n[[t]]\n",
        "s = '''\n[mcp_servers.carryall]\n'''\n",
        "[mcp_servers]\nx = { command = \"y\" }\n",
    ] {
        check_round_trip(Host::Codex, text);
        check_round_trip(Host::Codex, &text.replace('\n', "\r\n"));
    }
    for text in [
        "a: 1",
        "a: 1\n",
        "# only",
        "# only\n",
        "---\na: 1\n",
        "extensions:",
        "extensions:\n",
        "extensions: # none\n",
        "extensions: {}",
        "extensions: {}\n",
        "extensions: {} # none\nb: 2\n",
        "extensions: {\"a\": {\"type\": \"builtin\"}}\n",
        "extensions:\n  a:\n    type: builtin",
        "extensions:\n  a:\n    type: builtin\n\n# end\nb: 2\n",
        "extensions:\n  a:\n    t: |\n      x\n\n      carryall:\n\n\nb: 2\n",
        "extensions:\n  a:\n    t: |+\n      x\n\n\n",
        "extensions:\n a:\n  b: 'x\n\n    carryall: y'\n",
        "l:\n- extensions: 1\n- |\n  extensions:\n    carryall: 1\n- a: >-\n    x\n  b: 1\n",
        "a: {b: 1,\n  extensions: 2,\n c: [\n 1]}\nd: it's\ne: 'it''s'\nf: \"\\\"\"\n",
        "a: b#c # 'd\n'extensions': \n  x: {y: z}\n",
        "'a: b': 1\n\"extensions\":\n    x:\n        y: &z 1\n        w: *z\n",
    ] {
        check_round_trip(Host::Goose, text);
        check_round_trip(Host::Goose, &text.replace('\n', "\r\n"));
    }
}

#[test]
fn refuses_what_is_invalid_or_unclear_and_says_where() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let deep_toml = format!("a = {deep}");
    let deep_object = format!("{}1{}", "{\"a\":".repeat(2_000), "}".repeat(2_000));
    let cases = [
        (Host::Cursor, "null"),
        (Host::Cursor, "[]"),
        (Host::Cursor, "\"mcpServers\""),
        (Host::Cursor, "{"),
        (Host::Cursor, "{\n  \"a\": 1\n  \"b\": 2\n}"),
        (Host::Cursor, "{\"a\": 1} {}"),
        (Host::Cursor, "{a: 1}"),
        (Host::Cursor, "{'a': 1}"),
        (Host::Cursor, "{\n  \"mcpServers\": []\n}"),
        (Host::Cursor, "{\n  \"mcpServers\": null\n}"),
        (Host::Cursor, "{\"mcpServers\": {},\n \"mcpServers\": {}}"),
        (Host::Cursor, "{\"mcpServers\": {\"carryall\": {},\n\"carryall\": {}}}"),
        (Host::Cursor, "{\"mcpServers\": {\"carryall\": {\"command\": \"a\",\n\"command\": \"b\"}}}"),
        (Host::Cursor, "{\"a\": /* }"),
        (Host::Cursor, "{\"ü\": \"\\x\"}"),
        (Host::Cursor, deep.as_str()),
        (Host::Cursor, deep_object.as_str()),
        (Host::Codex, "a = \n"),
        (Host::Codex, "a = 1\na = 2\n"),
        (Host::Codex, "mcp_servers = 1\n"),
        (Host::Codex, "mcp_servers = { x = { command = \"y\" } }\n"),
        (Host::Codex, "mcp_servers = { carryall = { command = \"y\" } }\nb = \n"),
        (Host::Codex, "[[mcp_servers]]\na = 1\n"),
        (Host::Codex, "[[mcp_servers.carryall]]\ncommand = \"y\"\n"),
        (Host::Codex, deep_toml.as_str()),
        (Host::Codex, "[mcp_servers]\ncarryall.command = \"y\"\n"),
        (Host::Goose, "extensions: {a: b}\n"),
        (Host::Goose, "extensions: &all\n  a: 1\n"),
        (Host::Goose, "extensions: *all\n"),
        (Host::Goose, "extensions: |\n  carryall:\n"),
        (Host::Goose, "extensions:\n- a\n"),
        (Host::Goose, "extensions:\n  - a\n"),
        (Host::Goose, "extensions:\n  a: 1\nextensions:\n  b: 1\n"),
        (Host::Goose, "extensions:\n  carryall: *other\n"),
        (Host::Goose, "extensions:\n  carryall: {cmd: x}\n"),
        (Host::Goose, "extensions:\n  carryall:\n    cmd: x\n  carryall:\n    cmd: y\n"),
        (Host::Goose, "extensions:\n\ta: 1\n"),
        (Host::Goose, "extensions:\n    a: 1\n  b: 1\n"),
        (Host::Goose, "a: 1\n---\nb: 2\n"),
        (Host::Goose, "- a\n- b\n"),
        (Host::Goose, "hello\n"),
        (Host::Goose, "{extensions: {}}\n"),
        (Host::Goose, "  a: 1\n"),
        (Host::Goose, "a: \"not closed\nb: 1\n"),
        (Host::Goose, "a: [1,\nextensions:\n  b: 1\n"),
    ];
    let mut all = String::new();
    for (host, text) in cases {
        let err =
            add(host, Some(text), &entry(host)).map_or_else(|it| it, |it| panic!("{text:.80}\nbecame\n{it:.200}"));
        all.push_str(&format!("{} {:?}\n    {err}\n", host.name(), text.chars().take(60).collect::<String>()));
    }
    insta::assert_snapshot!("refusals", all);
}

#[test]
fn edits_a_file_of_ten_megabytes() {
    let filler = (0..40_000).map(|it| format!("    \"s{it}\": {{\"command\": \"{}\"}}", "x".repeat(230)));
    let text = format!("{{\n  \"mcpServers\": {{\n{}\n  }}\n}}\n", filler.collect::<Vec<_>>().join(",\n"));
    assert!(text.len() > 10_000_000);
    let added = add(Host::Cursor, Some(&text), &entry(Host::Cursor)).unwrap();
    assert_eq!(remove(Host::Cursor, &added).unwrap(), text);
}

/// A JSON value written with white space, comments and trailing commas wherever they may stand.
fn json_value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("1".to_string()),
        Just("null".to_string()),
        Just("\"} // ü /* \\\" ,\"".to_string()),
        Just("[1, /* , */ 2]".to_string()),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| prop_oneof![json_object(inner, false), Just("{}".to_string())])
}

fn gap() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => Just(""), 3 => Just(" "), 3 => Just("\n"), 2 => Just("\n  "), 1 => Just("\t"), 1 => Just(" // c ,}\n"),
        1 => Just("/* { */"), 1 => Just(" /* a\n b */ "),
    ];
    prop::collection::vec(piece, 0..3).prop_map(|it| it.concat())
}

/// An object; at the root, `mcpServers` is an object and may be there.
fn json_object(inner: impl Strategy<Value = String> + Clone + 'static, root: bool) -> BoxedStrategy<String> {
    let member = (gap(), gap(), inner, gap());
    (prop::collection::vec(member, 0..4), any::<bool>(), gap(), any::<prop::sample::Index>(), any::<bool>())
        .prop_map(move |(members, trailing, last, servers, has_servers)| {
            let count = members.len();
            let mut out = "{".to_string();
            for (at, (before, middle, value, after)) in members.into_iter().enumerate() {
                let is_servers = root && has_servers && servers.index(count) == at && value.starts_with('{');
                let key = if is_servers { "mcpServers".to_string() } else { format!("k{at}") };
                let comma = if at + 1 < count || trailing { "," } else { "" };
                out.push_str(&format!("{before}\"{key}\":{middle}{value}{after}{comma}"));
            }
            out + &last + "}"
        })
        .boxed()
}

/// Lines of TOML that may follow each other in any order, as long as each comes once.
const TOML_PARTS: [&str; 10] = [
    "[t1] # x\na = 1",
    "# comment",
    "",
    "[mcp_servers.x]\ncommand = 'y'\n\n  [mcp_servers.x.env]\n  A = \"b\"",
    "   ",
    "[\"quoted [mcp_servers.carryall]\"]",
    "[t2]\ns = \"\"\"\n[mcp_servers.carryall]\ncommand=1\n\"\"\"",
    "[[list]]\nv = [\n 1, # c\n]",
    "[mcp_servers.\"y z\"]\nargs = []\ncommand = \"q\"",
    "[t3]\n\"ü\" = 'ü'",
];

const YAML_PARTS: [&str; 11] = [
    "a: 1 # x",
    "# comment",
    "",
    "b: |\n  extensions:\n    carryall: 1\n\n   more",
    "c:\n- x\n- y: z\n  w: |-\n    # no\n  v: 1",
    "d: {e: [1, 2],\n  f: \"}\"}",
    "extensions:\n  one:\n    cmd: x # y\n    args: [a, b]\n\n  # between\n  two: {cmd: z}\n",
    "\"g\": 'h: i'",
    "j:\n   k:\n      - l",
    "m: \"n\n  extensions: o\n  \"",
    "   # indented comment",
];

fn lines_of(parts: &'static [&'static str]) -> impl Strategy<Value = String> {
    (Just(parts.to_vec()).prop_shuffle(), 0..parts.len(), any::<bool>(), any::<bool>()).prop_map(
        |(parts, count, last_newline, windows)| {
            let text = parts[..count].join("\n") + if last_newline { "\n" } else { "" };
            if windows { text.replace('\n', "\r\n") } else { text }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_json_comes_back(
        before in gap(), root in json_object(json_value().boxed(), true), after in gap(), windows: bool, mark: bool
    ) {
        let text = format!("{}{before}{root}{after}", if mark { "\u{feff}" } else { "" });
        check_round_trip(Host::Cursor, &if windows { text.replace('\n', "\r\n") } else { text });
    }

    #[test]
    fn any_toml_comes_back(text in lines_of(&TOML_PARTS)) {
        check_round_trip(Host::Codex, &text);
    }

    #[test]
    fn any_yaml_comes_back(text in lines_of(&YAML_PARTS)) {
        check_round_trip(Host::Goose, &text);
    }

    #[test]
    fn no_text_makes_an_editor_panic(text in "[-{}\\[\\]\":,#|>'&* \t\r\n=a-cü/\\\\.]{0,60}", cut in 0_usize..400) {
        for (host, name) in FIXTURES {
            let mut mangled = fixture(name);
            let at = (0..=cut.min(mangled.len())).rev().find(|&it| mangled.is_char_boundary(it)).unwrap();
            mangled.insert_str(at, &text);
            for text in [&text, &mangled] {
                // Only that it returns; when it does change a text, the change holds.
                if let Ok(added) = add(host, Some(text), &entry(host)) {
                    prop_assert_eq!(find(host, &added), Ok(Some(Entry { env: find(host, &added).unwrap().unwrap().env, ..entry(host) })));
                }
                let _ = remove(host, text);
            }
        }
    }
}
