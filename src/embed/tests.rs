//! What every embedder has to keep to, and how those behind a network fail.

use super::*;
use crate::config;
use crate::config::Config;
use crate::models::model_server::ModelServer;
use crate::models::model_server::Script;

const OLLAMA: &str = r#"{"model":"m","embeddings":[[0.1,0.2,-0.4],[0,0,0],[1,1,1]],"total_duration":1}"#;
const OPENAI: &str = r#"{"object":"list","data":[
    {"object":"embedding","index":2,"embedding":[1,1,1]},
    {"object":"embedding","index":0,"embedding":[0.1,0.2,-0.4]},
    {"object":"embedding","index":1,"embedding":[0,0,0]}],"model":"m","usage":{"prompt_tokens":3,"total_tokens":3}}"#;

fn config(variables: &[(&str, &str)]) -> Config {
    let environment = config::Environment {
        variables: variables.iter().map(|(name, value)| ((*name).to_owned(), value.into())).collect(),
        working_folder: "/nowhere".into(),
        data_folder: Some("/nowhere".into()),
        ..config::Environment::default()
    };
    config::resolve(&config::Flags::default(), &environment).unwrap().config
}

fn remote(kind: &str, url: &str, more: &[(&str, &str)]) -> Embedding {
    let variables =
        [("CARRYALL_EMBEDDER", kind), ("CARRYALL_EMBEDDER_MODEL", "m"), ("CARRYALL_EMBEDDER_BASE_URL", url)];
    Embedding::of(&config(&[&variables[..], more].concat()))
}

/// Three texts, of which the second says nothing.
fn texts() -> Vec<String> {
    ["the cat", "\u{1F980}", "the dog"].map(str::to_owned).to_vec()
}

/// What every embedder keeps to.
async fn keeps_the_contract(embedding: &Embedding) {
    let embedder = embedding.embedder().unwrap();
    assert_eq!(embedder.embed(&[]).await.unwrap(), []);
    let vectors = embedder.embed(&texts()).await.unwrap();
    assert_eq!(vectors.len(), 3, "one for each text");
    assert!(vectors[0].is_some() && vectors[1].is_none() && vectors[2].is_some(), "{vectors:?}");
    for vector in vectors.iter().flatten() {
        assert_eq!(Some(vector.components().len()), embedder.dimensions());
    }
    assert!(!embedder.id().is_empty() && embedder.batch() > 0);
    let now = embedding.now("the cat");
    assert!(now.is_none_or(|it| it.vector == vectors[0] && it.model == embedder.id()));
}

#[tokio::test]
async fn every_embedder_keeps_the_contract() {
    keeps_the_contract(&Embedding::default()).await;
    for (kind, reply, path) in [("ollama", OLLAMA, "/api/embed"), ("openai", OPENAI, "/v1/embeddings")] {
        let server = ModelServer::start(vec![Script::json(200, reply)]).unwrap();
        let base = if kind == "openai" { format!("{}/v1", server.url()) } else { server.url() };
        keeps_the_contract(&remote(kind, &base, &[("CARRYALL_EMBEDDER_API_KEY", "k-123456")])).await;
        let received = server.received();
        assert_eq!(received.len(), 1, "no texts, no call");
        assert_eq!(received[0].path, path);
        assert_eq!(received[0].header("authorization"), Some("Bearer k-123456"));
        let body: serde_json::Value = serde_json::from_str(&received[0].body).unwrap();
        assert_eq!(body, serde_json::json!({"model": "m", "input": texts()}));
    }
}

#[tokio::test]
async fn a_provider_s_key_goes_to_its_own_address_only() {
    let config = config(&[
        ("CARRYALL_EMBEDDER", "openai"),
        ("CARRYALL_EMBEDDER_BASE_URL", "http://127.0.0.1:9/v1"),
        ("OPENAI_API_KEY", "sk-1234567890"),
    ]);
    assert!(config.embedder.api_key.is_none());
    let config = self::config(&[("CARRYALL_EMBEDDER", "openai"), ("OPENAI_API_KEY", "sk-1234567890")]);
    assert_eq!(config.embedder.api_key.map(|it| it.reveal().to_owned()).as_deref(), Some("sk-1234567890"));
    assert_eq!(config.embedder.base_url.as_deref(), Some("https://api.openai.com/v1"));
}

#[tokio::test]
async fn failures_say_what_to_do_next() {
    let bad = r#"{"error":{"message":"input is too long","type":"invalid_request_error"}}"#;
    for (status, body, expected) in [
        (400, bad, "refuses"),
        (401, "{}", "cannot be used"),
        (503, "{}", "cannot be asked now"),
        (200, r#"{"data":[]}"#, "cannot be used"),
        (200, "[", "cannot be used"),
        (200, r#"{"data":[{"index":7,"embedding":[1]}]}"#, "cannot be used"),
    ] {
        let server = ModelServer::start(vec![Script::json(status, body)]).unwrap();
        let embedding = remote("openai", &server.url(), &[]);
        let failed = embedding.embedder().unwrap().embed(&["x".to_owned()]).await.unwrap_err();
        assert!(failed.to_string().contains(expected), "{status} {body}: {failed}");
    }
}

#[tokio::test]
async fn offline_asks_nobody_and_a_question_goes_on_without() {
    let server = ModelServer::start(Vec::new()).unwrap();
    let embedding = remote("ollama", &server.url(), &[("CARRYALL_OFFLINE", "1")]);
    let failed = embedding.embedder().unwrap().embed(&["x".to_owned()]).await.unwrap_err();
    assert!(matches!(failed, EmbedError::Unreachable { .. }), "{failed}");
    assert_eq!(embedding.query("x").await, None);
    assert!(server.received().is_empty());
}

#[test]
fn none_embeds_nothing() {
    let none = Embedding::of(&config(&[("CARRYALL_EMBEDDER", "none")]));
    assert!(none.embedder().is_none() && none.now("x").is_none());
}
