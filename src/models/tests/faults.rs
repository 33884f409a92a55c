//! Sixteen ways to fail, with every provider, streamed and in one piece: each must be told as what it is, with what the
//! provider said and without the key, and none may pass for an answer. The table of it stands in docs/benchmarks.md.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use serde_json::json;

use super::super::http::Http;
use super::super::model_server::ModelServer;
use super::super::model_server::Script;
use super::super::providers::provider_for;
use super::super::*;
use crate::config;
use crate::config::ProviderConfig;

/// What must never be seen again; every reply holds it somewhere.
const CANARY: &str = "sk-canary-7f3a9d2e5b8c1f60";
/// Long enough for a reply from this machine, short enough to wait for what never comes.
const MOMENT: Duration = Duration::from_millis(60);
const LONG: Duration = Duration::from_secs(20);

/// One provider, spoken to by one format.
struct Wire {
    /// As the table calls it.
    name: &'static str,
    provider: &'static str,
    base: &'static str,
    format: Format,
    streamed: &'static str,
    plain: &'static str,
}

#[derive(Clone, Copy, PartialEq)]
enum Format {
    Chat,
    Responses,
    Messages,
    Ollama,
}

macro_rules! wire {
    ($name:literal, $provider:literal, $base:literal, $format:ident, $streamed:literal, $plain:literal) => {
        Wire {
            name: $name,
            provider: $provider,
            base: $base,
            format: Format::$format,
            streamed: include_str!(concat!("../../../fixtures/models/", $streamed)),
            plain: include_str!(concat!("../../../fixtures/models/", $plain)),
        }
    };
}

const WIRES: [Wire; 7] = [
    wire!("OpenAI", "openai", "/v1", Chat, "openai.sse", "openai.json"),
    wire!("OpenAI (Responses)", "openai", "/v1", Responses, "responses.sse", "responses.json"),
    wire!("Anthropic", "anthropic", "", Messages, "anthropic.sse", "anthropic.json"),
    wire!("Azure", "azure", "", Chat, "azure.sse", "azure.json"),
    wire!("OpenRouter", "openrouter", "/api/v1", Chat, "openrouter.sse", "openrouter.json"),
    wire!("Ollama", "ollama", "", Ollama, "ollama.ndjson", "ollama.json"),
    wire!("LM Studio", "lmstudio", "/v1", Chat, "lmstudio.sse", "lmstudio.json"),
];

impl Wire {
    fn config(&self, server: &ModelServer) -> ProviderConfig {
        let prefix = if self.provider == "azure" { "AZURE_OPENAI" } else { &self.provider.to_uppercase() };
        let api = if self.format == Format::Responses { "responses" } else { "chat" };
        let variables = [
            (format!("{prefix}_BASE_URL"), format!("{}{}", server.url(), self.base)),
            (format!("{prefix}_API_KEY"), CANARY.to_owned()),
            ("OPENAI_API".to_owned(), api.to_owned()),
        ];
        let environment = config::Environment {
            variables: variables.into_iter().map(|(name, value)| (name, value.into())).collect(),
            working_folder: "/nowhere".into(),
            data_folder: Some("/nowhere".into()),
            ..config::Environment::default()
        };
        config::resolve(&config::Flags::default(), &environment).unwrap().config.providers[self.provider].clone()
    }

    fn reply(&self, is_plain: bool, body: &str) -> Script {
        match (is_plain, self.format) {
            (true, _) => Script::json(200, body),
            (false, Format::Ollama) => Script::lines(body),
            (false, _) => Script::events(body),
        }
    }

    fn whole(&self, is_plain: bool) -> &'static str {
        if is_plain { self.plain } else { self.streamed }
    }

    /// The answer up to its first words.
    fn beginning(&self, is_plain: bool) -> String {
        let whole = self.whole(is_plain);
        let words = whole.find("Grüße").unwrap() + "Grüße".len();
        match (is_plain, self.format) {
            (true, _) => whole[..words].to_owned(),
            (false, Format::Ollama) => whole[..words + whole[words..].find('\n').unwrap() + 1].to_owned(),
            (false, _) => whole[..words + whole[words..].find("\n\n").unwrap() + 2].to_owned(),
        }
    }

    /// An error as the provider words it: in its body, or in the middle of its stream.
    fn error(&self, kind: &str, code: &Value, message: &str) -> Value {
        match self.provider {
            "ollama" | "lmstudio" if kind != "content_filter" => json!({ "error": message }),
            "anthropic" => {
                json!({"type": "error", "error": {"type": kind, "message": message}, "request_id": CANARY})
            }
            _ => json!({"error": {"message": message, "type": kind, "param": null, "code": code}}),
        }
    }

    fn refusal(&self, status: u16, kind: &str, code: &Value) -> Script {
        let message = match kind {
            "context" => said("maximum context length is 8192 tokens"),
            _ => said(kind),
        };
        Script::json(status, &self.error(kind, code, &message).to_string()).header("x-request-id", CANARY)
    }
}

fn said(what: &str) -> String {
    format!("the provider says {what} to {CANARY}")
}

/// A fault: its name, what it must be told as, and the reply that shows it.
struct Fault {
    name: &'static str,
    kind: ErrorKind,
    reply: fn(&Wire, bool) -> Script,
}

fn fault(name: &'static str, kind: ErrorKind, reply: fn(&Wire, bool) -> Script) -> Fault {
    Fault { name, kind, reply }
}

fn faults() -> [Fault; 16] {
    use ErrorKind::*;
    [
        fault("429 with Retry-After", RateLimited, |wire, _| {
            wire.refusal(429, "rate_limit_error", &json!("rate_limit_exceeded")).header("retry-after", "7")
        }),
        fault("429 without", RateLimited, |wire, _| {
            let code = if wire.provider == "azure" { json!("429") } else { json!("rate_limit_exceeded") };
            wire.refusal(429, "rate_limit_error", &code)
        }),
        fault("500", ProviderError, |wire, _| wire.refusal(500, "api_error", &Value::Null)),
        fault("503", Overloaded, |wire, _| wire.refusal(503, "api_error", &Value::Null)),
        fault("529", Overloaded, |wire, _| wire.refusal(529, "overloaded_error", &Value::Null)),
        fault("401", Authentication, |wire, _| wire.refusal(401, "authentication_error", &json!("invalid_api_key"))),
        fault("402 or spent quota", Quota, |wire, _| match wire.provider {
            "openai" | "azure" => wire.refusal(429, "insufficient_quota", &json!("insufficient_quota")),
            "anthropic" => wire.refusal(402, "billing_error", &Value::Null),
            _ => wire.refusal(402, "payment", &json!(402)),
        }),
        fault("400, context too long", ContextTooLong, |wire, _| match wire.provider {
            "openai" | "azure" => wire.refusal(400, "invalid_request_error", &json!("context_length_exceeded")),
            _ => wire.refusal(400, "context", &json!(400)),
        }),
        fault("content filter", ContentFilter, filtered),
        fault("hang before the answer", Timeout, |wire, is_plain| wire.reply(is_plain, "").hanging()),
        fault("hang amid the answer", Timeout, |wire, is_plain| {
            wire.reply(is_plain, &wire.beginning(is_plain)).hanging()
        }),
        fault("clean cut", Truncated, |wire, is_plain| wire.reply(is_plain, &wire.beginning(is_plain))),
        fault("broken cut", Truncated, |wire, is_plain| wire.reply(is_plain, &wire.beginning(is_plain)).broken()),
        fault("malformed chunk", Malformed, |wire, is_plain| {
            let garbled = match (is_plain, wire.format) {
                (true, _) => "{\"id\":]}".to_owned(),
                (false, Format::Ollama) => wire.beginning(false) + "{\"message\":]}\n",
                (false, _) => wire.beginning(false) + "data: {\"choices\":]}\n\n",
            };
            wire.reply(is_plain, &garbled)
        }),
        fault("error inside a 200", ProviderError, |wire, is_plain| {
            let error = wire.error("server_error", &json!(500), &said("it went wrong"));
            let streamed = match wire.format {
                Format::Ollama => format!("{}{error}\n", wire.beginning(false)),
                Format::Messages => format!("{}event: error\ndata: {error}\n\n", wire.beginning(false)),
                Format::Chat => format!("{}data: {error}\n\n", wire.beginning(false)),
                Format::Responses => {
                    let response = json!({"id": "r", "status": "failed", "error": error["error"]});
                    let failed = json!({"type": "response.failed", "response": response});
                    format!("{}event: response.failed\ndata: {failed}\n\n", wire.beginning(false))
                }
            };
            wire.reply(is_plain, if is_plain { error.to_string() } else { streamed }.as_str())
        }),
        fault("empty answer", EmptyAnswer, |wire, is_plain| {
            wire.reply(is_plain, &wire.whole(is_plain).replace("Grüße", "").replace(", 世界!", ""))
        }),
    ]
}

/// Each vendor's own way to filter; Ollama has none, so a gateway's before it.
fn filtered(wire: &Wire, is_plain: bool) -> Script {
    let replaced = |from: &str, to: &str| {
        let whole = wire.whole(is_plain);
        let spaced = whole.replace(&from.replacen(':', ": ", 1), to);
        let body = spaced.replace(from, to);
        assert_ne!(body, whole, "{}", wire.name);
        wire.reply(is_plain, &body)
    };
    match (wire.provider, wire.format) {
        ("azure", _) => {
            let inner = json!({"code": "ResponsibleAIPolicyViolation",
                "content_filter_result": {"violence": {"filtered": true, "severity": "high"}}});
            let error = json!({"message": said("no"), "code": "content_filter", "innererror": inner, "status": 400});
            Script::json(400, &json!({ "error": error }).to_string())
        }
        ("openrouter", _) => {
            let metadata = json!({"reasons": ["violence"], "flagged_input": "…"});
            let error = json!({"code": 403, "message": said("no"), "metadata": metadata});
            Script::json(403, &json!({ "error": error }).to_string())
        }
        ("ollama", _) => wire.refusal(400, "content_filter", &json!("content_filter")),
        (_, Format::Messages) => replaced(r#""stop_reason":"end_turn""#, r#""stop_reason":"refusal""#),
        (_, Format::Responses) => {
            let done = wire.whole(is_plain).replace("\"incomplete_details\": null", "\"incomplete_details\":null");
            let done = done.replace("\"status\": \"completed\"", "\"status\":\"completed\"");
            let done = done.replace("\"status\":\"completed\"", "\"status\":\"incomplete\"");
            let done =
                done.replace("\"incomplete_details\":null", "\"incomplete_details\":{\"reason\":\"content_filter\"}");
            wire.reply(is_plain, &done.replace("response.completed", "response.incomplete"))
        }
        _ => replaced(r#""finish_reason":"stop""#, r#""finish_reason":"content_filter""#),
    }
}

fn question(wire: &Wire, is_plain: bool) -> ModelRequest {
    let model = if wire.provider == "anthropic" { "claude-sonnet-4-6" } else { "m" };
    ModelRequest {
        model: model.into(),
        messages: vec![Message::new(Role::System, "Be brief."), Message::new(Role::User, "Greet the world.")],
        is_plain,
        ..ModelRequest::default()
    }
}

/// Asks once; `None` when no answer came in time.
async fn ask(wire: &Wire, server: &ModelServer, is_plain: bool, limit: Duration) -> Option<Result<Answer, ModelError>> {
    let provider =
        provider_for(wire.provider, &wire.config(server), &Arc::new(Http::new(false, &config::Proxies::default())));
    let request = question(wire, is_plain);
    tokio::time::timeout(limit, provider.answer(&request, &mut |_| {})).await.ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn every_fault_of_every_provider_is_told_truthfully() {
    let mut table: BTreeMap<(usize, usize), String> = BTreeMap::new();
    let faults = faults();
    for (row, fault) in faults.iter().enumerate() {
        for (column, wire) in WIRES.iter().enumerate() {
            for is_plain in [false, true] {
                let at = format!("{}: {}{}", wire.name, fault.name, if is_plain { ", plain" } else { "" });
                // One reply: a second request would fail the test.
                let server = ModelServer::start(vec![(fault.reply)(wire, is_plain)]).unwrap();
                let hangs = fault.kind == ErrorKind::Timeout;
                let told = match ask(wire, &server, is_plain, if hangs { MOMENT } else { LONG }).await {
                    None => {
                        assert!(hangs, "{at}: nothing came");
                        assert!(server.sees_a_hang_up(LONG), "{at}: the connection stays open");
                        ErrorKind::Timeout
                    }
                    Some(Ok(answer)) => panic!("{at}: passed for an answer: {answer:?}"),
                    Some(Err(error)) => {
                        check_words(&at, wire, fault, &error);
                        error.kind
                    }
                };
                assert_eq!(told, fault.kind, "{at}");
                assert_eq!(server.received().len(), 1, "{at}");
                let cell = table.entry((row, column)).or_default();
                cell.push_str(if is_plain { " ✓" } else { "✓" });
            }
        }
    }
    let lines = faults.iter().enumerate().map(|(row, fault)| {
        let cells: String = (0..WIRES.len()).map(|column| format!(" {} |", table[&(row, column)])).collect();
        format!("| {} | `{}` |{cells}\n", fault.name, fault.kind.name())
    });
    let names: String = WIRES.iter().map(|it| format!(" {} |", it.name)).collect();
    let rule = "---|".repeat(WIRES.len());
    let printed = format!("| fault | told as |{names}\n|---|---|{rule}\n{}", lines.collect::<String>());
    let documented = include_str!("../../../docs/benchmarks.md").replace("\r\n", "\n");
    assert!(documented.contains(&printed), "docs/benchmarks.md has another table than this:\n{printed}");
}

fn check_words(at: &str, wire: &Wire, fault: &Fault, error: &ModelError) {
    let shown = format!("{at}: {error} {error:?}");
    assert!(!shown.contains(CANARY) && !shown.contains("7f3a9d2e"), "{shown}");
    assert!(!error.message.is_empty() && !error.next_step.is_empty(), "{shown}");
    assert_eq!(error.provider, wire.provider, "{shown}");
    let expected = if fault.name == "429 with Retry-After" { Some(Duration::from_secs(7)) } else { None };
    assert_eq!(error.retry_after, expected, "{shown}");
    if error.status.is_some_and(|it| it >= 400) || fault.name == "error inside a 200" {
        assert!(error.message.contains("the provider says") && error.message.contains("[key]"), "{shown}");
    }
    if fault.kind == ErrorKind::Authentication {
        assert!(error.next_step.contains("_API_KEY"), "{shown}");
    }
    if wire.provider == "azure" && fault.kind == ErrorKind::ContentFilter {
        assert!(error.message.contains("violence (high)"), "{shown}");
    }
}

#[tokio::test]
async fn an_answer_that_is_cut_anywhere_is_whole_or_none() {
    for wire in &WIRES {
        for is_plain in [false, true] {
            let whole = wire.whole(is_plain);
            // A step that is no divisor of anything, so that cuts fall everywhere.
            for cut in (0..whole.len()).step_by(37).filter(|at| whole.is_char_boundary(*at)) {
                let server = ModelServer::start(vec![wire.reply(is_plain, &whole[..cut])]).unwrap();
                match ask(wire, &server, is_plain, LONG).await.unwrap() {
                    Ok(answer) => assert_eq!(answer.text, "Grüße, 世界!", "{} at {cut}", wire.name),
                    Err(error) => assert_eq!(error.kind, ErrorKind::Truncated, "{} at {cut}: {error:?}", wire.name),
                }
            }
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_longer_than_any_is_none() {
    for wire in &WIRES {
        for is_plain in [false, true] {
            let long = wire.whole(is_plain).replace("Grüße", &"x".repeat(4 << 20));
            let server = ModelServer::start(vec![wire.reply(is_plain, &long)]).unwrap();
            let error = ask(wire, &server, is_plain, LONG).await.unwrap().unwrap_err();
            assert_eq!((error.kind, error.status), (ErrorKind::Malformed, Some(200)), "{}: {error}", wire.name);
            assert!(error.message.contains("more than 4 MiB"), "{}: {error}", wire.name);
        }
    }
}

#[tokio::test]
async fn an_answer_in_one_piece_is_the_streamed_one_to_the_last_token() {
    for wire in &WIRES {
        let mut answers = Vec::new();
        for is_plain in [false, true] {
            let server = ModelServer::start(vec![wire.reply(is_plain, wire.whole(is_plain))]).unwrap();
            let answer = ask(wire, &server, is_plain, LONG).await.unwrap().unwrap();
            let body: Value = serde_json::from_str(&server.received()[0].body).unwrap();
            assert_eq!(body["stream"], json!(!is_plain), "{}", wire.name);
            assert_eq!(answer.text, "Grüße, 世界!", "{}", wire.name);
            assert!(answer.usage.input_tokens.is_some() && answer.usage.output_tokens == Some(50), "{}", wire.name);
            answers.push(Answer { usage_original: None, ..answer });
        }
        assert_eq!(answers[0], answers[1], "{}", wire.name);
    }
}

#[tokio::test]
async fn an_answer_in_one_piece_counts_though_a_stream_was_asked_for() {
    for wire in &WIRES {
        let server = ModelServer::start(vec![wire.reply(true, wire.plain)]).unwrap();
        let answer = ask(wire, &server, false, LONG).await.unwrap().unwrap();
        assert_eq!(answer.text, "Grüße, 世界!", "{}", wire.name);
    }
}

#[tokio::test]
async fn an_answers_words_about_itself_do_not_carry_the_key() {
    for wire in &WIRES {
        for is_plain in [false, true] {
            let body = wire.whole(is_plain).replace("gpt-4o-mini", CANARY).replace("qwen3-8b", CANARY);
            let body = body.replace("claude-sonnet-4-6", CANARY).replace("llama3.2", CANARY);
            let body = body.replace("chatcmpl-9", CANARY).replace("_9", CANARY).replace("gen-9", CANARY);
            let server = ModelServer::start(vec![wire.reply(is_plain, &body)]).unwrap();
            let answer = ask(wire, &server, is_plain, LONG).await.unwrap().unwrap();
            let shown = format!("{answer:?}");
            assert!(!shown.contains(CANARY) && shown.contains("[key]"), "{}: {shown}", wire.name);
        }
    }
}

#[tokio::test]
async fn tool_calls_come_whole_out_of_every_format() {
    let streamed = |wire: &Wire| match wire.format {
        Format::Chat => concat!(
            r#"data: {"id":"c","choices":[{"delta":{"tool_calls":[{"index":0,"id":"a1","function":{"name":"look","arguments":""}}]}}]}"#,
            "\n\n",
            r#"data: {"id":"c","choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"at\""}}]}}]}"#,
            "\n\n",
            r#"data: {"id":"c","choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":":1}"}},{"index":1,"id":"a2","function":{"name":"stop","arguments":""}}]}}]}"#,
            "\n\n",
            r#"data: {"id":"c","choices":[{"delta":{},"finish_reason":"tool_calls"}]}"#,
            "\n\ndata: [DONE]\n\n",
        ),
        Format::Responses => concat!(
            r#"data: {"type":"response.function_call_arguments.delta","delta":"{\"at\""}"#,
            "\n\n",
            r#"data: {"type":"response.completed","response":{"id":"r","status":"completed","output":[{"type":"function_call","call_id":"a1","name":"look","arguments":"{\"at\":1}"},{"type":"function_call","call_id":"a2","name":"stop","arguments":""}]}}"#,
            "\n\n",
        ),
        Format::Messages => concat!(
            r#"data: {"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"a1","name":"look","input":{}}}"#,
            "\n\n",
            r#"data: {"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"at\""}}"#,
            "\n\n",
            r#"data: {"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":":1}"}}"#,
            "\n\n",
            r#"data: {"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"a2","name":"stop","input":{}}}"#,
            "\n\n",
            r#"data: {"type":"message_delta","delta":{"stop_reason":"tool_use"}}"#,
            "\n\n",
            r#"data: {"type":"message_stop"}"#,
            "\n\n",
        ),
        Format::Ollama => concat!(
            r#"{"message":{"content":"","tool_calls":[{"id":"a1","function":{"name":"look","arguments":{"at":1}}}]},"done":false}"#,
            "\n",
            r#"{"message":{"content":"","tool_calls":[{"function":{"name":"stop","arguments":{}}}]},"done":true,"done_reason":"stop"}"#,
            "\n",
        ),
    };
    for wire in &WIRES {
        let server = ModelServer::start(vec![wire.reply(false, streamed(wire))]).unwrap();
        let answer = ask(wire, &server, false, LONG).await.unwrap().unwrap();
        let second = if wire.format == Format::Ollama { "call_2" } else { "a2" };
        let call = |id: &str, name: &str, arguments: &str| ToolCall {
            id: id.into(),
            name: name.into(),
            arguments: arguments.into(),
        };
        assert_eq!(answer.tool_calls, [call("a1", "look", "{\"at\":1}"), call(second, "stop", "{}")], "{}", wire.name);
        assert_eq!((answer.finish_reason, answer.text.as_str()), (FinishReason::ToolCalls, ""), "{}", wire.name);
    }
}

#[tokio::test]
async fn a_schema_is_kept_by_a_tool_where_the_model_knows_no_other_way() {
    let wire = &WIRES[2];
    let stream = concat!(
        r#"data: {"type":"content_block_start","content_block":{"type":"tool_use","id":"a1","name":"answer","input":{}}}"#,
        "\n\n",
        r#"data: {"type":"content_block_delta","delta":{"type":"input_json_delta","partial_json":"{\"name\":\"Ana\"}"}}"#,
        "\n\n",
        r#"data: {"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":5}}"#,
        "\n\n",
        r#"data: {"type":"message_stop"}"#,
        "\n\n",
    );
    let server = ModelServer::start(vec![wire.reply(false, stream)]).unwrap();
    let provider =
        provider_for(wire.provider, &wire.config(&server), &Arc::new(Http::new(false, &config::Proxies::default())));
    let schema = json!({"type": "object", "properties": {"name": {"type": "string"}}});
    let request = ModelRequest {
        model: "claude-3-5-haiku-latest".into(),
        response_schema: Some(schema),
        ..question(wire, false)
    };
    let answer = provider.answer(&request, &mut |_| {}).await.unwrap();
    assert_eq!((answer.text.as_str(), answer.finish_reason), (r#"{"name":"Ana"}"#, FinishReason::Stop));
    assert_eq!(answer.finish_reason_original.as_deref(), Some("tool_use"));
    assert_eq!(answer.tool_calls, []);
}

#[tokio::test]
async fn plain_http_is_spoken_to_this_machine_only_unless_it_is_allowed() {
    let wire = &WIRES[0];
    let server = ModelServer::start(vec![]).unwrap();
    let mut config = wire.config(&server);
    // An address that nobody has, so that nothing goes out where the rule fails.
    config.base_url = Some("http://192.0.2.1:9/v1".into());
    let provider = provider_for("work", &config, &Arc::new(Http::new(false, &config::Proxies::default())));
    let error = provider.list_models().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::InvalidArgument, "{error:?}");
    assert!(error.next_step.contains("allow_http = true in [providers.work]"), "{error:?}");
    config.options.allow_http = true;
    let provider = provider_for("work", &config, &Arc::new(Http::new(false, &config::Proxies::default())));
    let outcome = tokio::time::timeout(MOMENT, provider.list_models()).await;
    assert!(!matches!(outcome, Ok(Err(ModelError { kind: ErrorKind::InvalidArgument, .. }))), "{outcome:?}");
}

#[tokio::test]
async fn headers_and_the_place_of_the_key_can_be_chosen() {
    let wire = &WIRES[0];
    let server = ModelServer::start(vec![Script::openai_answer("hi")]).unwrap();
    let mut config = wire.config(&server);
    config.options.key_header = Some("x-portkey-api-key".into());
    config.options.headers = vec![("x-portkey-provider".into(), "openai".into())];
    let provider = provider_for("portkey", &config, &Arc::new(Http::new(false, &config::Proxies::default())));
    provider.answer(&question(wire, false), &mut |_| {}).await.unwrap();
    let received = &server.received()[0];
    assert_eq!(received.header("x-portkey-api-key"), Some(CANARY));
    assert_eq!(received.header("x-portkey-provider"), Some("openai"));
    assert_eq!(received.header("authorization"), None);
}
