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
    assert!(embedding.query("x").await.is_err_and(|why| why.contains("offline")));
    assert!(server.received().is_empty());
}

#[test]
fn none_embeds_nothing() {
    let none = Embedding::of(&config(&[("CARRYALL_EMBEDDER", "none")]));
    assert!(none.embedder().is_none() && none.now("x").is_none());
}

#[cfg(not(feature = "candle"))]
#[test]
fn a_model_in_a_folder_needs_another_build_and_says_which() {
    let environment = config::Environment {
        variables: [("CARRYALL_EMBEDDER".into(), "folder".into())].into_iter().collect(),
        working_folder: "/nowhere".into(),
        data_folder: Some("/nowhere".into()),
        ..config::Environment::default()
    };
    let refused = config::resolve(&config::Flags::default(), &environment).unwrap_err().to_string();
    assert!(refused.contains("cargo install carryall --features candle"), "{refused}");
    assert!(refused.contains("CARRYALL_EMBEDDER"), "{refused}");
}

#[cfg(feature = "candle")]
mod folder {
    use std::path::Path;

    use super::*;

    const TINY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/embed/tiny-bert");

    fn of(folder: &Path) -> Embedding {
        let folder = folder.to_str().unwrap();
        Embedding::of(&config(&[("CARRYALL_EMBEDDER", "folder"), ("CARRYALL_EMBEDDER_FOLDER", folder)]))
    }

    fn copy(to: &Path) {
        std::fs::create_dir(to.join("1_Pooling")).unwrap();
        for name in
            ["config.json", "tokenizer.json", "model.safetensors", "sentence_bert_config.json", "1_Pooling/config.json"]
        {
            std::fs::copy(Path::new(TINY).join(name), to.join(name)).unwrap();
        }
    }

    /// The least cosine between what the model in `folder` makes of the texts and what plain numpy makes of them.
    async fn least_cosine(folder: &Path) -> f32 {
        let reference = std::fs::read(folder.join("reference.json")).unwrap();
        let reference: Vec<(String, Vec<f32>)> = serde_json::from_slice(&reference).unwrap();
        assert_eq!(reference.len(), 100);
        let texts: Vec<String> = reference.iter().map(|it| it.0.clone()).collect();
        let made = of(folder).embedder().unwrap().embed(&texts).await.unwrap();
        let cosine = |(made, (_, wanted)): (&Option<crate::vector::Vector>, &(String, Vec<f32>))| {
            made.as_ref().unwrap().cosine(&crate::vector::Vector::from_floats(wanted).unwrap())
        };
        made.iter().zip(&reference).map(cosine).fold(1.0, f32::min)
    }

    #[tokio::test]
    async fn a_model_makes_what_the_reference_makes() {
        let least = least_cosine(Path::new(TINY)).await;
        assert!(least > 0.999, "{least}");
    }

    /// The same with a real model: `CARRYALL_TEST_MODEL=FOLDER cargo test --features candle real_model -- --ignored`,
    /// after `tools/embedder/make_model_fixture.py FOLDER --of-model`.
    #[tokio::test]
    #[ignore = "needs the folder of a model"]
    async fn a_real_model_makes_what_the_reference_makes() {
        #[expect(clippy::disallowed_methods, reason = "a test by hand")]
        let folder = std::env::var("CARRYALL_TEST_MODEL").unwrap();
        let least = least_cosine(Path::new(&folder)).await;
        assert!(least > 0.999, "{least}");
    }

    #[tokio::test]
    async fn a_folder_keeps_the_contract_and_knows_what_it_does_not_know() {
        keeps_the_contract(&of(Path::new(TINY))).await;
        let embedding = of(Path::new(TINY));
        let vectors = embedding.embedder().unwrap().embed(&["", "\u{1F980}", "tea"].map(str::to_owned)).await.unwrap();
        assert_eq!(vectors.iter().map(Option::is_some).collect::<Vec<_>>(), [false, false, true]);
    }

    #[tokio::test]
    async fn another_model_in_the_folder_has_another_id() {
        let folder = tempfile::tempdir().unwrap();
        copy(folder.path());
        let id = |embedding: &Embedding| embedding.embedder().unwrap().id();
        let first = of(folder.path());
        assert_eq!(id(&first), id(&of(folder.path())));
        assert_ne!(id(&first), id(&of(Path::new(TINY))), "folders of another name");

        let weights = folder.path().join("model.safetensors");
        let mut bytes = std::fs::read(&weights).unwrap();
        let at = bytes.len() / 64 * 32 + 9;
        bytes[at] ^= 1;
        std::fs::write(&weights, bytes).unwrap();
        assert_ne!(id(&first), id(&of(folder.path())));
        // What was told by its id before is not used with other weights.
        let failed = first.embedder().unwrap().embed(&["tea".to_owned()]).await.unwrap_err();
        assert!(failed.to_string().contains("changed"), "{failed}");
    }

    #[tokio::test]
    async fn what_is_no_model_is_named_and_questions_go_on_without() {
        for (name, content, expected) in [
            ("config.json", Some("{}"), "config.json is not as expected"),
            ("config.json", Some(r#"{"model_type": "roberta"}"#), "of the type `roberta`"),
            ("tokenizer.json", Some("nonsense"), "tokenizer.json is not as expected"),
            ("model.safetensors", Some("nonsense"), "model.safetensors is not as expected"),
            ("model.safetensors", None, "cannot read"),
            ("1_Pooling/config.json", Some(r#"{"pooling_mode_max_tokens": true}"#), "neither mean nor first-token"),
        ] {
            let folder = tempfile::tempdir().unwrap();
            copy(folder.path());
            match content {
                Some(content) => std::fs::write(folder.path().join(name), content).unwrap(),
                None => std::fs::remove_file(folder.path().join(name)).unwrap(),
            }
            let embedding = of(folder.path());
            let failed = embedding.embedder().unwrap().embed(&["tea".to_owned()]).await.unwrap_err();
            assert!(failed.to_string().contains(expected), "{name}: {failed}");
            assert_eq!(embedding.query("tea").await, None);
        }
    }

    #[test]
    fn without_a_folder_there_is_nothing_to_read() {
        let environment = config::Environment {
            variables: [("CARRYALL_EMBEDDER".into(), "folder".into())].into_iter().collect(),
            working_folder: "/nowhere".into(),
            data_folder: Some("/nowhere".into()),
            ..config::Environment::default()
        };
        let refused = config::resolve(&config::Flags::default(), &environment).unwrap_err().to_string();
        assert!(refused.contains("CARRYALL_EMBEDDER_FOLDER"), "{refused}");
    }
}
