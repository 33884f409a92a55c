//! Every provider against a server that plays what the real ones send: whole answers, and every way to fail.

mod faults;
mod fuzz;

use std::time::Duration;

use serde_json::json;

use super::model_server::ModelServer;
use super::model_server::Script;
use super::*;
use crate::config;
use crate::trace::Call;

const KEY: &str = "sk-test-0123456789abcdefghij";
/// What every fixture says.
const TEXT: &str = "Grüße, 世界!";

/// One provider as the tests see it.
struct Wire {
    provider: &'static str,
    model: &'static str,
    fixture: &'static str,
    /// What comes after the server's address.
    base: &'static str,
    variables: &'static str,
}

const WIRES: [Wire; 6] = [
    Wire {
        provider: "openai",
        model: "gpt-4o-mini",
        fixture: include_str!("../../fixtures/models/openai.sse"),
        base: "/v1",
        variables: "OPENAI",
    },
    Wire {
        provider: "azure",
        model: "my-deployment",
        fixture: include_str!("../../fixtures/models/azure.sse"),
        base: "",
        variables: "AZURE_OPENAI",
    },
    Wire {
        provider: "openrouter",
        model: "openai/gpt-4o-mini",
        fixture: include_str!("../../fixtures/models/openrouter.sse"),
        base: "/api/v1",
        variables: "OPENROUTER",
    },
    Wire {
        provider: "lmstudio",
        model: "qwen3-8b",
        fixture: include_str!("../../fixtures/models/lmstudio.sse"),
        base: "/v1",
        variables: "LMSTUDIO",
    },
    Wire {
        provider: "anthropic",
        model: "claude-sonnet-4-6",
        fixture: include_str!("../../fixtures/models/anthropic.sse"),
        base: "",
        variables: "ANTHROPIC",
    },
    Wire {
        provider: "ollama",
        model: "llama3.2",
        fixture: include_str!("../../fixtures/models/ollama.ndjson"),
        base: "",
        variables: "OLLAMA",
    },
];

impl Wire {
    fn is_ollama(&self) -> bool {
        self.provider == "ollama"
    }

    fn is_anthropic(&self) -> bool {
        self.provider == "anthropic"
    }

    fn stream(&self, body: &str) -> Script {
        if self.is_ollama() { Script::lines(body) } else { Script::events(body) }
    }

    /// The one of three that fits the format.
    fn pick<'a>(&self, openai: &'a str, anthropic: &'a str, ollama: &'a str) -> &'a str {
        match self.provider {
            "ollama" => ollama,
            "anthropic" => anthropic,
            _ => openai,
        }
    }

    /// The fixture as far as the first piece of the text, which is never at an end of the answer.
    fn beginning(&self) -> &str {
        let at = self.fixture.find("Grüße").unwrap();
        let end = self.pick("\n\n", "\n\n", "\n");
        let after = self.fixture[at..].find(end).unwrap();
        &self.fixture[..at + after + end.len()]
    }

    fn models(&self, server: &ModelServer) -> Models {
        models(&[
            (&format!("{}_BASE_URL", self.variables), &format!("{}{}", server.url(), self.base)),
            (&format!("{}_API_KEY", self.variables), KEY),
        ])
    }
}

fn models(variables: &[(&str, &str)]) -> Models {
    let environment = config::Environment {
        variables: variables.iter().map(|(name, value)| ((*name).to_owned(), value.into())).collect(),
        working_folder: "/nowhere".into(),
        data_folder: Some("/nowhere".into()),
        ..config::Environment::default()
    };
    Models::new(&config::resolve(&config::Flags::default(), &environment).unwrap().config)
}

fn question() -> ModelRequest {
    ModelRequest {
        messages: vec![Message::new(Role::System, "Be brief."), Message::new(Role::User, "Greet the world.")],
        max_output_tokens: Some(100),
        ..ModelRequest::default()
    }
}

/// Asks `wire` once and returns what came, with the pieces that were shown.
async fn ask(wire: &Wire, models: &Models, timeout: Duration) -> (Result<Answered, Failed>, Vec<String>) {
    let route = models.choose(Some(wire.provider), Some(wire.model)).unwrap().unwrap();
    let mut pieces = Vec::new();
    let mut on_delta = |piece: &str| pieces.push(piece.to_owned());
    let outcome = models.ask(&route, &question(), &[], timeout, &mut on_delta, &Call::silent()).await;
    (outcome, pieces)
}

const LONG: Duration = Duration::from_secs(6);
const SHORT: Duration = Duration::from_millis(100);

#[tokio::test]
async fn every_provider_gives_its_whole_answer_with_usage_and_cost() {
    for wire in &WIRES {
        let server = ModelServer::start(vec![wire.stream(wire.fixture)]).unwrap();
        let (outcome, pieces) = ask(wire, &wire.models(&server), LONG).await;
        let name = wire.provider;
        let answered = outcome.unwrap_or_else(|failed| panic!("{name}: {failed}"));

        assert_eq!(pieces, ["Grüße", ", 世界!"], "{name}");
        assert_eq!(answered.answer.text, TEXT, "{name}");
        assert_eq!(answered.answer.finish_reason, FinishReason::Stop, "{name}");
        let original = wire.pick("stop", "end_turn", "stop");
        assert_eq!(answered.answer.finish_reason_original.as_deref(), Some(original), "{name}");
        let usage = answered.answer.usage;
        let expected = match name {
            "openai" | "azure" => [Some(176), Some(1024), None, Some(50), Some(16)],
            "openrouter" => [Some(76), Some(1024), Some(100), Some(50), Some(16)],
            "anthropic" => [Some(76), Some(1024), Some(100), Some(50), None],
            _ => [Some(1200), None, None, Some(50), None],
        };
        assert_eq!(
            [
                usage.input_tokens,
                usage.cached_input_tokens,
                usage.cache_write_tokens,
                usage.output_tokens,
                usage.reasoning_tokens
            ],
            expected,
            "{name}"
        );
        let cost = match name {
            // 176 fresh at 0.15, 1024 from the cache at 0.075, 50 out at 0.6 USD a million.
            "openai" => Some(0.000_133_2),
            // No table knows what a deployment is.
            "azure" => None,
            // What the provider says.
            "openrouter" => Some(0.000_123_45),
            // 76 at 3, 1024 at 0.3, 60 at 3.75, 40 at 6, 50 at 15.
            "anthropic" => Some(0.001_750_2),
            _ => Some(0.0),
        };
        assert_eq!(answered.cost_usd.map(|it| format!("{it:.9}")), cost.map(|it| format!("{it:.9}")), "{name}");
        assert_eq!(answered.attempts.len(), 1, "{name}");
        assert_eq!(answered.attempts[0].outcome, "ok", "{name}");
        assert_eq!((answered.provider.as_str(), answered.model.as_str()), (name, wire.model));

        let received = &server.received()[0];
        let path = match name {
            "azure" => "/openai/v1/chat/completions",
            "openrouter" => "/api/v1/chat/completions",
            "anthropic" => "/v1/messages",
            "ollama" => "/api/chat",
            _ => "/v1/chat/completions",
        };
        assert_eq!((received.method.as_str(), received.path.as_str()), ("POST", path));
        let (header, value) = match name {
            "azure" => ("api-key", KEY.to_owned()),
            "anthropic" => ("x-api-key", KEY.to_owned()),
            _ => ("authorization", format!("Bearer {KEY}")),
        };
        assert_eq!(received.header(header), Some(value.as_str()), "{name}");
        assert_eq!(received.header("anthropic-version").is_some(), wire.is_anthropic(), "{name}");
        let body: Value = serde_json::from_str(&received.body).unwrap();
        assert_eq!(body["stream"], true, "{name}");
        assert_eq!(body["model"], wire.model, "{name}");
        let limit = match name {
            "azure" => "/max_completion_tokens",
            "ollama" => "/options/num_predict",
            _ => "/max_tokens",
        };
        assert_eq!(body.pointer(limit), Some(&json!(100)), "{name}");
    }
}

#[tokio::test]
async fn a_length_stop_is_an_answer_that_says_so() {
    for wire in &WIRES {
        let cut = wire.fixture.replace(
            wire.pick(r#""finish_reason":"stop""#, r#""stop_reason":"end_turn""#, r#""done_reason":"stop""#),
            wire.pick(r#""finish_reason":"length""#, r#""stop_reason":"max_tokens""#, r#""done_reason":"length""#),
        );
        let server = ModelServer::start(vec![wire.stream(&cut)]).unwrap();
        let answered = ask(wire, &wire.models(&server), LONG).await.0.unwrap();
        assert_eq!(answered.answer.text, TEXT, "{}", wire.provider);
        assert_eq!(answered.answer.finish_reason, FinishReason::Length, "{}", wire.provider);
    }
}

/// A way to fail, the reply that does so, and what it must be called.
fn faults(wire: &Wire) -> Vec<(&'static str, Script, ErrorKind)> {
    use ErrorKind::*;
    let begun = wire.beginning();
    let refused = |status: u16, openai: &str, anthropic: &str, ollama: &str| {
        Script::json(status, wire.pick(openai, anthropic, ollama)).header("retry-after", "7")
    };
    let error_line = wire.pick(
        "data: {\"error\":{\"message\":\"went wrong\",\"type\":\"server_error\",\"code\":500}}\n\n",
        "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"went wrong\"}}\n\n",
        "{\"error\":\"went wrong\"}\n",
    );
    let filtered = wire.fixture.replace(
        wire.pick(r#""finish_reason":"stop""#, r#""stop_reason":"end_turn""#, ""),
        wire.pick(r#""finish_reason":"content_filter""#, r#""stop_reason":"refusal""#, ""),
    );
    let empty = wire.fixture.replace("Grüße", "").replace(", 世界!", "");
    let half_event = &begun[..begun.find("Grüße").unwrap()];
    let garbled =
        format!("{begun}{}", wire.pick("data: {\"choices\":[{\n\n", "data: {\"type\":\n\n", "{\"message\":\n"));
    let mut faults = vec![
        (
            "429",
            refused(
                429,
                r#"{"error":{"message":"Rate limit reached","type":"tokens","code":"rate_limit_exceeded"}}"#,
                r#"{"type":"error","error":{"type":"rate_limit_error","message":"too fast"},"request_id":"r"}"#,
                r#"{"error":"too many requests"}"#,
            ),
            RateLimited,
        ),
        (
            "401",
            refused(
                401,
                r#"{"error":{"message":"Incorrect API key provided: sk-test-****ghij","code":"invalid_api_key"}}"#,
                r#"{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}"#,
                r#"{"error":"unauthorized"}"#,
            ),
            Authentication,
        ),
        (
            "quota",
            refused(
                429,
                r#"{"error":{"message":"You exceeded your quota","type":"insufficient_quota","code":"insufficient_quota"}}"#,
                r#"{"type":"error","error":{"type":"billing_error","message":"pay"}}"#,
                r#"{"error":{"message":"pay","code":"billing_error"}}"#,
            ),
            Quota,
        ),
        (
            "context",
            refused(
                400,
                r#"{"error":{"message":"maximum context length is 8192 tokens","code":"context_length_exceeded"}}"#,
                r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 9 tokens > 8"}}"#,
                r#"{"error":"input exceeds the context window"}"#,
            ),
            ContextTooLong,
        ),
        (
            "filter by status",
            refused(
                400,
                r#"{"error":{"message":"filtered","code":"content_filter","innererror":{"code":"ResponsibleAIPolicyViolation"}}}"#,
                r#"{"error":{"message":"filtered","type":"content_filter"}}"#,
                r#"{"error":{"message":"filtered","code":"content_filter"}}"#,
            ),
            ContentFilter,
        ),
        ("bad request", refused(400, "{}", "{}", r#"{"error":"bad"}"#), InvalidRequest),
        ("no such model", refused(404, "{}", "{}", r#"{"error":"model 'x' not found"}"#), NotFound),
        ("500", refused(500, "oops", "oops", "oops"), ProviderError),
        ("503", refused(503, "", "", r#"{"error":"server busy"}"#), Overloaded),
        ("529", refused(529, "{}", r#"{"type":"error","error":{"type":"overloaded_error"}}"#, "{}"), Overloaded),
        ("error amid a 200", wire.stream(&format!("{begun}{error_line}")), ProviderError),
        ("error at the start of a 200", wire.stream(error_line), ProviderError),
        ("error as the body of a 200", Script::json(200, r#"{"error":{"code":402,"message":"pay"}}"#), Quota),
        ("clean cut", wire.stream(begun), Truncated),
        ("broken cut", wire.stream(begun).broken(), Truncated),
        ("cut in an event", wire.stream(half_event), Truncated),
        ("cut before anything", wire.stream(""), Truncated),
        ("malformed chunk", wire.stream(&garbled), Malformed),
        ("a page", Script::new(200, "text/html", "<html>hi</html>"), Malformed),
        ("empty answer", wire.stream(&empty), EmptyAnswer),
    ];
    if !wire.is_ollama() {
        faults.push(("filter", wire.stream(&filtered), ContentFilter));
        faults.push(("JSON for a stream", Script::json(200, r#"{"choices":[]}"#), Malformed));
    }
    faults
}

#[tokio::test]
async fn every_fault_is_told_as_what_it_is() {
    for wire in &WIRES {
        for (fault, script, kind) in faults(wire) {
            let server = ModelServer::start(vec![script.clone(), script]).unwrap();
            let mut models = wire.models(&server);
            models.jitter = || 0.0;
            let (outcome, _) = ask(wire, &models, LONG).await;
            let failed = outcome.map(|it| it.answer).expect_err(fault);
            let at = format!("{} {fault}: {failed:?}", wire.provider);
            assert_eq!(failed.error.kind, kind, "{at}");
            assert_eq!(failed.error.provider, wire.provider, "{at}");
            assert!(!failed.error.message.is_empty() && !failed.error.next_step.is_empty(), "{at}");
            // What broke off or failed there is asked for once more; a wait of 7 s would be too long here.
            let is_broken = matches!(kind, ErrorKind::Truncated | ErrorKind::Malformed | ErrorKind::ProviderError);
            let again = is_broken && failed.error.retry_after.is_none();
            assert_eq!(failed.attempts.len(), if again { 2 } else { 1 }, "{at}");
            assert_eq!(server.received().len(), failed.attempts.len(), "{at}");
            assert_eq!(failed.attempts[0].outcome, kind.name(), "{at}");
            let refused = failed.error.status.is_some_and(|it| it >= 400);
            assert_eq!(failed.error.retry_after.is_some(), refused && !fault.contains("200"), "{at}");
            // What was counted for an answer that is none has its price; else nobody knows.
            let cost_usd = failed.attempts[0].cost_usd.filter(|_| failed.error.counted.is_none());
            assert_eq!(cost_usd, refused.then_some(0.0), "{at}");
            assert!(!at.contains("ghij"), "{at}");
        }
    }
}

#[tokio::test]
async fn a_refusal_in_words_is_a_refusal() {
    let wire = &WIRES[0];
    let refusal = "data: {\"choices\":[{\"delta\":{\"refusal\":\"I will not.\"}}]}\n\n\
                   data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
    let server = ModelServer::start(vec![wire.stream(refusal)]).unwrap();
    let failed = ask(wire, &wire.models(&server), LONG).await.0.unwrap_err();
    assert_eq!((failed.error.kind, failed.error.message.as_str()), (ErrorKind::ContentFilter, "I will not."));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_provider_that_hangs_meets_the_deadline() {
    for wire in &WIRES {
        for body in ["", wire.beginning()] {
            let server = ModelServer::start(vec![wire.stream(body).hanging()]).unwrap();
            let failed = ask(wire, &wire.models(&server), SHORT).await.0.unwrap_err();
            assert_eq!(failed.error.kind, ErrorKind::Timeout, "{}", wire.provider);
            assert!(server.sees_a_hang_up(LONG), "{}", wire.provider);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_answer_ends_with_its_end_marker_though_the_connection_stays_open() {
    for wire in &WIRES {
        let server = ModelServer::start(vec![wire.stream(wire.fixture).hanging()]).unwrap();
        assert_eq!(ask(wire, &wire.models(&server), LONG).await.0.unwrap().answer.text, TEXT, "{}", wire.provider);
        assert!(server.sees_a_hang_up(LONG), "{}", wire.provider);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_dropped_question_closes_its_connection() {
    for wire in &WIRES {
        drop_a_question(wire).await;
    }
}

async fn drop_a_question(wire: &Wire) {
    let server = ModelServer::start(vec![wire.stream(wire.beginning()).hanging()]).unwrap();
    let models = wire.models(&server);
    let route = models.choose(Some(wire.provider), Some(wire.model)).unwrap().unwrap();
    let (begun, seen) = tokio::sync::oneshot::channel();
    let mut begun = Some(begun);
    let mut on_delta = |_: &str| {
        if let Some(begun) = begun.take() {
            begun.send(()).unwrap();
        }
    };
    let (request, call) = (question(), Call::silent());
    tokio::select! {
        _ = models.ask(&route, &request, &[], LONG, &mut on_delta, &call) => panic!("the reply never ends"),
        seen = seen => seen.unwrap(),
    }
    assert!(server.sees_a_hang_up(LONG));
}

#[tokio::test]
async fn a_refused_provider_is_asked_again_and_then_the_next_one() {
    let wire = &WIRES[0];
    let busy = Script::json(503, "{}").header("retry-after", "0");
    let first = ModelServer::start(vec![busy.clone(), busy.clone(), busy]).unwrap();
    let second = ModelServer::start(vec![Script::anthropic_answer("from the other")]).unwrap();
    let models = models(&[
        ("OPENAI_BASE_URL", &first.url()),
        ("OPENAI_API_KEY", KEY),
        ("ANTHROPIC_BASE_URL", &second.url()),
        ("ANTHROPIC_API_KEY", KEY),
    ]);
    let route = models.choose(Some(wire.provider), None).unwrap().unwrap();
    let fallbacks = models.fallbacks(&["anthropic/claude-haiku-4-5".to_owned()]).unwrap();
    let call = Call::silent();
    let answered = models.ask(&route, &question(), &fallbacks, LONG, &mut |_| {}, &call).await.unwrap();
    assert_eq!(answered.answer.text, "from the other");
    let outcomes: Vec<_> = answered.attempts.iter().map(|it| (it.provider.as_str(), it.outcome.as_str())).collect();
    assert_eq!(
        outcomes,
        [("openai", "overloaded"), ("openai", "overloaded"), ("openai", "overloaded"), ("anthropic", "ok")]
    );
    let spans = call.record("ok", None, &Value::Null).spans;
    assert_eq!(spans.len(), 4);
    assert_eq!(spans[3].notes["model"], "claude-haiku-4-5");
    assert_eq!(spans[3].notes["outcome"], "ok");
}

#[tokio::test]
async fn nobody_is_asked_again_before_the_time_that_was_named() {
    for wire in &WIRES {
        let busy = Script::json(429, "{}").header("retry-after-ms", "30");
        let server = ModelServer::start(vec![busy, wire.stream(wire.fixture)]).unwrap();
        let answered = ask(wire, &wire.models(&server), LONG).await.0.unwrap();
        assert_eq!(answered.attempts.len(), 2, "{}", wire.provider);
        let received = server.received();
        let waited = received[1].at.duration_since(received[0].at);
        assert!(waited >= Duration::from_millis(30), "{}: {waited:?}", wire.provider);
    }
}

#[tokio::test]
async fn a_time_that_is_too_far_or_stands_alone_is_not_waited_for_and_is_told() {
    let now = ("date", "Fri, 20 Nov 2026 10:00:00 GMT");
    for wire in &WIRES {
        for more in [None, Some(now)] {
            let busy = Script::json(429, "{}").header("retry-after", "Thu, 31 Dec 2099 23:59:59 GMT");
            let busy = more.into_iter().fold(busy, |it, (name, value)| it.header(name, value));
            let server = ModelServer::start(vec![busy]).unwrap();
            let failed = ask(wire, &wire.models(&server), LONG).await.0.unwrap_err();
            assert_eq!((failed.error.kind, failed.attempts.len()), (ErrorKind::RateLimited, 1), "{}", wire.provider);
            assert!(failed.error.next_step.contains("after 2099-12-31T23:59:59Z"), "{}", failed.error.next_step);
        }
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_with_a_key() {
    let other = ModelServer::start(vec![]).unwrap();
    for wire in &WIRES {
        let moved = Script::json(307, "").header("location", &format!("{}/v1/chat/completions", other.url()));
        let server = ModelServer::start(vec![moved]).unwrap();
        let failed = ask(wire, &wire.models(&server), LONG).await.0.unwrap_err();
        assert_eq!((failed.error.kind, failed.error.status), (ErrorKind::Malformed, Some(307)));
    }
    assert_eq!(other.received(), []);
}

#[tokio::test]
async fn a_key_that_is_echoed_is_hidden_everywhere() {
    for wire in &WIRES {
        for body in [format!("your key is {KEY}"), format!(r#"{{"error":{{"message":"bad {KEY}!","type":"{KEY}"}}}}"#)]
        {
            let server = ModelServer::start(vec![Script::json(401, &body).header("x-request-id", KEY)]).unwrap();
            let models = wire.models(&server);
            let route = models.choose(Some(wire.provider), Some(wire.model)).unwrap().unwrap();
            let call = Call::silent();
            let failed = models.ask(&route, &question(), &[], LONG, &mut |_| {}, &call).await.unwrap_err();
            let spans = serde_json::to_string(&call.record("failed", None, &Value::Null).spans).unwrap();
            let shown = format!("{failed} {failed:?} {models:?} {spans}");
            assert!(!shown.contains(KEY), "{shown}");
            assert!(failed.error.message.contains("[key]"), "{shown}");
        }
    }
}

#[tokio::test]
async fn offline_mode_opens_no_socket() {
    let server = ModelServer::start(vec![]).unwrap();
    for wire in &WIRES {
        let models = models(&[
            (&format!("{}_BASE_URL", wire.variables), &server.url()),
            (&format!("{}_API_KEY", wire.variables), KEY),
            ("CARRYALL_OFFLINE", "1"),
            ("LLM_PROVIDER", wire.provider),
            ("AZURE_OPENAI_DEPLOYMENT", "d"),
        ]);
        let named = models.choose(Some(wire.provider), Some("m")).unwrap_err();
        assert_eq!(named.kind, ErrorKind::Unreachable);
        assert!(named.message.contains("offline"));
        assert_eq!(models.choose(None, None), Ok(None));
        assert_eq!(models.reachable(wire.provider).await.unwrap_err().kind, ErrorKind::Unreachable);
        let route = Route { provider: wire.provider.into(), model: None };
        let call = Call::silent();
        let failed = models.ask(&route, &question(), &[], LONG, &mut |_| {}, &call).await.unwrap_err();
        assert_eq!((failed.error.kind, failed.attempts.len()), (ErrorKind::Unreachable, 1));
    }
    assert_eq!(server.received(), []);
}

#[tokio::test]
async fn an_address_without_a_server_is_unreachable() {
    let server = ModelServer::start(vec![]).unwrap();
    let models = models(&[("OLLAMA_BASE_URL", &server.url())]);
    let url = server.url();
    drop(server);
    let error = models.reachable("ollama").await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unreachable);
    assert!(error.message.contains(&url), "{error}");
}

#[tokio::test]
async fn an_address_that_speaks_no_tls_is_unreachable_by_https() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/v1", listener.local_addr().unwrap());
    let greeted = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut first = [0];
        std::io::Read::read_exact(&mut stream, &mut first).unwrap();
        first[0]
    });
    let models = models(&[("OPENAI_BASE_URL", &url), ("OPENAI_API_KEY", KEY)]);
    assert_eq!(models.reachable("openai").await.unwrap_err().kind, ErrorKind::Unreachable);
    // The first byte of a TLS handshake: no key went out in the clear.
    assert_eq!(greeted.join().unwrap(), 0x16);
}

#[tokio::test]
async fn every_provider_lists_its_models() {
    for wire in &WIRES {
        let list = wire.pick(
            r#"{"object":"list","data":[{"id":"b"},{"id":"a"}]}"#,
            r#"{"data":[{"type":"model","id":"b"},{"type":"model","id":"a"}],"has_more":false}"#,
            r#"{"models":[{"name":"b","model":"b"},{"name":"a","model":"a"}]}"#,
        );
        let server = ModelServer::start(vec![Script::json(200, list), Script::json(200, "[]")]).unwrap();
        let models = wire.models(&server);
        assert_eq!(models.reachable(wire.provider).await.unwrap(), ["b", "a"]);
        assert_eq!(models.reachable(wire.provider).await.unwrap_err().kind, ErrorKind::Malformed);
        let path = match wire.provider {
            "azure" => "/openai/v1/models",
            "openrouter" => "/api/v1/models",
            "anthropic" => "/v1/models?limit=1000",
            "ollama" => "/api/tags",
            _ => "/v1/models",
        };
        assert_eq!((server.received()[0].method.as_str(), server.received()[0].path.as_str()), ("GET", path));
    }
}

#[tokio::test]
async fn a_local_provider_without_a_named_model_is_asked_what_it_has() {
    let list = r#"{"models":[{"name":"nomic-embed-text:latest"},{"name":"llama3.2:latest"}]}"#;
    let scripts = vec![Script::json(200, list), Script::ollama_answer("hi")];
    let server = ModelServer::start(scripts).unwrap();
    let models = models(&[("OLLAMA_BASE_URL", &server.url())]);
    let route = models.choose(Some("ollama"), None).unwrap().unwrap();
    assert_eq!(route.model, None);
    let call = Call::silent();
    let answered = models.ask(&route, &question(), &[], LONG, &mut |_| {}, &call).await.unwrap();
    assert_eq!((answered.model.as_str(), answered.cost_usd), ("llama3.2:latest", Some(0.0)));
}

#[tokio::test]
async fn an_old_azure_address_names_deployment_and_version() {
    let server = ModelServer::start(vec![Script::openai_answer("hi")]).unwrap();
    let models = models(&[
        ("AZURE_OPENAI_ENDPOINT", &server.url()),
        ("AZURE_OPENAI_API_KEY", KEY),
        ("AZURE_OPENAI_DEPLOYMENT", "my gpt"),
        ("AZURE_OPENAI_API_VERSION", "2024-10-21"),
    ]);
    let route = models.choose(None, None).unwrap().unwrap();
    let call = Call::silent();
    models.ask(&route, &question(), &[], LONG, &mut |_| {}, &call).await.unwrap();
    let path = "/openai/deployments/my%20gpt/chat/completions?api-version=2024-10-21";
    assert_eq!(server.received()[0].path, path);
}

#[tokio::test]
async fn an_azure_address_may_have_the_path_that_its_pages_show() {
    for path in ["/openai/v1", "/openai"] {
        let server = ModelServer::start(vec![Script::openai_answer("hi")]).unwrap();
        let models = models(&[
            ("AZURE_OPENAI_ENDPOINT", &format!("{}{path}/", server.url())),
            ("AZURE_OPENAI_API_KEY", KEY),
            ("AZURE_OPENAI_DEPLOYMENT", "d"),
        ]);
        let route = models.choose(None, None).unwrap().unwrap();
        models.ask(&route, &question(), &[], LONG, &mut |_| {}, &Call::silent()).await.unwrap();
        assert_eq!(server.received()[0].path, "/openai/v1/chat/completions");
    }
}

#[test]
fn the_first_key_decides_unless_somebody_chose() {
    let check = |variables: &[(&str, &str)], provider: Option<&str>, expected: Option<(&str, Option<&str>)>| {
        let route = models(variables).choose(provider, None).unwrap();
        let found = route.as_ref().map(|it| (it.provider.as_str(), it.model.as_deref()));
        assert_eq!(found, expected, "{variables:?} {provider:?}");
    };
    let openai = ("OPENAI_API_KEY", KEY);
    let anthropic = ("ANTHROPIC_API_KEY", KEY);
    let default_of = |name: &str| Prices::default_model(name);
    check(&[], None, None);
    check(&[anthropic, openai], None, Some(("openai", default_of("openai"))));
    check(&[anthropic], None, Some(("anthropic", default_of("anthropic"))));
    check(&[anthropic, ("ANTHROPIC_MODEL", "m")], None, Some(("anthropic", Some("m"))));
    check(&[openai, anthropic, ("LLM_PROVIDER", "anthropic")], None, Some(("anthropic", default_of("anthropic"))));
    check(&[openai, ("LLM_PROVIDER", "extractive")], None, None);
    check(&[openai], Some("extractive"), None);
    check(&[openai, ("LLM_PROVIDER", "ollama")], None, Some(("ollama", None)));
    check(&[("LLM_PROVIDER", "ollama"), openai], Some("openai"), Some(("openai", default_of("openai"))));
}

#[test]
fn what_is_missing_is_named() {
    let check = |variables: &[(&str, &str)], provider: &str, kind: ErrorKind, step: &str| {
        let error = models(variables).choose(Some(provider), None).unwrap_err();
        assert_eq!(error.kind, kind, "{error:?}");
        assert!(error.next_step.contains(step), "{error:?}");
    };
    check(&[], "openai", ErrorKind::Authentication, "OPENAI_API_KEY");
    check(&[], "anthropic", ErrorKind::Authentication, "ANTHROPIC_API_KEY");
    check(&[], "azure", ErrorKind::InvalidArgument, "AZURE_OPENAI_ENDPOINT");
    check(
        &[("AZURE_OPENAI_ENDPOINT", "https://a.example"), ("AZURE_OPENAI_API_KEY", KEY)],
        "azure",
        ErrorKind::InvalidArgument,
        "AZURE_OPENAI_DEPLOYMENT",
    );
    check(
        &[],
        "opneai",
        ErrorKind::InvalidArgument,
        "anthropic, azure, lmstudio, ollama, openai, openrouter, extractive",
    );
}

#[test]
fn fallbacks_are_providers_with_or_without_a_model() {
    let models = models(&[("OPENROUTER_API_KEY", KEY), ("OPENAI_API_KEY", KEY)]);
    let named = ["openrouter/anthropic/claude-x", "extractive", "openai"].map(str::to_owned);
    let route =
        |provider: &str, model: Option<&str>| Route { provider: provider.to_owned(), model: model.map(str::to_owned) };
    assert_eq!(
        models.fallbacks(&named).unwrap(),
        [route("openrouter", Some("anthropic/claude-x")), route("openai", Prices::default_model("openai"))]
    );
    assert_eq!(models.fallbacks(&[]), Ok(vec![]));
    assert_eq!(models.fallbacks(&["azure".to_owned()]).unwrap_err().kind, ErrorKind::InvalidArgument);
}
