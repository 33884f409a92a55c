//! What packs show of files beside whole pieces, documents that are read by a process of their own, and feedback on files.

use std::io::Read as _;
use std::io::Write as _;

use serde_json::Value;
use serde_json::json;

use crate::harness::Home;
use crate::harness::modern;

fn write(home: &Home, path: &str, text: impl AsRef<[u8]>) -> anyhow::Result<()> {
    let path = home.workspace().join(path);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    Ok(std::fs::write(path, text)?)
}

/// A program in which one function calls another of a file that has no word of the question.
fn calling() -> anyhow::Result<Home> {
    let home = Home::new()?;
    write(
        &home,
        "src/fares.rs",
        "use crate::ledger::post_entry;\n\n/// Takes the fare of a passenger at the counter.\npub fn take_fare(amount: u32) {\n    \
         post_entry(amount);\n}\n",
    )?;
    let long: String = (0..20).map(|it| format!("    let step{it} = value + {it};\n")).collect();
    let body = format!(
        "/// Writes one line of the book.\npub fn post_entry(value: u32) {{\n{long}}}\n\npub fn unrelated(value: u32) {{\n{long}}}\n"
    );
    write(&home, "src/ledger.rs", body)?;
    for at in 0..30 {
        let text: String = (0..30).map(|it| format!("    passenger_counter_{at}_{it}();\n")).collect();
        write(&home, &format!("src/other{at}.rs"), format!("pub fn other{at}() {{\n{text}}}\n"))?;
    }
    Ok(home)
}

fn items(pack: &Value) -> Vec<&Value> {
    pack["items"].as_array().into_iter().flatten().collect()
}

#[test]
fn a_definition_that_a_piece_calls_comes_with_it_by_its_signature() -> anyhow::Result<()> {
    let mut server = calling()?.server()?;
    server.call("index_workspace", json!({}))?;
    let question = json!({"query": "take the fare of a passenger at the counter", "budget_tokens": 8000});
    let pack = server.call("assemble_context", question)?;
    let called: Vec<&Value> = items(&pack).into_iter().filter(|it| it["path"] == "src/ledger.rs").collect();
    let [called] = called.as_slice() else { anyhow::bail!("{pack}") };
    assert_eq!(called["rendition"], "signatures", "{called}");
    assert_eq!((called["start_line"].as_u64(), called["end_line"].as_u64()), (Some(1), Some(2)));
    assert!(called["why"].as_str().is_some_and(|it| it.contains("post_entry")), "{called}");
    let text = pack["text"].as_str().unwrap_or_default();
    assert!(text.contains("pub fn post_entry(value: u32)") && !text.contains("fn unrelated"), "{text}");
    let whole = items(&pack).into_iter().find(|it| it["path"] == "src/fares.rs").cloned().unwrap_or_default();
    assert!(whole["rendition"].is_null() && whole["path"].is_string(), "{whole}");
    // Nobody who calls it, nobody who sees it.
    let pack = server.call("assemble_context", json!({"query": "passenger_counter_3_7", "budget_tokens": 8000}))?;
    assert!(items(&pack).iter().all(|it| it["path"] != "src/ledger.rs" || it["rendition"].is_null()), "{pack}");
    Ok(())
}

#[test]
fn a_definition_outside_of_the_paths_or_in_another_language_does_not_come() -> anyhow::Result<()> {
    let home = Home::new()?;
    write(&home, "acme/bill.py", "def acme_total(order):\n    throws(order)\n    return apply_discount(order)\n")?;
    write(&home, "globex/rates.py", "def apply_discount(order):\n    return order * 0.63\n")?;
    write(&home, "globex/Some.cs", "class Some {\n    static int throws(string text) { return 1; }\n}\n")?;
    let mut server = home.server()?;
    server.call("index_workspace", json!({}))?;
    let mut paths = |arguments: Value| -> anyhow::Result<Vec<String>> {
        let pack = server.call("assemble_context", arguments)?;
        Ok(items(&pack).into_iter().filter_map(|it| it["path"].as_str()).map(str::to_owned).collect())
    };
    assert_eq!(paths(json!({"query": "acme_total", "paths": ["acme"]}))?, ["acme/bill.py"]);
    assert_eq!(paths(json!({"query": "acme_total"}))?, ["acme/bill.py", "globex/rates.py"]);
    Ok(())
}

#[test]
fn a_kept_pack_has_the_numbers_of_the_files_that_it_was_given_with() -> anyhow::Result<()> {
    let home = Home::new()?;
    write(&home, "fix.py", "CARDS = [\"4111 1111 1111 1111\"]\n\ndef refund_cards():\n    return CARDS\n")?;
    let mut server = home.server()?;
    let pack = server.call("assemble_context", json!({"query": "refund_cards"}))?;
    let text = pack["text"].as_str().unwrap_or_default();
    assert!(text.contains("4111 1111 1111 1111"), "{pack}");
    let uri = format!("carryall://pack/{}", pack["pack_id"].as_str().unwrap_or_default());
    let kept = server.request("resources/read", modern(json!({"uri": uri})))?;
    assert_eq!(kept["result"]["contents"][0]["text"], pack["text"], "{kept}");
    Ok(())
}

#[test]
fn a_pack_and_a_search_tell_what_no_file_has() -> anyhow::Result<()> {
    let mut server = calling()?.server()?;
    server.call("index_workspace", json!({}))?;
    // `ledger` stands in a path and in an import, `posts` in another form.
    let question = json!({"query": "where does a posted fare of the ledger get its `sourceMap` and its gherkin?"});
    for tool in ["assemble_context", "search_workspace"] {
        let answer = server.request("tools/call", modern(json!({"name": tool, "arguments": question.clone()})))?;
        let told = answer["result"]["content"][0]["text"].to_string();
        assert!(told.contains("No searched file has `sourceMap` or `gherkin` as a whole word."), "{tool}: {told}");
    }
    let pack = server.call("assemble_context", question)?;
    assert_eq!((&pack["absent"], &pack["degraded"]), (&json!(["sourceMap", "gherkin"]), &json!([])), "{pack}");
    let pack = server.call("assemble_context", json!({"query": "fix the fare of a passenger instead"}))?;
    assert!(pack["absent"].is_null(), "{pack}");
    // Within a longer name of what was found it is there.
    let pack = server.call("assemble_context", json!({"query": "where is `postEnt` of a fare?"}))?;
    assert!(pack["absent"].is_null(), "{pack}");
    // What is in no file of the folder that was asked about is told, whatever others have.
    let narrow = json!({"query": "passenger ledger", "paths": ["src/other1.rs"]});
    assert!(server.call("assemble_context", narrow)?["absent"].is_null());
    Ok(())
}

/// A document of office, with one paragraph.
fn docx(text: &str) -> anyhow::Result<Vec<u8>> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    archive.start_file("word/document.xml", zip::write::SimpleFileOptions::default())?;
    write!(archive, "<w:document><w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:body></w:document>")?;
    Ok(archive.finish()?.into_inner())
}

#[test]
fn documents_are_read_by_a_process_that_ends_with_the_run() -> anyhow::Result<()> {
    let home = Home::new()?;
    write(&home, "good.docx", docx("The quagga counter opens at noon.")?)?;
    write(&home, "broken.docx", b"PK\x03\x04 nothing else")?;
    write(&home, "bomb.docx", docx(&" ".repeat(200 << 20))?)?;
    write(&home, "broken.pdf", "%PDF-1.4 nothing else")?;
    write(&home, "zebra.docx", docx("The zebra counter opens at nine.")?)?;
    let mut server = home.server()?;
    let indexed = server.call("index_workspace", json!({}))?;
    let skipped = indexed["skipped"].to_string();
    for name in ["broken.docx", "broken.pdf", "bomb.docx"] {
        assert!(skipped.contains(name), "{indexed}");
    }
    assert_eq!(indexed["files_indexed"], 2, "{indexed}");
    for (word, path) in [("quagga", "good.docx"), ("zebra", "zebra.docx")] {
        let found = server.call("search_workspace", json!({"query": word}))?;
        assert_eq!(found["hits"][0]["path"], path, "{found}");
    }
    #[cfg(target_os = "linux")]
    {
        let children = format!("/proc/{0}/task/{0}/children", server.process_id());
        assert_eq!(std::fs::read_to_string(children)?, "", "a reader is left over");
    }
    Ok(())
}

/// What a reader of documents answers to these bytes before it ends.
fn reader(input: &[u8]) -> anyhow::Result<(bool, Vec<u8>)> {
    let home = Home::new()?;
    let mut child = home.carryall(&["read-document"]).spawn()?;
    let mut stdin = child.stdin.take().ok_or_else(|| anyhow::anyhow!("no input"))?;
    // It may end before it has read all.
    let _ = stdin.write_all(input);
    drop(stdin);
    let mut answer = Vec::new();
    child.stdout.take().ok_or_else(|| anyhow::anyhow!("no output"))?.read_to_end(&mut answer)?;
    Ok((child.wait()?.success(), answer))
}

fn message(code: u8, bytes: &[u8]) -> Vec<u8> {
    [&[code][..], &(bytes.len() as u64).to_le_bytes(), bytes].concat()
}

#[test]
fn a_reader_of_documents_goes_on_after_each_and_ends_with_its_input() -> anyhow::Result<()> {
    let good = docx("Noon.")?;
    let input =
        [message(255, b""), message(1, b"PK"), message(1, &good), message(0, b"%PDF-1.4"), message(1, &good)].concat();
    let (is_well, answer) = reader(&input)?;
    assert!(is_well);
    let text = |it: &[u8]| String::from_utf8_lossy(it).into_owned();
    let expected =
        [message(255, b""), message(1, b""), message(0, b"Noon.\n"), message(1, b""), message(0, b"Noon.\n")];
    assert_eq!(text(&answer), text(&expected.concat()));
    // Cut off, or longer than any document may be.
    assert_eq!(reader(&message(1, &good)[..40])?, (true, Vec::new()));
    assert!(!reader(&[&[1][..], &u64::MAX.to_le_bytes()].concat())?.0);
    Ok(())
}

#[cfg(target_os = "linux")]
#[expect(clippy::disallowed_methods, reason = "a shell stands for a server that is killed")]
#[test]
fn a_reader_that_is_stopped_ends_with_who_started_it() -> anyhow::Result<()> {
    let home = Home::new()?;
    let reader = home.carryall(&["read-document"]);
    let program = reader.get_program().to_string_lossy().into_owned();
    let mut parent = std::process::Command::new("sh");
    parent.args(["-c", "exec 3<&0; \"$0\" read-document <&3 & echo $!; wait", &program]);
    parent.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut parent = parent.spawn()?;
    let mut input = parent.stdin.take().ok_or_else(|| anyhow::anyhow!("no input"))?;
    let mut output = std::io::BufReader::new(parent.stdout.take().ok_or_else(|| anyhow::anyhow!("no output"))?);
    let mut id = String::new();
    std::io::BufRead::read_line(&mut output, &mut id)?;
    // Once it has answered it is a reader.
    input.write_all(&message(255, b""))?;
    let mut hello = [0; 9];
    output.read_exact(&mut hello)?;
    assert!(std::process::Command::new("kill").args(["-STOP", id.trim()]).status()?.success());
    parent.kill()?;
    parent.wait()?;
    // Its output is open as long as it lives; its input is still open here.
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || tell.send(output.read_to_end(&mut Vec::new()).is_ok()));
    assert_eq!(told.recv_timeout(std::time::Duration::from_secs(20)), Ok(true), "it is left over");
    drop(input);
    Ok(())
}

#[test]
fn a_file_that_helped_passes_one_that_matches_as_well() -> anyhow::Result<()> {
    let home = Home::new()?;
    // Of equal worth, so that their names decide which is the first.
    write(&home, "a.md", "# Fares\n\nFares are paid at the counter, it says in the one book.\n")?;
    write(&home, "b.md", "# Fares\n\nFares are paid at the counter, it says in the two book.\n")?;
    let mut server = home.server()?;
    server.call("index_workspace", json!({}))?;
    let question = json!({"query": "where are fares paid", "budget_tokens": 2000, "explain": true});
    let first = |pack: &Value| pack["items"][0]["path"].as_str().unwrap_or_default().to_owned();
    let before = server.call("assemble_context", question.clone())?;
    assert_eq!(first(&before), "a.md");
    let again = server.call("assemble_context", question.clone())?;
    assert_eq!(again["cached"], true);
    // What was kept is shown as well as what was made.
    let judged = json!({"trace_id": again["trace_id"], "rating": 1, "used": [before["items"][1]["uri"]]});
    assert_eq!(server.call("give_feedback", judged)?["recorded"], true);
    let after = server.call("assemble_context", question)?;
    assert_eq!((first(&after).as_str(), &after["cached"]), ("b.md", &json!(false)), "{after}");
    assert!(after["items"][0]["why"].as_str().is_some_and(|it| it.contains("helped before")), "{after}");
    let found = server.call("search_workspace", json!({"query": "where are fares paid"}))?;
    assert_eq!(found["hits"][0]["path"], "b.md", "{found}");
    Ok(())
}

#[test]
fn a_root_that_is_gone_is_told() -> anyhow::Result<()> {
    let home = Home::new()?;
    write(&home, "part/a.md", "# Fares\n\nFares are paid at the quagga counter.\n")?;
    let mut server = home.server()?;
    let root = home.workspace().join("part");
    server.call("index_workspace", json!({"paths": ["part"]}))?;
    server.finish()?;
    // One that does not index the folder around it: that would know that this one was deleted.
    let mut server = home.clone_with("CARRYALL_READ_ONLY", "1").server()?;
    let question = json!({"query": "where are fares paid"});
    let pack = server.call("assemble_context", question.clone())?;
    assert_eq!(pack["degraded"], json!([]), "{pack}");
    std::fs::rename(&root, home.folder().join("elsewhere"))?;
    let pack = server.call("assemble_context", question.clone())?;
    let told = pack["degraded"].to_string();
    assert!(told.contains("is not there any more") && told.contains("part"), "{pack}");
    assert!(pack["items"][0]["why"].as_str().is_some_and(|it| it.contains("changed since")), "{pack}");
    std::fs::rename(home.folder().join("elsewhere"), &root)?;
    assert_eq!(server.call("assemble_context", question.clone())?["degraded"], json!([]));
    // The folder that the server was started in.
    std::fs::rename(home.workspace(), home.folder().join("elsewhere"))?;
    let told = server.call("assemble_context", question)?["degraded"].to_string();
    assert!(told.contains("is not there any more") && told.contains("work"), "{told}");
    Ok(())
}
