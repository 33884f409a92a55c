//! Every wire format against chance: however a stream is cut, mixed, broken off or spoilt, it is the whole answer or an
//! error, and nothing ends the process.
//!
//! `cargo test --lib -- --ignored hundred_thousand` takes minutes and tries many more.

use futures_util::FutureExt;
use proptest::prelude::*;
use serde_json::Value;
use serde_json::json;

use crate::http::Response;
use crate::models::Answer;
use crate::models::FinishReason;
use crate::models::anthropic;
use crate::models::error::Fault;
use crate::models::ollama;
use crate::models::openai;
use crate::models::reading;
use crate::models::responses;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Chat,
    Responses,
    Anthropic,
    Ollama,
}

const FORMATS: [Format; 4] = [Format::Chat, Format::Responses, Format::Anthropic, Format::Ollama];

/// What a model says.
#[derive(Clone, Debug)]
struct Said {
    pieces: Vec<String>,
    /// Name and arguments of a call, at the end.
    call: Option<(String, u32)>,
    is_cut_short: bool,
    input: u64,
    output: u64,
}

impl Said {
    fn text(&self) -> String {
        self.pieces.concat()
    }
}

fn said() -> impl Strategy<Value = Said> {
    let piece = prop_oneof![any::<String>(), "[a-z \n\r\"\\\\{}]{1,12}", Just("data: [DONE]\n\n".to_owned())];
    let call = prop::option::of(("[a-z_]{1,12}", any::<u32>()));
    (prop::collection::vec(piece, 1..6), call, any::<bool>(), 0_u64..1_000_000, 0_u64..1_000_000).prop_map(
        |(mut pieces, call, is_cut_short, input, output)| {
            pieces.retain(|it| !it.is_empty());
            pieces.insert(0, "x".to_owned());
            Said { pieces, call, is_cut_short, input, output }
        },
    )
}

impl Format {
    /// The parts of a stream; its end marker is in the last one of them that is not only the usage or `[DONE]`. With it,
    /// how many parts are needed for a whole answer.
    fn stream(self, said: &Said) -> (Vec<String>, usize) {
        let data = |it: Value| format!("data: {it}\n\n");
        let event = |it: Value| format!("event: {}\ndata: {it}\n\n", it["type"].as_str().unwrap());
        let call = said.call.as_ref().map(|(name, at)| (name.as_str(), format!("{{\"at\":{at}}}")));
        match self {
            Format::Chat => {
                let chunk = |delta: Value, reason: Value| {
                    data(
                        json!({"id": "c", "model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}),
                    )
                };
                let mut parts: Vec<String> =
                    said.pieces.iter().map(|it| chunk(json!({"content": it}), Value::Null)).collect();
                if let Some((name, arguments)) = &call {
                    let (begun, rest) = arguments.split_at(3);
                    let of = |it: Value| chunk(json!({"tool_calls": [it]}), Value::Null);
                    parts.push(of(json!({"index": 0, "id": "c1", "function": {"name": name, "arguments": begun}})));
                    parts.push(of(json!({"index": 0, "function": {"arguments": rest}})));
                }
                parts.push(chunk(json!({}), json!(self.reason(said))));
                let needed = parts.len();
                let usage = json!({"prompt_tokens": said.input, "completion_tokens": said.output});
                parts.push(data(json!({"id": "c", "model": "m", "choices": [], "usage": usage})));
                parts.push("data: [DONE]\n\n".to_owned());
                (parts, needed)
            }
            Format::Responses => {
                let delta = |it: &String| event(json!({"type": "response.output_text.delta", "delta": it}));
                let mut parts: Vec<String> = said.pieces.iter().map(delta).collect();
                let name = if said.is_cut_short { "response.incomplete" } else { "response.completed" };
                parts.push(event(json!({"type": name, "response": self.document(said)})));
                let needed = parts.len();
                (parts, needed)
            }
            Format::Anthropic => {
                let usage = json!({"input_tokens": said.input, "output_tokens": 1});
                let mut parts = vec![
                    event(json!({"type": "message_start", "message": {"id": "c", "model": "m", "usage": usage}})),
                    event(
                        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
                    ),
                ];
                let delta = |it: &String| {
                    event(
                        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": it}}),
                    )
                };
                parts.extend(said.pieces.iter().map(delta));
                parts.push(event(json!({"type": "content_block_stop", "index": 0})));
                if let Some((name, arguments)) = &call {
                    let block = json!({"type": "tool_use", "id": "c1", "name": name, "input": {}});
                    parts.push(event(json!({"type": "content_block_start", "index": 1, "content_block": block})));
                    let delta = json!({"type": "input_json_delta", "partial_json": arguments});
                    parts.push(event(json!({"type": "content_block_delta", "index": 1, "delta": delta})));
                    parts.push(event(json!({"type": "content_block_stop", "index": 1})));
                }
                let usage = json!({"output_tokens": said.output});
                let delta = json!({"stop_reason": self.reason(said)});
                parts.push(event(json!({"type": "message_delta", "delta": delta, "usage": usage})));
                parts.push(event(json!({"type": "message_stop"})));
                let needed = parts.len();
                (parts, needed)
            }
            Format::Ollama => {
                let line =
                    |text: &String| format!("{}\n", json!({"model": "m", "message": {"content": text}, "done": false}));
                let mut parts: Vec<String> = said.pieces.iter().map(line).collect();
                let mut last = self.document(said);
                last["message"]["content"] = json!("");
                parts.push(format!("{last}\n"));
                let needed = parts.len();
                (parts, needed)
            }
        }
    }

    /// The same in one piece.
    fn document(self, said: &Said) -> Value {
        let call = said.call.as_ref().map(|(name, at)| (name.as_str(), *at));
        match self {
            Format::Chat => {
                let mut message = json!({"role": "assistant", "content": said.text()});
                if let Some((name, at)) = call {
                    let function = json!({"name": name, "arguments": format!("{{\"at\":{at}}}")});
                    message["tool_calls"] = json!([{"id": "c1", "type": "function", "function": function}]);
                }
                let usage = json!({"prompt_tokens": said.input, "completion_tokens": said.output});
                json!({"id": "c", "model": "m", "choices": [{"index": 0, "message": message,
                    "finish_reason": self.reason(said)}], "usage": usage})
            }
            Format::Responses => {
                let text = json!({"type": "output_text", "text": said.text()});
                let mut output = vec![json!({"type": "message", "content": [text]})];
                if let Some((name, at)) = call {
                    let arguments = format!("{{\"at\":{at}}}");
                    output
                        .push(json!({"type": "function_call", "call_id": "c1", "name": name, "arguments": arguments}));
                }
                let usage = json!({"input_tokens": said.input, "output_tokens": said.output});
                let mut whole =
                    json!({"id": "c", "model": "m", "status": "completed", "output": output, "usage": usage});
                if said.is_cut_short {
                    whole["status"] = json!("incomplete");
                    whole["incomplete_details"] = json!({"reason": "max_output_tokens"});
                }
                whole
            }
            Format::Anthropic => {
                let mut content = vec![json!({"type": "text", "text": said.text()})];
                if let Some((name, at)) = call {
                    content.push(json!({"type": "tool_use", "id": "c1", "name": name, "input": {"at": at}}));
                }
                let usage = json!({"input_tokens": said.input, "output_tokens": said.output});
                json!({"type": "message", "id": "c", "model": "m", "content": content, "stop_reason": self.reason(said),
                    "usage": usage})
            }
            Format::Ollama => {
                let mut message = json!({"role": "assistant", "content": said.text()});
                if let Some((name, at)) = call {
                    message["tool_calls"] = json!([{"function": {"name": name, "arguments": {"at": at}}}]);
                }
                json!({"model": "m", "message": message, "done": true, "done_reason": self.reason(said),
                    "prompt_eval_count": said.input, "eval_count": said.output})
            }
        }
    }

    fn reason(self, said: &Said) -> &'static str {
        match (self, said.is_cut_short, said.call.is_some()) {
            (Format::Anthropic, true, _) => "max_tokens",
            (Format::Anthropic, _, true) => "tool_use",
            (Format::Anthropic, ..) => "end_turn",
            (_, true, _) => "length",
            (Format::Chat, _, true) => "tool_calls",
            _ => "stop",
        }
    }

    /// What may stand between two parts and means nothing.
    fn noise(self) -> &'static [&'static str] {
        match self {
            Format::Ollama => &["\n", "\r\n"],
            Format::Anthropic => &[": comment\n\n", "\n", "event: ping\ndata: {\"type\": \"ping\"}\n\n"],
            Format::Responses => &[": comment\n\n", "event: x\ndata: {\"type\": \"response.in_progress\"}\n\n", "\r\n"],
            Format::Chat => &[": OPENROUTER PROCESSING\n\n", "\n\n", "data: {\"choices\": []}\n\n", "retry: 5\n\n"],
        }
    }

    /// Reads `bytes` that come in `cuts` pieces; with the pieces that were shown.
    fn read(self, bytes: &[u8], cuts: &[usize], is_plain: bool) -> (Result<Answer, Fault>, String) {
        let mut ends: Vec<usize> = cuts.iter().map(|it| it % (bytes.len() + 1)).chain([bytes.len()]).collect();
        ends.sort_unstable();
        let mut from = 0;
        let pieces = ends.into_iter().map(|to| bytes[std::mem::replace(&mut from, to)..to].to_vec()).collect();
        let kind = match (is_plain, self) {
            (true, _) => "application/json",
            (false, Format::Ollama) => "application/x-ndjson",
            (false, _) => "text/event-stream",
        };
        let response = Response::of(kind, pieces);
        let mut shown = String::new();
        let mut show = |it: &str| shown.push_str(it);
        let read = match self {
            Format::Chat => reading::read(response, is_plain, openai::Chat::default(), &mut show).now_or_never(),
            Format::Responses => {
                reading::read(response, is_plain, responses::Responses::default(), &mut show).now_or_never()
            }
            Format::Anthropic => {
                reading::read(response, is_plain, anthropic::Messages::default(), &mut show).now_or_never()
            }
            Format::Ollama => ollama::read(response, &mut show).now_or_never(),
        };
        (read.expect("all of it is here"), shown)
    }
}

/// Streamed equals plain, whatever the cuts and whatever stands between.
fn streamed_is_plain(format: Format, said: &Said, cuts: &[usize], between: &[usize]) -> Result<(), TestCaseError> {
    let (parts, _) = format.stream(said);
    let noise = format.noise();
    let mut stream = String::new();
    for (at, part) in parts.iter().enumerate() {
        if let Some(which) = between.get(at).filter(|it| **it % 3 == 0) {
            stream.push_str(noise[which % noise.len()]);
        }
        stream.push_str(part);
    }
    let (streamed, shown) = format.read(stream.as_bytes(), cuts, false);
    let (plain, _) = format.read(format.document(said).to_string().as_bytes(), cuts, true);
    let (streamed, plain) = (streamed.map_err(|it| it.message), plain.map_err(|it| it.message));
    let (Ok(streamed), Ok(plain)) = (&streamed, &plain) else {
        return Err(TestCaseError::fail(format!("{format:?}: {streamed:?} / {plain:?}")));
    };
    prop_assert_eq!(&streamed.text, &said.text());
    prop_assert_eq!(&shown, &said.text());
    prop_assert_eq!(&streamed.text, &plain.text);
    prop_assert_eq!(streamed.finish_reason, plain.finish_reason);
    prop_assert_eq!(streamed.usage, plain.usage);
    prop_assert_eq!(streamed.usage.output_tokens, Some(said.output));
    let calls = |it: &Answer| -> Vec<(String, Value)> {
        it.tool_calls.iter().map(|it| (it.name.clone(), serde_json::from_str(&it.arguments).unwrap())).collect()
    };
    prop_assert_eq!(calls(streamed), calls(plain));
    let expected = match (said.is_cut_short, &said.call) {
        (true, _) => FinishReason::Length,
        (false, Some(_)) => FinishReason::ToolCalls,
        (false, None) => FinishReason::Stop,
    };
    prop_assert_eq!(streamed.finish_reason, expected);
    Ok(())
}

/// A stream that ends before its end marker is never an answer.
fn half_is_none(format: Format, said: &Said, cuts: &[usize], at: usize) -> Result<(), TestCaseError> {
    let (parts, needed) = format.stream(said);
    let before = parts[..needed - 1].concat();
    // Of the last part all but its line end and the brace before would do.
    let last = parts[needed - 1].trim_end().len() - 1;
    let whole = [before.as_str(), &parts[needed - 1]].concat();
    let end = at % (before.len() + last + 1);
    let (read, _) = format.read(&whole.as_bytes()[..end], cuts, false);
    prop_assert!(read.is_err(), "{:?}: half passed for a whole: {:?}", format, read);
    Ok(())
}

/// Spoilt bytes end in an answer or an error; an answer without the word of the end marker is none.
fn harm_is_told(format: Format, bytes: &[u8], cuts: &[usize]) -> Result<(), TestCaseError> {
    let markers: &[&str] = match format {
        Format::Chat => &["finish_reason"],
        Format::Responses => &["response.completed", "response.incomplete"],
        Format::Anthropic => &["message_stop"],
        Format::Ollama => &["done"],
    };
    let (read, shown) = format.read(bytes, cuts, false);
    if let Ok(answer) = read {
        let text = String::from_utf8_lossy(bytes);
        prop_assert!(markers.iter().any(|it| text.contains(it)), "{:?}: {:?}", format, answer);
        prop_assert!(!answer.text.is_empty() || !answer.tool_calls.is_empty());
        prop_assert!(answer.text.starts_with(&shown));
    }
    let _ = format.read(bytes, cuts, true);
    Ok(())
}

fn spoilt(format: Format, said: &Said, changes: &[(usize, u8, u8)]) -> Vec<u8> {
    let mut bytes = format.stream(said).0.concat().into_bytes();
    for (at, how, byte) in changes {
        let at = at % bytes.len().max(1);
        match how % 4 {
            _ if bytes.is_empty() => bytes.push(*byte),
            0 => bytes[at] = *byte,
            1 => drop(bytes.remove(at)),
            2 => bytes.insert(at, *byte),
            _ => {
                let end = (at + usize::from(*byte)).min(bytes.len());
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
        }
    }
    bytes
}

fn cuts() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(any::<usize>(), 0..24)
}

fn changes() -> impl Strategy<Value = Vec<(usize, u8, u8)>> {
    prop::collection::vec((any::<usize>(), any::<u8>(), any::<u8>()), 1..8)
}

fn all(said: &Said, cuts: &[usize], at: usize, changes: &[(usize, u8, u8)], bytes: &[u8]) -> Result<(), TestCaseError> {
    let between: Vec<usize> = cuts.iter().rev().copied().collect();
    for format in FORMATS {
        streamed_is_plain(format, said, cuts, &between)?;
        half_is_none(format, said, cuts, at)?;
        harm_is_told(format, &spoilt(format, said, changes), cuts)?;
        harm_is_told(format, bytes, cuts)?;
    }
    Ok(())
}

proptest! {
    #[test]
    fn a_stream_is_its_whole_answer_or_an_error(
        said in said(), cuts in cuts(), at in any::<usize>(), changes in changes(),
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        all(&said, &cuts, at, &changes, &bytes)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100_000))]
    #[test]
    #[ignore = "takes minutes"]
    fn a_hundred_thousand_streams_are_their_whole_answer_or_an_error(
        said in said(), cuts in cuts(), at in any::<usize>(), changes in changes(),
        bytes in prop::collection::vec(any::<u8>(), 0..2000),
    ) {
        all(&said, &cuts, at, &changes, &bytes)?;
    }
}
