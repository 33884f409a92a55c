//! What `ask` adds to the HTTP call to a model, against an upstream on a loopback address. Prints a table in Markdown.
//!
//! `cargo bench --bench ask`

#![expect(clippy::print_stdout, reason = "the table is what it is for")]
#![expect(clippy::disallowed_methods, reason = "starts the program that it measures, and tasks of its own")]

use std::io::BufRead;
use std::io::BufReader;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;
use std::time::Instant;

use anyhow::Context;
use carryall::app::App;
use carryall::clock::Clock;
use carryall::config::Environment;
use carryall::config::Flags;
use carryall::http::Client;
use carryall::http::Request;
use carryall::models::Message;
use carryall::models::ModelRequest;
use carryall::models::Role;
use carryall::trace::Call;
use carryall::trace::Progress;
use serde_json::Value;
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio_util::sync::CancellationToken;
use url::Url;

const BINARY: &str = env!("CARGO_BIN_EXE_carryall");

/// How often a short thing is measured; the median is reported.
const TIMES: usize = 400;

const ANSWER: &str = "data: {\"id\":\"c\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Friday\"}}]}\n\n\
    data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n\
    data: {\"id\":\"c\",\"choices\":[],\"usage\":{\"prompt_tokens\":20,\"completion_tokens\":5}}\n\n\
    data: [DONE]\n\n";

/// An upstream that answers every request with [`ANSWER`] after `delay`, on a thread of its own.
fn upstream(delay: Duration) -> anyhow::Result<SocketAddr> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::spawn(move || {
        runtime.block_on(async move {
            let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, delay));
            }
        });
    });
    Ok(address)
}

async fn serve(mut stream: tokio::net::TcpStream, delay: Duration) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut bytes: Vec<u8> = Vec::new();
    loop {
        let end = loop {
            if let Some(at) = bytes.windows(4).position(|it| it == b"\r\n\r\n") {
                break at + 4;
            }
            if stream.read_buf(&mut bytes).await? == 0 {
                return Ok(());
            }
        };
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        let length = head.lines().find_map(|it| it.strip_prefix("content-length:")?.trim().parse().ok()).unwrap_or(0);
        while bytes.len() < end + length {
            if stream.read_buf(&mut bytes).await? == 0 {
                return Ok(());
            }
        }
        bytes.drain(..end + length);
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        let reply = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {}\r\n\r\n{ANSWER}",
            ANSWER.len()
        );
        stream.write_all(reply.as_bytes()).await?;
    }
}

fn app(folder: &Path, address: SocketAddr) -> anyhow::Result<Arc<App>> {
    let variables = [
        ("CARRYALL_DB", folder.join("bench.db").into_os_string()),
        ("LLM_PROVIDER", "openai".into()),
        ("OPENAI_BASE_URL", format!("http://{address}/v1").into()),
        ("OPENAI_API_KEY", "sk-bench".into()),
        ("OPENAI_MODEL", "gpt-4o-mini".into()),
    ];
    let environment = Environment {
        variables: variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        working_folder: folder.to_path_buf(),
        ..Environment::default()
    };
    Ok(App::new(carryall::config::resolve(&Flags::default(), &environment)?.config, Clock::system()))
}

/// Sorted times in milliseconds, and the one at a share of them.
struct Times(Vec<f64>);

impl Times {
    fn new(mut times: Vec<f64>) -> Times {
        times.sort_by(f64::total_cmp);
        Times(times)
    }

    fn at(&self, share: f64) -> f64 {
        self.0[((self.0.len() - 1) as f64 * share) as usize]
    }
}

fn row(what: &str, target: &str, median: f64, slow: f64) {
    println!("| {what} | {target} | {median:.3} ms | {slow:.3} ms |");
}

fn millis(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

/// One direct call: times to its first piece and to its end.
async fn direct(client: &Client, url: &Url) -> anyhow::Result<(f64, f64)> {
    let body = json!({"model": "gpt-4o-mini", "stream": true, "messages": [{"role": "user", "content": "When?"}]});
    let begun = Instant::now();
    let headers = vec![
        ("authorization".to_owned(), "Bearer sk-bench".to_owned()),
        ("content-type".to_owned(), "application/json".to_owned()),
    ];
    let body = Some(body.to_string().into_bytes());
    let mut response = client.send(Request { method: hyper::Method::POST, url, headers, body }).await?;
    let mut first = None;
    while let Some(_piece) = response.chunk().await? {
        first.get_or_insert_with(|| millis(begun));
    }
    Ok((first.context("an empty reply")?, millis(begun)))
}

/// One call of the tool: times to its first piece and to its end.
async fn ask(app: &Arc<App>, arguments: Value) -> anyhow::Result<(f64, f64)> {
    let begun = Instant::now();
    let first = Arc::new(Mutex::new(None));
    let into = Arc::clone(&first);
    let progress = Progress::to(move |_| {
        if let Ok(mut first) = into.lock() {
            first.get_or_insert_with(|| millis(begun));
        }
    });
    let answer = carryall::server::call_locally(app, "ask", arguments, progress, CancellationToken::new()).await;
    let all = millis(begun);
    answer.map_err(|failure| anyhow::anyhow!("{}", failure.text()))?;
    let first = first.lock().map_or(None, |it| *it).unwrap_or(all);
    Ok((first, all))
}

async fn measured(folder: &Path) -> anyhow::Result<()> {
    let address = upstream(Duration::ZERO)?;
    let app = app(folder, address)?;
    let client = Client::new(&carryall::config::Proxies::default(), Duration::from_secs(10));
    let url: Url = format!("http://{address}/v1/chat/completions").parse()?;
    let route = app.asker.models.choose(None, None)?.context("no route")?;
    let request =
        ModelRequest { messages: vec![Message::new(Role::User, "When?".to_owned())], ..ModelRequest::default() };
    let (mut plain, mut plain_first, mut routed) = (Vec::new(), Vec::new(), Vec::new());
    let (mut full, mut first, mut kept) = (Vec::new(), Vec::new(), Vec::new());
    for at in 0..TIMES + 20 {
        // Side by side, so that what else the machine does hits all of them alike.
        let (direct_first, direct_all) = direct(&client, &url).await?;
        let begun = Instant::now();
        let call = Call::silent();
        app.asker.models.ask(&route, &request, &[], Duration::from_secs(60), &mut |_| {}, &call).await?;
        let routed_all = millis(begun);
        let session = format!("s{}", at % 10);
        let asked = ask(&app, json!({"message": "When?", "context": "none", "session_id": session})).await?;
        let again = ask(&app, json!({"message": "When?", "context": "none", "temperature": 0})).await?;
        if at >= 20 {
            plain.push(direct_all);
            plain_first.push(direct_first);
            routed.push(routed_all);
            full.push(asked.1);
            first.push(asked.0);
            kept.push(again.1);
        }
    }
    let [plain, plain_first, routed, full, first, kept] =
        [plain, plain_first, routed, full, first, kept].map(Times::new);
    row("a direct call", "", plain.at(0.5), plain.at(0.95));
    let added = |it: &Times, base: &Times| (it.at(0.5) - base.at(0.5), it.at(0.95) - base.at(0.95));
    let (median, slow) = added(&routed, &plain);
    row("added by the router alone", "≤ 0.15 ms", median, slow);
    let (median, slow) = added(&full, &plain);
    row("added by `ask`, with history, turns, speed and trace written", "≤ 1 ms", median, slow);
    let (median, slow) = added(&first, &plain_first);
    row("the first streamed piece comes later by", "≤ 0.5 ms", median, slow);
    row("a kept answer, in all", "≤ 1 ms", kept.at(0.5), kept.at(0.95));
    Ok(())
}

/// A thousand questions at once to an upstream that takes 200 ms each.
fn thousand(folder: &Path) -> anyhow::Result<()> {
    const ASKS: u64 = 1_000;
    let address = upstream(Duration::from_millis(200))?;
    let config = folder.join("config.toml");
    std::fs::write(&config, "concurrency = 1024\n[ask]\nconcurrency = 2000\n")?;
    let mut child = Command::new(BINARY)
        .env_clear()
        .env("CARRYALL_DB", folder.join("thousand.db"))
        .env("CARRYALL_CONFIG", &config)
        .env("HOME", folder)
        .env("LLM_PROVIDER", "openai")
        .env("OPENAI_BASE_URL", format!("http://{address}/v1"))
        .env("OPENAI_API_KEY", "sk-bench")
        .env("OPENAI_MODEL", "gpt-4o-mini")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut stdin = child.stdin.take().context("no stdin")?;
    let mut stdout = BufReader::new(child.stdout.take().context("no stdout")?);
    let mut line = String::new();
    let hello = json!({"jsonrpc": "2.0", "id": "hello", "method": "initialize", "params": {
        "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}}});
    writeln!(stdin, "{hello}")?;
    stdout.read_line(&mut line)?;
    writeln!(stdin, "{}", json!({"jsonrpc": "2.0", "method": "notifications/initialized"}))?;
    let begun = Instant::now();
    let writer = std::thread::spawn(move || -> std::io::Result<_> {
        for id in 0..ASKS {
            let arguments = json!({"message": format!("When? {id}"), "context": "none"});
            let params = json!({"name": "ask", "arguments": arguments});
            writeln!(stdin, "{}", json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params}))?;
        }
        Ok(stdin)
    });
    let mut answered = 0;
    for _ in 0..ASKS {
        line.clear();
        anyhow::ensure!(stdout.read_line(&mut line)? > 0, "the server has gone");
        answered += u64::from(line.contains("Friday") && !line.contains("\"isError\":true"));
    }
    let took = begun.elapsed();
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id()))?;
    let peak: f64 = status
        .lines()
        .find_map(|it| it.strip_prefix("VmHWM:")?.trim().trim_end_matches(" kB").parse().ok())
        .context("no such field")?;
    println!(
        "| 1,000 asks at once, 200 ms each: {answered} answered | < 3 s, ≤ 60 MiB | {:.2} s | {:.1} MiB at the highest |",
        took.as_secs_f64(),
        peak / 1024.0
    );
    drop(writer.join().map_err(|_| anyhow::anyhow!("a thread panicked"))??);
    child.wait()?;
    Ok(())
}

fn main() -> anyhow::Result<()> {
    let folder = tempfile::Builder::new().prefix("carryall-bench").tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    println!("| what | target | median | 95 % |\n|---|---|---|---|");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(measured(folder.path()))?;
    thousand(folder.path())
}
