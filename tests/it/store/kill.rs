//! A server that is killed at any moment has kept what it acknowledged.

use std::collections::HashMap;

use serde_json::json;

use super::server::Server;
use super::server::check_sound;

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
