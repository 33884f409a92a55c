//! Models behind https, with the real server: whom it trusts, and that a key goes to nobody else.

use std::io::Read;
use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;

use anyhow::Context;
use rustls::ServerConfig;
use rustls::ServerConnection;
use rustls::StreamOwned;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::PrivateKeyDer;
use serde_json::json;

use crate::harness::Home;

const KEY: &str = "sk-test-key-of-this-one";

const ANSWER: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Fridays.\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

fn fixture(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tls").join(name)
}

/// A provider behind TLS at `host`: its port, and every request that it could read.
fn provider(host: &str) -> anyhow::Result<(u16, Arc<Mutex<Vec<String>>>)> {
    let certificate = CertificateDer::from(std::fs::read(fixture("localhost.cert.der"))?);
    let key = PrivateKeyDer::try_from(std::fs::read(fixture("localhost.key.der"))?).map_err(anyhow::Error::msg)?;
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(ring)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)?;
    let config = Arc::new(config);
    let listener = TcpListener::bind((host, 0))?;
    let port = listener.local_addr()?.port();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let into = Arc::clone(&heard);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (config, into) = (Arc::clone(&config), Arc::clone(&into));
            std::thread::spawn(move || -> anyhow::Result<()> {
                let mut stream = StreamOwned::new(ServerConnection::new(config)?, stream);
                // Two on one connection.
                for _ in 0..2 {
                    let mut request = Vec::new();
                    let mut piece = [0; 4096];
                    while !request.ends_with(b"}") {
                        let count = stream.read(&mut piece)?;
                        anyhow::ensure!(count > 0, "closed");
                        request.extend_from_slice(&piece[..count]);
                    }
                    if let Ok(mut into) = into.lock() {
                        into.push(String::from_utf8_lossy(&request).into_owned());
                    }
                    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length";
                    stream.write_all(format!("{head}: {}\r\n\r\n{ANSWER}", ANSWER.len()).as_bytes())?;
                    stream.flush()?;
                }
                Ok(())
            });
        }
    });
    Ok((port, heard))
}

fn home(host: &str, port: u16) -> anyhow::Result<Home> {
    Ok(Home::new()?
        .with("LLM_PROVIDER", "openai")
        .with("OPENAI_BASE_URL", format!("https://{host}:{port}/v1"))
        .with("OPENAI_API_KEY", KEY)
        .with("OPENAI_MODEL", "gpt-4o-mini"))
}

#[test]
#[cfg(target_os = "linux")]
fn a_provider_with_a_certificate_of_the_machine_s_is_asked_and_no_other() -> anyhow::Result<()> {
    let (port, heard) = provider("127.0.0.1")?;
    let count = || heard.lock().map(|it| it.len()).unwrap_or_default();
    let trusted = fixture("ca.pem").to_string_lossy().into_owned();
    let ask = json!({"message": "When?", "context": "none"});
    for host in ["localhost", "127.0.0.1"] {
        let mut server = home(host, port)?.with("SSL_CERT_FILE", &trusted).server()?;
        for _ in 0..2 {
            assert_eq!(server.call("ask", ask.clone())?["answer"], "Fridays.");
        }
    }
    assert_eq!(count(), 4);
    let first = heard.lock().ok().and_then(|it| it.first().cloned()).context("nothing was heard")?;
    assert!(first.contains(&format!("authorization: Bearer {KEY}\r\n")), "{first}");

    // Nobody signed this one, as far as an empty list of authorities knows.
    let empty = home("localhost", port)?.with("SSL_CERT_FILE", "/dev/null");
    let failed = empty.server()?.fail("ask", ask.clone())?;
    assert_eq!(failed["kind"], "unreachable", "{failed}");
    // The certificate is another one's.
    let (port, heard_by_other) = provider("127.0.0.2")?;
    let mut other = home("127.0.0.2", port)?.with("SSL_CERT_FILE", &trusted).server()?;
    let failed = other.fail("ask", ask)?;
    assert_eq!(failed["kind"], "unreachable", "{failed}");
    assert_eq!(count(), 4, "a key went to whom nobody vouches for");
    assert!(heard_by_other.lock().is_ok_and(|it| it.is_empty()), "a key went to another one");
    Ok(())
}
