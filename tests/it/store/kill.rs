//! A server that is killed at any moment has kept what it acknowledged.

use std::collections::HashMap;

use serde_json::json;

use super::server::Server;
use super::server::check_sound;
use super::server::command;
use super::server::outside;

/// Kills; each at another moment of a write.
const ROUNDS: usize = 12;

#[test]
fn what_was_acknowledged_survives_a_kill_at_any_moment() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let db = folder.path().join("killed.db");
    let mut kept: Vec<(String, String)> = Vec::new();
    let mut chance = 0x2545_f491_4f6c_dd1d_u64;
    let mut number = 0;
    for round in 0..ROUNDS {
        let mut server = Server::start(&db)?;
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        let until = usize::try_from(chance % 60)?;
        // Everything is on its way before the first answer is read, so the kill finds the writer at work.
        let mut sent = HashMap::new();
        for at in 0..120 {
            number += 1;
            let content = format!("round{round} wrote zq{number}x and more");
            // Some calls store several at once: they must be there whole.
            let call = match at % 3 {
                0 => json!({"items": [{"content": content}, {"content": format!("{content}, twice")}]}),
                _ => json!({"content": content}),
            };
            sent.insert(server.send_call("remember", call)?, content);
        }
        let mut answers = Vec::new();
        while answers.len() < until {
            answers.extend(server.next_answer()?);
        }
        answers.extend(server.kill()?);
        for (id, result) in answers {
            for (at, memory) in result["structuredContent"]["memories"].as_array().into_iter().flatten().enumerate() {
                let id_of_memory = memory["id"].as_str().unwrap().to_owned();
                let content = if at == 0 { sent[&id].clone() } else { format!("{}, twice", sent[&id]) };
                kept.push((id_of_memory, content));
            }
        }
        check_sound(&db)?;
    }
    assert!(kept.len() > ROUNDS, "only {} writes were acknowledged", kept.len());
    let mut server = Server::start(&db)?;
    for (id, content) in kept {
        let resource = server.send("resources/read", json!({"uri": format!("carryall://memory/{id}")}))?;
        let (answered, found) = server.next_answer()?.unwrap();
        assert_eq!(answered, resource);
        assert!(found.to_string().contains(&content), "{id} has gone: {found}");
        let word = content.split(' ').nth(2).unwrap();
        assert!(server.recall(word)?.contains(&content), "{word} is not found");
    }
    server.end()
}

/// Files of a folder that is indexed: a run over them is longer than a few calls take.
const FILES: usize = 600;

#[test]
fn an_index_whose_run_is_killed_is_never_left_half_written() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let db = folder.path().join("killed.db");
    // Some kilobytes a file, so that a run writes them in several parts.
    let lines = "fn draws_stripes(of: u8) -> u8 {\n    of + 1\n}\n\n".repeat(60);
    let mut left = Vec::new();
    for notes in [1, 8, 25, 60] {
        let tree = folder.path().join(format!("tree{notes}"));
        std::fs::create_dir(&tree)?;
        for at in 0..FILES {
            std::fs::write(tree.join(format!("part{at}.rs")), format!("fn zq{at}x() {{}}\n{lines}"))?;
        }
        let start = || {
            let mut command = command(&[], &db);
            command.current_dir(&tree);
            Server::start_with(command)
        };
        let mut server = start()?;
        server.send_call("index_workspace", json!({}))?;
        // Other calls do not wait for the run: the kill comes so much later.
        for _ in 0..notes {
            server.send_call("remember", json!({"content": "the run goes on"}))?;
            server.next_answer()?;
        }
        server.kill()?;
        check_sound(&db)?;
        let intact: String =
            outside(&folder.path().join("killed.db-index"))?
                .query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
        assert_eq!(intact, "ok");

        let mut server = start()?;
        let run = server.done("index_workspace", json!({}))?;
        left.push(run["files_indexed"].as_u64().unwrap());
        assert_eq!(run["workspaces"][0]["files"], FILES, "{run}");
        for at in [0, 1, FILES / 2, FILES - 1] {
            let found = server.done("search_workspace", json!({"query": format!("zq{at}x"), "limit": 5}))?;
            let hits = found["hits"].as_array().unwrap();
            let of_it = hits.iter().filter(|it| it["path"] == json!(format!("part{at}.rs"))).count();
            assert_eq!((of_it, &found["partial"]), (1, &json!(false)), "{found}");
        }
        server.end()?;
    }
    assert!(left.iter().any(|it| *it > 0), "every run was over before the kill: {left:?}");
    Ok(())
}
