//! What every format gives, in the shapes that the other programs write.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::clock;

fn bytes(text: &str) -> Source {
    Source::Bytes(Arc::new(text.as_bytes().to_vec()))
}

type Read = fn(&Source, input::Sink<'_>) -> Result<(), Problem>;

fn pieces(read: Read, text: &str) -> Result<Vec<Piece>, Problem> {
    let mut found = Vec::new();
    read(&bytes(text), &mut |it| {
        found.push(it);
        Ok(())
    })?;
    Ok(found)
}

/// Each piece on a line.
fn told(read: Read, text: &str) -> Vec<String> {
    let tell = |piece: Piece| match piece {
        Piece::Memory(it) => {
            let times = [("at", it.occurred_at), ("from", it.valid_from), ("to", it.valid_to)];
            let times: String =
                times.into_iter().filter_map(|(name, at)| Some(format!(" {name} {}", clock::format(at?)))).collect();
            format!("{} {:?} {:?}{times} <{}>", it.kind, it.content, it.tags, it.source.unwrap_or_default())
        }
        Piece::Session(it) => format!("session {} {:?}", it.id, it.title),
        Piece::Turn(it) => {
            let at = it.at.map(clock::format).unwrap_or_default();
            format!("{} {:?} {at} <{}>", it.role.name(), it.content, it.key)
        }
        Piece::Skipped { reason, at } => format!("skipped {reason} ({at})"),
    };
    pieces(read, text).unwrap().into_iter().map(tell).collect()
}

#[test]
fn server_memory() {
    let text = r#"{"type":"entity","name":"Ana","entityType":"person","observations":["drinks tea","lives in Porto"]}
{"type":"entity","name":"Acme","entityType":"company","observations":[]}
{"type":"relation","from":"Ana","to":"Acme","relationType":"works_at"}
{"type":"novelty"}
"#;
    assert_eq!(
        told(server_memory::read, text),
        [
            r#"fact "Ana: drinks tea" ["person"] <server-memory#Ana>"#,
            r#"fact "Ana: lives in Porto" ["person"] <server-memory#Ana>"#,
            r#"fact "Acme: company" ["company"] <server-memory#Acme>"#,
            r#"fact "Ana works at Acme" ["relation"] <server-memory#Ana>"#,
            "skipped a line of the unknown type novelty (standard input, line 4)",
        ]
    );
    // Broken lines are told and the others come in; a file without a whole one is refused.
    let broken = "{\"type\":\"entity\",\"name\":\"a\"}\n{\"type\":\"relation\",\"from\":\"a\"}\n{\"type\":\"ent";
    assert_eq!(
        told(server_memory::read, broken),
        [
            "fact \"a\" [] <server-memory#a>",
            "skipped a broken line (the field to is missing) (standard input, line 2)",
            "skipped a broken line (no whole JSON) (standard input, line 3)",
        ]
    );
    let wrong = pieces(server_memory::read, "{\"type\":\"relation\",\"from\":\"a\"}\n{\"type\":\"ent");
    assert_eq!(wrong.unwrap_err().to_string(), "standard input, line 1: the field to is missing");
}

#[test]
fn mcp_memory_service() {
    let text = r#"{"export_metadata": {"source_machine": "m", "total_memories": 2, "exporter_version": "5.0.1"},
        "memories": [
        {"content": "Ana drinks tea", "content_hash": "ab12", "tags": ["drinks", "ana"], "created_at": 1763632800.5,
         "updated_at": 1763632800.5, "memory_type": "decision", "metadata": {"importance": 0.8}, "store": "default"},
        {"content": "x", "content_hash": "cd", "tags": "a, untagged, b", "created_at": null, "memory_type": "odd", "metadata": {}, "store": "work"},
        {"content": " "}]}"#;
    assert_eq!(
        told(memory_service::read, text),
        [
            r#"decision "Ana drinks tea" ["drinks", "ana"] at 2025-11-20T10:00:00.5Z <mcp-memory-service#ab12>"#,
            r#"note "x" ["a", "b", "odd", "store:work"] <mcp-memory-service#cd>"#,
            "skipped a memory without content (standard input, memories[2])",
        ]
    );
}

#[test]
fn mem0_and_zep() {
    let text = r#"{"results": [{"id": "m1", "memory": "Dev works at TechCorp", "hash": "h", "user_id": "dev",
        "agent_id": "helper", "metadata": {"type": "professional", "tags": ["job"]}, "categories": ["work"],
        "created_at": "2026-11-20T01:00:00-07:00", "updated_at": null}], "relations": [{"source": "a"}, {"source": "dev",
        "relationship": "works_at", "target": "techcorp"}]}"#;
    assert_eq!(
        told(mem0::read, text),
        [
            r#"fact "Dev works at TechCorp" ["work", "job", "agent:helper", "type:professional"] at 2026-11-20T08:00:00Z <mem0#m1>"#,
            "skipped a relation without its ends (standard input, relations[0])",
            r#"fact "dev works at techcorp" ["relation"] <mem0#dev>"#,
        ]
    );
    // A relation belongs to the only user of its file; of two nobody knows which.
    let graph = r#""relations": [{"source": "a", "relationship": "likes", "destination": "b"}]"#;
    let owner = |results: &str| {
        let pieces = pieces(mem0::read, &format!("{{{graph}, \"results\": [{results}]}}")).unwrap();
        pieces.into_iter().find_map(|it| match it {
            Piece::Memory(item) if item.content == "a likes b" => Some(item.owner.user_id),
            _ => None,
        })
    };
    let of = |user: &str| format!("{{\"memory\": \"x\", \"user_id\": \"{user}\"}}");
    assert_eq!(owner(&of("ana")), Some(Some("ana".to_owned())));
    assert_eq!(owner(&format!("{}, {}", of("ana"), of("ben"))), None);
    assert_eq!(owner(r#"{"memory": "x"}"#), Some(None));
    let text = r#"{"edges": [{"uuid": "e1", "fact": "Kendra loves Adidas shoes", "name": "LOVES", "created_at": "2026-01-02T03:04:05Z",
        "valid_at": "2025-08-10T00:00:00Z", "invalid_at": "2026-01-02T00:00:00Z", "expired_at": null, "source_node_uuid": "n1",
        "target_node_uuid": "n2", "episodes": ["p1"]}],
      "nodes": [{"uuid": "n1", "name": "Kendra", "summary": "A runner", "labels": ["Person"]}],
      "episodes": [{"uuid": "p1", "content": "I love my Adidas", "source": "message", "role_type": "user", "role": "Kendra",
        "created_at": "2026-01-02T03:04:05Z", "thread_id": "t9"}, {"uuid": "p2", "content": "a report", "source": "text",
        "source_description": "mail", "created_at": "2026-01-03T00:00:00Z"}, {}]}"#;
    assert_eq!(
        told(zep::read, text),
        [
            r#"fact "Kendra loves Adidas shoes" ["LOVES"] at 2026-01-02T03:04:05Z from 2025-08-10T00:00:00Z to 2026-01-02T00:00:00Z <zep#e1>"#,
            r#"note "Kendra: A runner" ["Person"] <zep#n1>"#,
            "session zep-t9 None",
            r#"user "I love my Adidas" 2026-01-02T03:04:05Z <p1>"#,
            r#"note "a report" ["mail"] at 2026-01-03T00:00:00Z <zep#p2>"#,
            "skipped neither a fact, a summary nor an episode (standard input, episodes[2])",
        ]
    );
}

#[test]
fn notes_and_rules() {
    let text = "---\ntitle: Tea\ntype: note\npermalink: drinks/tea\ntags: [drinks]\n---\n\n# Tea\n\nGood all day.\n\n\
                ## Observations\n- [method] Pour slowly #brewing (learned in May)\n- [ ] buy more\n\n## Relations\n- part_of [[Drinks]]\n";
    assert_eq!(
        told(basic_memory::read, text),
        [
            r#"note "Tea: Good all day." ["drinks"] <standard input#Tea>"#,
            r#"pattern "Tea: Pour slowly #brewing (learned in May)" ["method", "brewing", "drinks"] <standard input#Observations>"#,
            r#"note "Tea > Observations: [ ] buy more" ["drinks"] <standard input#Observations>"#,
            r#"fact "Tea part of Drinks" ["relation", "drinks"] <standard input#Relations>"#,
        ]
    );
    let text = "---\ndescription: Rust files\nglobs: *.rs, src/**\nalwaysApply: false\n---\n# Style\n- no unwrap\n\nKeep it small.\n";
    assert_eq!(
        told(rules::read, text),
        [
            r#"preference "Rust files > Style: no unwrap" ["rules", "globs:*.rs", "globs:src/**"] <standard input#Style>"#,
            r#"note "Rust files > Style: Keep it small." ["rules", "globs:*.rs", "globs:src/**"] <standard input#Style>"#,
        ]
    );
    // What stands behind a comment is no part of it.
    let text =
        "<!-- owner: Ana --> Never push to main.\n\n<!-- begin\nold\n--> - Run the tests.\n<!-- a --> <!-- b -->\n";
    assert_eq!(
        told(rules::read, text),
        [
            r#"note "Never push to main." ["rules"] <standard input>"#,
            r#"preference "Run the tests." ["rules"] <standard input>"#,
        ]
    );
}

/// As ChatGPT exports it: a question that was edited, a tool in between, a hidden message, and a cycle that no real
/// file has.
const CHATGPT: &str = r#"[{"title": "Tea", "create_time": 1763632800.0, "update_time": 1763632900.0, "conversation_id": "c1", "id": "c1",
  "current_node": "n5", "mapping": {
  "root": {"id": "root", "message": null, "parent": null, "children": ["n0"]},
  "n0": {"id": "n0", "parent": "root", "children": ["n1", "n2"], "message": {"id": "m0", "author": {"role": "system"}, "create_time": null,
    "content": {"content_type": "text", "parts": [""]}, "metadata": {"is_visually_hidden_from_conversation": true}, "recipient": "all"}},
  "n1": {"id": "n1", "parent": "n0", "children": [], "message": {"id": "m1", "author": {"role": "user"}, "create_time": 1763632801.25,
    "content": {"content_type": "text", "parts": ["Which tee?"]}, "recipient": "all"}},
  "n2": {"id": "n2", "parent": "n0", "children": ["n3"], "message": {"id": "m2", "author": {"role": "user"}, "create_time": 1763632802.5,
    "content": {"content_type": "multimodal_text", "parts": ["Which tea?", {"content_type": "image_asset_pointer", "asset_pointer": "x"}]}, "recipient": "all"}},
  "n3": {"id": "n3", "parent": "n2", "children": ["n4"], "message": {"id": "m3", "author": {"role": "assistant"}, "create_time": 1763632803.0,
    "content": {"content_type": "code", "text": "search('tea')"}, "recipient": "web"}},
  "n4": {"id": "n4", "parent": "n3", "children": ["n5"], "message": {"id": "m4", "author": {"role": "tool", "name": "web"}, "create_time": 1763632804.0,
    "content": {"content_type": "text", "parts": ["result"]}, "recipient": "all"}},
  "n5": {"id": "n5", "parent": "n4", "children": [], "message": {"id": "m5", "author": {"role": "assistant"}, "create_time": null,
    "content": {"content_type": "text", "parts": ["Green tea."]}, "recipient": "all"}}}},
  {"title": "Cycle", "conversation_id": "c2", "current_node": "a", "mapping": {"a": {"id": "a", "parent": "b",
   "message": {"id": "x", "author": {"role": "user"}, "content": {"content_type": "text", "parts": ["hi"]}}},
   "b": {"id": "b", "parent": "a", "message": null}}},
  {"title": "odd"}]"#;

#[test]
fn chatgpt() {
    assert_eq!(
        told(chatgpt::read, CHATGPT),
        [
            "session chatgpt-c1 Some(\"Tea\")",
            "user \"Which tea?\\n[image]\" 2025-11-20T10:00:02.5Z <m2>",
            "assistant \"Green tea.\" 2025-11-20T10:00:04Z <m5>",
            "skipped another branch of a conversation, not the one that is shown (standard input, [0])",
            "session chatgpt-c2 Some(\"Cycle\")",
            "user \"hi\"  <x>",
            "skipped no conversation: it has no mapping (standard input, [2])",
        ]
    );
}

#[test]
fn claude_export() {
    let text = r#"[{"uuid": "u1", "name": "Tea", "created_at": "2026-11-20T10:00:00.123456Z", "account": {"uuid": "a"}, "chat_messages": [
      {"uuid": "m1", "text": "Which tea?", "content": [{"type": "text", "text": "Which tea?"}], "sender": "human",
       "created_at": "2026-11-20T10:00:01.000000Z", "attachments": [{"file_name": "list.txt", "extracted_content": "x"}], "files": []},
      {"uuid": "m2", "text": "", "content": [{"type": "thinking", "thinking": "hm"}, {"type": "tool_use", "name": "web"},
       {"type": "text", "text": "Green."}], "sender": "assistant", "created_at": "2026-11-20T10:00:02Z"},
      {"uuid": "m3", "text": "", "content": [], "sender": "human"}, {"sender": "nobody"}]}]"#;
    assert_eq!(
        told(claude_ai::read, text),
        [
            "session claude-u1 Some(\"Tea\")",
            "user \"Which tea?\\n[attached: list.txt]\" 2026-11-20T10:00:01Z <m1>",
            "assistant \"Green.\" 2026-11-20T10:00:02Z <m2>",
            "skipped a message without text (standard input, [0])",
            "skipped a message that neither a human nor the assistant sent (standard input, [0])",
        ]
    );
}

/// Exports in the shape of real ones: branches, edits, tools, attachments, empty messages, thoughts.
fn fixture(name: &str) -> String {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/conversations");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

#[test]
fn the_shown_branch_of_an_export_of_chatgpt_is_what_was_said() {
    insta::assert_debug_snapshot!(told(chatgpt::read, &fixture("chatgpt.json")));
}

#[test]
fn the_shown_branch_of_an_export_of_claude_is_what_was_said() {
    insta::assert_debug_snapshot!(told(claude_ai::read, &fixture("claude.json")));
}

#[test]
fn claude_code_and_codex() {
    let text = r#"{"type":"summary","summary":"Tea","leafUuid":"l"}
{"type":"file-history-snapshot","messageId":"x","snapshot":{}}
{"parentUuid":null,"isSidechain":false,"userType":"external","cwd":"/p","sessionId":"s1","version":"2.0.1","type":"user","message":{"role":"user","content":"fix the tea"},"uuid":"1","timestamp":"2026-11-20T10:00:00.000Z"}
{"parentUuid":"1","isSidechain":false,"sessionId":"s1","type":"assistant","message":{"id":"msg","role":"assistant","content":[{"type":"thinking","thinking":"hm"},{"type":"text","text":"I look."},{"type":"tool_use","id":"t","name":"Read","input":{}}]},"uuid":"2","timestamp":"2026-11-20T10:00:01.000Z"}
{"parentUuid":"2","isSidechain":false,"sessionId":"s1","type":"user","message":{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"data"}]},"uuid":"3","timestamp":"2026-11-20T10:00:02.000Z"}
{"parentUuid":"3","isSidechain":true,"sessionId":"s1","type":"user","message":{"role":"user","content":"sub"},"uuid":"4","timestamp":"2026-11-20T10:00:02.000Z"}
{"isMeta":true,"sessionId":"s1","type":"user","message":{"role":"user","content":"meta"},"uuid":"5"}
{"sessionId":"s1","type":"user","message":{"role":"user","content":"<command-name>/clear</command-name>"},"uuid":"6"}
nonsense
{"type":"user","message":{"content":"whose?"}}
{"sessionId":"s1","type":"user","message":{"role":"user","content":[{"type":"text","text":"<ide_opened_file>x.rs</ide_opened_file>"},{"type":"text","text":"<ide_selection>y</ide_selection>\nRename it."}]},"uuid":"7"}
{"sessionId":"s1","type":"user","message":{"role":"user","content":[{"type":"text","text":"<system-reminder>\nIt is Friday.\n</system-reminder>"},{"type":"text","text":"Never on Fridays."}]},"uuid":"8"}
{"sessionId":"s1","type":"user","message":{"role":"user","content":"<system-reminder>\nIt is Friday.\n</system-reminder>"},"uuid":"9"}
{"sessionId":"s1","type":"attachment","attachment":{"type":"queued_command","prompt":"Stop: keep the alias.","commandMode":"prompt","origin":{"kind":"human"}},"uuid":"10"}
{"sessionId":"s1","type":"attachment","attachment":{"type":"queued_command","prompt":[{"type":"text","text":"And the tests."}],"commandMode":"prompt"},"uuid":"11"}
{"sessionId":"s1","type":"attachment","attachment":{"type":"queued_command","prompt":"from a peer","commandMode":"prompt","origin":{"kind":"peer"}},"uuid":"12"}
{"sessionId":"s1","type":"attachment","attachment":{"type":"queued_command","prompt":"a task is done","commandMode":"task-notification"},"uuid":"13"}
{"sessionId":"s1","type":"assistant","message":{"role":"assistant","model":"<synthetic>","content":[{"type":"text","text":"No response requested."}]},"uuid":"14"}
"#;
    assert_eq!(
        told(claude_code::read, text),
        [
            "session claude-code-s1 Some(\"/p\")",
            "user \"fix the tea\" 2026-11-20T10:00:00Z <1>",
            "assistant \"I look.\" 2026-11-20T10:00:01Z <2>",
            "skipped a line that is no JSON (, line 9)",
            "skipped a message without a session or an id (, line 10)",
            "user \"Rename it.\"  <7>",
            "user \"Never on Fridays.\"  <8>",
            "user \"Stop: keep the alias.\"  <10>",
            "user \"And the tests.\"  <11>",
        ]
        .map(|it| it.replace("(, ", "(standard input, "))
    );
    let text = r#"{"timestamp":"2026-10-29T00:59:38.317Z","type":"session_meta","payload":{"id":"019a","timestamp":"2026-10-29T00:59:38.308Z","cwd":"/w","originator":"codex_exec","cli_version":"0.46.0","instructions":null,"source":"exec"}}
{"timestamp":"2026-10-29T00:59:38.317Z","type":"response_item","payload":{"type":"message","role":"user","content":[{"type":"input_text","text":"<environment_context>…</environment_context>"}]}}
{"timestamp":"2026-10-29T00:59:39.000Z","type":"response_item","payload":{"type":"message","role":"user","content":[{"type":"input_text","text":"what is 2+2?"}]}}
{"timestamp":"2026-10-29T00:59:39.000Z","type":"event_msg","payload":{"type":"user_message","message":"what is 2+2?","kind":"plain"}}
{"timestamp":"2026-10-29T00:59:40.000Z","type":"response_item","payload":{"type":"reasoning","summary":[]}}
{"timestamp":"2026-10-29T00:59:41.000Z","type":"response_item","payload":{"type":"message","role":"assistant","content":[{"type":"output_text","text":"4"}]}}
"#;
    let expected = [
        "session codex-019a Some(\"/w\")",
        "user \"what is 2+2?\" 2026-10-29T00:59:39Z <codex-019a#1>",
        "assistant \"4\" 2026-10-29T00:59:41Z <codex-019a#2>",
    ];
    assert_eq!(told(codex::read, text), expected);
    let bare = r#"{"id":"019b","timestamp":"2025-05-07T17:24:21.123Z","instructions":null,"git":{}}
{"record_type":"state"}
{"type":"message","role":"user","content":[{"type":"input_text","text":"hi"}]}
"#;
    assert_eq!(told(codex::read, bare)[1], "user \"hi\" 2025-05-07T17:24:21.123Z <codex-019b#1>");
}

#[test]
fn every_format_is_told_by_its_content() {
    let own = "{\"format\":\"carryall-export\",\"version\":1}\n";
    let table = [
        (own, Format::Carryall),
        ("# Kept by carryall\n\n<!-- carryall-export markdown 1 -->\n", Format::CarryallMarkdown),
        ("{\"type\":\"entity\",\"name\":\"a\",\"entityType\":\"b\",\"observations\":[]}\n", Format::ServerMemory),
        ("{\"export_metadata\": {}, \"memories\": []}", Format::McpMemoryService),
        ("{\"results\": [{\"id\": \"a\", \"memory\": \"b\"}]}", Format::Mem0),
        ("[{\"id\": \"a\", \"memory\": \"b\"}]", Format::Mem0),
        ("{\"facts\": [{\"uuid\": \"a\", \"fact\": \"b\"}]}", Format::Zep),
        ("---\ntitle: a\npermalink: a\n---\n- [fact] b\n", Format::BasicMemory),
        ("## User\nhi\n\n## Assistant\nhello\n", Format::MarkdownLog),
        (CHATGPT, Format::ChatGpt),
        ("[{\"uuid\": \"a\", \"chat_messages\": []}]", Format::Claude),
        ("{\"type\":\"user\",\"sessionId\":\"s\",\"uuid\":\"u\"}\n", Format::ClaudeCode),
        ("{\"timestamp\":\"t\",\"type\":\"session_meta\",\"payload\":{}}\n", Format::Codex),
        // Whatever line comes first, and behind lines that tell nothing.
        ("{}\n1\nno JSON\n{\"type\":\"relation\",\"relationType\":\"a\"}\n", Format::ServerMemory),
        ("{\"type\":\"summary\",\"leafUuid\":\"u\"}\n", Format::ClaudeCode),
        ("{\"type\":\"system\",\"parentUuid\":null}\n", Format::ClaudeCode),
        ("{\"type\":\"message\",\"role\":\"user\"}\n", Format::Codex),
        ("{\"id\":\"a\",\"timestamp\":\"t\",\"instructions\":null}\n", Format::Codex),
        ("[{\"content\": \"a\", \"content_hash\": \"b\"}]", Format::McpMemoryService),
        ("{\"episodes\": []}", Format::Zep),
        ("[{\"uuid\": \"a\", \"role_type\": \"user\", \"content\": \"b\"}]", Format::Zep),
        ("[{\"fact\": \"a\", \"valid_at\": \"b\"}]", Format::Zep),
        ("{\"memories\": []}", Format::Mem0),
        ("{\"results\": []}", Format::Mem0),
        // A document that names several: what only one has decides.
        ("[{\"mapping\": {}, \"create_time\": 1, \"memory\": 1}]", Format::ChatGpt),
        ("SQLite format 3\0", Format::McpMemoryService),
    ];
    for (text, format) in table {
        assert_eq!(detect::detect(&bytes(text)), Ok(format), "{text}");
        assert_eq!(detect::detect(&bytes(&format!("\u{feff}{text}"))), Ok(format), "with a byte order mark: {text}");
    }
    // Twenty lines are looked at.
    let late = |lines: usize| "{}\n".repeat(lines) + own;
    assert_eq!(detect::detect(&bytes(&late(19))), Ok(Format::Carryall));
    assert!(detect::detect(&bytes(&late(20))).is_err());
    for text in ["", "PK\u{3}\u{4}", "{}", "[]", "just words", "\0\0\0", "[{\"mapping\": {}}]", "[{\"fact\": \"a\"}]"] {
        let problem = detect::detect(&bytes(text)).unwrap_err();
        assert!(problem.reason.contains("--from names the format"), "{problem}");
    }
}

#[test]
fn a_folder_is_told_by_what_lies_in_it() {
    const LOG: &str = "## User\nhi\n\n## Assistant\nhello\n";
    const NOTE: &str = "---\ntitle: a\npermalink: a\n---\n- [fact] b\n";
    const OWN: &str = "# Kept by carryall\n\n<!-- carryall-export markdown 1 -->\n";
    let told = |files: &[(&str, &str)]| {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        detect::detect(&Source::Path(folder.path().to_owned())).map_err(|it| it.reason)
    };
    let rules = ("a/CLAUDE.md", "- use tabs\n");
    let session = ("p/s.jsonl", "{\"type\":\"user\",\"sessionId\":\"s\"}\n");
    let table: [(&[(&str, &str)], Format); 9] = [
        (&[("x/conversations-02.json", CHATGPT), session, ("a.md", LOG)], Format::ChatGpt),
        (&[("2026/rollout-1.jsonl", "{}\n"), session], Format::Codex),
        (&[session, (".cursor/rules/a.mdc", "- use tabs\n"), ("a.md", LOG)], Format::ClaudeCode),
        (&[(".cursor/rules/a.mdc", "- use tabs\n"), ("a.md", LOG)], Format::Rules),
        (&[("a.md", "# Words\n"), ("b.md", OWN), ("c.md", LOG)], Format::CarryallMarkdown),
        (&[("a.md", "# Words\n"), ("b.md", NOTE), ("c.md", LOG)], Format::BasicMemory),
        (&[("a.md", "# Words\n"), ("b.txt", LOG)], Format::MarkdownLog),
        (&[("README.md", "# Words\n"), rules], Format::Rules),
        (&[(".cursorrules", "- use tabs\n")], Format::Rules),
    ];
    for (files, format) in table {
        assert_eq!(told(files), Ok(format), "{files:?}");
    }
    // What is no UTF-8 is passed over, and of many texts the first twenty are looked at.
    let many = |count: usize| (0..count).map(|at| (format!("{at:02}.md"), "# Words\n")).collect::<Vec<_>>();
    for (count, is_told) in [(19, true), (20, false)] {
        let mut files = many(count);
        files.push(("99.md".to_owned(), LOG));
        let files: Vec<(&str, &str)> = files.iter().map(|it| (it.0.as_str(), it.1)).collect();
        assert_eq!(told(&files).is_ok(), is_told, "behind {count} others");
    }
    for files in
        [&[][..], &[("a.md", "# Words\n")], &[("conversation.json", CHATGPT)], &[(".git/conversations.json", CHATGPT)]]
    {
        assert!(told(files).unwrap_err().contains("no file in the folder is of a known format"), "{files:?}");
    }
    // A file by its name, where its content is that of any text.
    let folder = tempfile::tempdir().unwrap();
    for (name, text, expected) in [
        ("AGENTS.md", "Use tabs.\n", Some(Format::Rules)),
        ("notes.md", "# Words\n\n- use tabs\n", Some(Format::Rules)),
        ("notes.txt", "# Words\n\n- use tabs\n", None),
        ("gemini.md", LOG, Some(Format::Rules)),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        assert_eq!(detect::detect(&Source::Path(path)).ok(), expected, "{name}");
    }
}

const READERS: [Read; 11] = [
    server_memory::read,
    memory_service::read,
    mem0::read,
    zep::read,
    basic_memory::read,
    rules::read,
    chatgpt::read,
    claude_ai::read,
    claude_code::read,
    codex::read,
    log::read,
];

/// JSON of any shape, with the names that the formats know.
fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let name = prop::sample::select(vec![
        "type",
        "name",
        "observations",
        "memories",
        "results",
        "content",
        "memory",
        "mapping",
        "message",
        "author",
        "role",
        "parts",
        "id",
        "parent",
        "current_node",
        "chat_messages",
        "sender",
        "uuid",
        "sessionId",
        "payload",
        "edges",
        "fact",
        "create_time",
        "created_at",
        "metadata",
        "tags",
        "text",
        "conversation_id",
    ]);
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        prop::sample::select(vec!["user", "assistant", "entity", "text", "message", "", "a"]).prop_map(Into::into),
    ];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::btree_map(name.clone().prop_map(str::to_owned), inner, 0..5)
                .prop_map(|it| serde_json::Value::Object(it.into_iter().collect())),
        ]
    })
}

proptest! {
    /// Whatever a file holds, it is read or told, and what comes of it has words.
    #[test]
    fn no_input_breaks_a_reader(json in any_json(), text in "(\\PC|\n|- |# |```|---\n|\\[\\[|User: ){0,60}") {
        for read in READERS {
            for text in [json.to_string(), text.clone(), format!("[{json}]")] {
                for piece in pieces(read, &text).unwrap_or_default() {
                    match piece {
                        Piece::Memory(it) => prop_assert!(!it.content.trim().is_empty() && crate::memory::KINDS.contains(&it.kind.as_str())),
                        Piece::Turn(it) => prop_assert!(!it.content.trim().is_empty()),
                        Piece::Session(it) => prop_assert!(!it.id.is_empty()),
                        Piece::Skipped { reason, .. } => prop_assert!(!reason.is_empty()),
                    }
                }
            }
        }
        let _ = detect::detect(&bytes(&text));
    }
}

#[test]
fn a_broken_document_is_named_by_its_line() {
    let wrong = pieces(chatgpt::read, "[{\"title\": \"a\"},\n{\"title\": ").unwrap_err();
    assert_eq!(wrong.line, Some(2), "{wrong}");
    let deep = format!("[{}", "[".repeat(100_000));
    assert!(pieces(chatgpt::read, &deep).unwrap_err().reason.contains("recursion"), "a deep document is refused");
    assert!(pieces(mem0::read, "\"words\"").unwrap_err().reason.contains("expected"));
}
