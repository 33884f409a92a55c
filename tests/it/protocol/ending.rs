//! How a server ends: by the end of its input, by a signal, with its reader, with its host.

use std::io::Read;
use std::time::Duration;

use anyhow::Context as _;
use rustix::process::Pid;
use rustix::process::Signal;
use serde_json::Value;
use serde_json::json;

use crate::harness::CARRYALL;
use crate::harness::Home;
use crate::harness::Lock;
use crate::harness::PATIENCE;
use crate::harness::Server;
use crate::harness::by_id;
use crate::harness::call;
use crate::harness::command;
use crate::harness::data_of;
use crate::harness::modern;
use crate::harness::request;

fn signal(server: &Server, signal: Signal) -> anyhow::Result<()> {
    let id = i32::try_from(server.process_id()).ok().and_then(Pid::from_raw).context("a process id")?;
    Ok(rustix::process::kill_process(id, signal)?)
}

/// A server with a write that cannot end before the lock is released.
fn server_amid_a_write(home: &Home) -> anyhow::Result<(Server, Lock)> {
    let mut server = home.server()?;
    server.call("remember", json!({"content": "the first"}))?;
    let lock = Lock::take(home)?;
    server.send(&call(70, "remember", json!({"content": "the second"})))?;
    // Answered although the write is not: it came later, so the write has begun.
    server.call("read_context", json!({"scope": "global"}))?;
    Ok((server, lock))
}

#[test]
fn a_signal_lets_open_calls_finish() -> anyhow::Result<()> {
    for kind in [Signal::TERM, Signal::INT] {
        let home = Home::new()?;
        let (server, lock) = server_amid_a_write(&home)?;
        signal(&server, kind)?;
        lock.release()?;
        let ended = server.wait()?;
        assert!(ended.status.success(), "{}: {}", ended.status, ended.stderr);
        data_of(by_id(&ended.messages, &json!(70))?)?;
        let found = home.server()?.call("recall", json!({"query": "second"}))?;
        assert_eq!(found["memories"].as_array().map(Vec::len), Some(1));
    }
    Ok(())
}

#[test]
fn a_signal_ends_calls_that_do_not_finish_within_the_grace() -> anyhow::Result<()> {
    let home = Home::new()?;
    let (server, lock) = server_amid_a_write(&home)?;
    signal(&server, Signal::TERM)?;
    let ended = server.wait()?;
    assert!(ended.status.success(), "{}: {}", ended.status, ended.stderr);
    assert!(ended.took < Duration::from_secs(8), "took {:?}", ended.took);
    lock.release()
}

#[test]
fn a_signal_ends_an_idle_server_at_once() -> anyhow::Result<()> {
    for kind in [Signal::TERM, Signal::INT] {
        let home = Home::new()?;
        let mut server = home.server()?;
        server.call("recall", json!({"query": ""}))?;
        signal(&server, kind)?;
        let ended = server.wait()?;
        assert!(ended.status.success(), "{}: {}", ended.status, ended.stderr);
    }
    Ok(())
}

#[test]
fn the_end_of_the_input_waits_for_open_calls() -> anyhow::Result<()> {
    let home = Home::new()?;
    let (mut server, lock) = server_amid_a_write(&home)?;
    server.end_input();
    lock.release()?;
    let ended = server.wait()?;
    assert!(ended.status.success());
    data_of(by_id(&ended.messages, &json!(70))?)?;
    Ok(())
}

#[test]
fn a_broken_output_ends_the_server() -> anyhow::Result<()> {
    let home = Home::new()?;
    let mut child = home.carryall(&[]).spawn()?;
    drop(child.stdout.take());
    // Its input stays open: nothing but the broken output tells it that nobody is there.
    let mut input = child.stdin.take().context("stdin is a pipe")?;
    let line = request(json!(1), "tools/list", modern(json!({})));
    std::io::Write::write_all(&mut input, format!("{line}\n").as_bytes())?;
    let mut stderr = child.stderr.take().context("stderr is a pipe")?;
    let text = in_time(move || {
        let mut text = String::new();
        stderr.read_to_string(&mut text).map(|_| text)
    })??;
    child.wait()?;
    assert!(!text.contains("panicked"), "{text}");
    drop(input);
    Ok(())
}

#[test]
fn a_reader_that_goes_while_a_call_is_open_ends_the_server() -> anyhow::Result<()> {
    let home = Home::new()?;
    home.server()?.call("remember", json!({"content": "the first"}))?;
    let lock = Lock::take(&home)?;
    let mut child = home.carryall(&[]).spawn()?;
    let mut input = child.stdin.take().context("stdin is a pipe")?;
    let line = call(1, "remember", json!({"content": "the second"}));
    std::io::Write::write_all(&mut input, format!("{line}\n").as_bytes())?;
    drop(input);
    drop(child.stdout.take());
    let mut stderr = child.stderr.take().context("stderr is a pipe")?;
    in_time(move || stderr.read_to_end(&mut Vec::new()))??;
    child.wait()?;
    lock.release()
}

#[test]
fn no_server_outlives_its_host() -> anyhow::Result<()> {
    let home = Home::new()?;
    // The host is a shell that holds both pipes of a server; stderr stays open until the last of the two has gone.
    let script = "mkfifo in out && { \"$0\" <in >out & } && exec 3>in 4<out && printf '%s\\n' '$REQUEST' >&3 \
        && read -r line <&4 && printf '%s\\n' \"$line\" && read -r forever";
    let line = request(json!(1), "tools/list", modern(json!({})));
    let script = script.replace("$REQUEST", &line.to_string());
    let mut host = command("sh");
    host.args(["-c", &script, CARRYALL]).envs(home.environment()).current_dir(home.workspace());
    host.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut host = host.stderr(std::process::Stdio::piped()).spawn()?;
    let mut answer = String::new();
    let stdout = host.stdout.take().context("stdout is a pipe")?;
    std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut answer)?;
    assert!(serde_json::from_str::<Value>(&answer)?["result"]["tools"].is_array(), "{answer}");
    host.kill()?;
    let mut stderr = host.stderr.take().context("stderr is a pipe")?;
    in_time(move || stderr.read_to_end(&mut Vec::new()))??;
    host.wait()?;
    Ok(())
}

/// What `work` returns, when it does so in time.
fn in_time<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> anyhow::Result<T> {
    let (done, result) = std::sync::mpsc::channel();
    std::thread::spawn(move || done.send(work()));
    result.recv_timeout(PATIENCE).context("a process is still there")
}

#[test]
fn every_log_line_of_a_call_has_its_trace_id() -> anyhow::Result<()> {
    for format in ["json", "text"] {
        let home = Home::new()?.with("CARRYALL_LOG_FORMAT", format).with("RUST_LOG", "carryall=info");
        let mut server = home.server()?;
        let stored = server.call("remember", json!({"content": "logged"}))?;
        let trace_id = stored["trace_id"].as_str().context("a trace id")?.to_owned();
        let stderr = server.finish()?.stderr;
        let lines: Vec<&str> = stderr.lines().filter(|it| it.contains("answered")).collect();
        assert!(!lines.is_empty() && lines.iter().all(|it| it.contains(&trace_id)), "{stderr}");
        if format == "json" {
            serde_json::from_str::<Value>(lines[0])?;
        }
    }
    Ok(())
}
