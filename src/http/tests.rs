//! The client against servers that answer as real ones do, and as none should.

use std::io::Read;
use std::io::Write;
use std::net::TcpListener;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use hyper::Method;
use url::Url;

use super::*;
use crate::config;
use crate::config::Secret;

/// A server that answers the requests of each connection by the replies in turn, then closes it. Returns its address,
/// and what it was sent, a connection an entry.
fn server(replies: &'static [&'static [u8]]) -> (Url, Arc<Mutex<Vec<String>>>) {
    let (url, heard, _) = closing_server(replies);
    (url, heard)
}

/// The same, and tells each time that it has closed a connection.
fn closing_server(replies: &'static [&'static [u8]]) -> (Url, Arc<Mutex<Vec<String>>>, Receiver<()>) {
    let (closed, closes) = std::sync::mpsc::channel();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = Url::parse(&format!("http://{}/v1/ask?x=1", listener.local_addr().unwrap())).unwrap();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let into = Arc::clone(&heard);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let at = {
                let mut heard = into.lock().unwrap();
                heard.push(String::new());
                heard.len() - 1
            };
            let (into, closed) = (Arc::clone(&into), closed.clone());
            std::thread::spawn(move || {
                serve(stream, replies, |text| into.lock().unwrap()[at].push_str(text));
                let _ = closed.send(());
            });
        }
    });
    (url, heard, closes)
}

fn serve(mut stream: TcpStream, replies: &[&[u8]], heard: impl Fn(&str)) {
    for reply in replies {
        let mut request = Vec::new();
        let mut byte = [0];
        let length = loop {
            if !matches!(stream.read(&mut byte), Ok(1)) {
                return;
            }
            request.push(byte[0]);
            if request.ends_with(b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&request).to_lowercase();
                let length = head.lines().find_map(|it| it.strip_prefix("content-length:")?.trim().parse().ok());
                break length.unwrap_or(0_usize);
            }
        };
        let mut body = vec![0; length];
        if stream.read_exact(&mut body).is_err() {
            return;
        }
        request.extend(body);
        heard(&String::from_utf8_lossy(&request));
        if stream.write_all(reply).is_err() {
            return;
        }
    }
}

fn client() -> Client {
    Client::new(&config::Proxies::default(), Duration::from_secs(5))
}

fn post(url: &Url) -> Request<'_> {
    let headers = vec![("Authorization".to_owned(), "Bearer k".to_owned())];
    Request { method: Method::POST, url, headers, body: Some(b"{}".to_vec()) }
}

/// The status and the whole body, or what went wrong.
async fn ask(client: &Client, url: &Url) -> Result<(u16, String), HttpError> {
    let mut response = client.send(post(url)).await?;
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await? {
        assert!(!piece.is_empty());
        body.extend(piece);
    }
    Ok((response.status, String::from_utf8_lossy(&body).into_owned()))
}

#[tokio::test]
async fn a_request_says_what_it_must_and_nothing_twice() {
    let (url, heard) = server(&[b"HTTP/1.1 204 No Content\r\n\r\n"]);
    let mut request = post(&url);
    request.headers.push(("Accept".to_owned(), "application/json".to_owned()));
    let response = client().send(request).await.unwrap();
    assert_eq!(response.status, 204);
    let heard = heard.lock().unwrap()[0].clone();
    let (head, body) = heard.split_once("\r\n\r\n").unwrap();
    let mut lines: Vec<&str> = head.lines().collect();
    lines.sort_unstable();
    let host = format!("host: {}", &url[url::Position::BeforeHost..url::Position::AfterPort]);
    let agent = concat!("user-agent: carryall/", env!("CARGO_PKG_VERSION"));
    let expected = [
        "POST /v1/ask?x=1 HTTP/1.1",
        "accept: application/json",
        "authorization: Bearer k",
        "content-length: 2",
        host.as_str(),
        agent,
    ];
    assert_eq!((lines.as_slice(), body), (expected.as_slice(), "{}"));
}

#[tokio::test]
async fn who_asks_may_stand_in_the_address_and_is_not_sent_with_it() {
    let (url, heard) = server(&[b"HTTP/1.1 204 No Content\r\n\r\n"]);
    let mut url = url;
    url.set_username("ana").unwrap();
    url.set_password(Some("p%20w")).unwrap();
    client().send(Request { headers: Vec::new(), ..post(&url) }).await.unwrap();
    let heard = heard.lock().unwrap()[0].clone();
    assert!(heard.contains("authorization: Basic YW5hOnAgdw==\r\n"), "{heard}");
    assert!(!heard.contains("ana"), "{heard}");
}

#[tokio::test]
async fn every_framing_of_a_body_is_read_to_its_end() {
    let cases: [&'static [&'static [u8]]; 5] = [
        &[b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello"],
        &[b"HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n2;a=b\r\nhe\r\n0003\r\nllo\r\n0\r\nX-Late: 1\r\n\r\n"],
        &[b"HTTP/1.1 200 OK\r\n\r\nhello"],
        &[b"HTTP/1.0 200 OK\r\ncontent-length: 5\r\n\r\nhello"],
        &[b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 \r\n\r\nhello"],
    ];
    for replies in cases {
        let (url, _) = server(replies);
        assert_eq!(
            ask(&client(), &url).await,
            Ok((200, "hello".to_owned())),
            "{:?}",
            String::from_utf8_lossy(replies[0])
        );
    }
}

#[tokio::test]
async fn what_is_cut_is_never_whole_and_what_is_no_http_no_reply() {
    let cut: [&'static [&'static [u8]]; 5] = [
        &[b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello"],
        &[b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n"],
        &[b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\nhello"],
        &[b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"],
        &[b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n"],
    ];
    for replies in cut {
        let (url, _) = server(replies);
        let told = ask(&client(), &url).await;
        assert_eq!(told, Err(HttpError::Broken), "{:?}", String::from_utf8_lossy(replies[0]));
    }
    let none: [&'static [&'static [u8]]; 4] = [
        &[b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n"],
        &[b"HTTP/1.1 200 OK\r\ncontent-length: +5\r\n\r\nhello"],
        &[b"HTTP/1.1 200 OK\r\ncont"],
        &[b"SSH-2.0-OpenSSH_9\r\n"],
    ];
    for replies in none {
        let (url, _) = server(replies);
        let told = ask(&client(), &url).await;
        assert!(matches!(told, Err(HttpError::Unreachable(_))), "{told:?} {:?}", String::from_utf8_lossy(replies[0]));
    }
}

#[tokio::test]
async fn a_connection_serves_again_only_when_its_reply_is_over_and_it_is_still_there() {
    // Three may go over one connection, then the server closes it.
    let (url, heard, closes) = closing_server(&[
        b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nb\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nc",
    ]);
    let client = client();
    for expected in ["a", "b", "c"] {
        assert_eq!(ask(&client, &url).await, Ok((200, expected.to_owned())));
    }
    closes.recv().unwrap();
    tokio::task::yield_now().await;
    assert_eq!(ask(&client, &url).await, Ok((200, "a".to_owned())));
    assert_eq!(heard.lock().unwrap().len(), 2);
    // A reply that was not read to its end takes its connection along.
    drop(client.send(post(&url)).await.unwrap());
    assert_eq!(ask(&client, &url).await.unwrap().1.len(), 1);
    // One that says more than it was asked, or says that it goes, is not used again.
    for replies in [
        &[b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\naHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx" as &[u8], b""]
            as &[_],
        &[b"HTTP/1.1 200 OK\r\nconnection: Close\r\ncontent-length: 1\r\n\r\na" as &[u8], b""],
    ] {
        let (url, heard) = server(Box::leak(replies.to_vec().into_boxed_slice()));
        for _ in 0..2 {
            assert_eq!(ask(&client, &url).await, Ok((200, "a".to_owned())));
        }
        assert_eq!(heard.lock().unwrap().len(), 2);
    }
}

#[tokio::test]
async fn a_refusal_that_comes_before_all_is_sent_is_heard() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let (done, wait) = std::sync::mpsc::channel::<()>();
    let serving = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.read_exact(&mut [0; 64]).unwrap();
        stream
            .write_all(b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno")
            .unwrap();
        // Another connection is opened meanwhile, not this one used again.
        let (mut other, _) = listener.accept().unwrap();
        other.read_exact(&mut [0; 64]).unwrap();
        other.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").unwrap();
        let _ = wait.recv();
    });
    // More than any socket holds.
    let request = Request { body: Some(vec![b' '; 64 << 20]), ..post(&url) };
    let client = client();
    let mut response = client.send(request).await.unwrap();
    assert_eq!((response.status, response.chunk().await), (413, Ok(Some(b"no".to_vec().into()))));
    assert_eq!(response.chunk().await, Ok(None));
    assert_eq!(ask(&client, &url).await, Ok((200, "ok".to_owned())));
    drop((done, response));
    serving.join().unwrap();
}

#[tokio::test]
async fn a_head_without_an_end_and_a_header_of_two_lines_are_refused() {
    let head = [b"HTTP/1.1 200 OK\r\nx: ".as_slice(), &vec![b'a'; 1 << 20]].concat();
    let (url, _) = server(Box::leak(Box::new([&*head.leak()])));
    assert!(matches!(ask(&client(), &url).await, Err(HttpError::Unreachable(_))));
    for (name, value) in [("x", "a\r\nx-evil: 1"), ("x y", "a"), ("", "a"), ("x", "\0")] {
        let request = Request { headers: vec![(name.to_owned(), value.to_owned())], ..post(&url) };
        assert_eq!(client().send(request).await.unwrap_err(), HttpError::Header(name.to_owned()), "{value:?}");
    }
}

#[tokio::test]
async fn a_large_head_is_read_whole() {
    let head =
        [b"HTTP/1.1 200 OK\r\nx: ".as_slice(), &vec![b'a'; 60 << 10], b"\r\ncontent-length: 1\r\n\r\na"].concat();
    let (url, _) = server(Box::leak(Box::new([&*head.leak()])));
    assert_eq!(ask(&client(), &url).await, Ok((200, "a".to_owned())));
}

#[tokio::test]
async fn a_proxy_is_told_the_whole_address_and_a_tunnel_carries_no_word_of_the_request() {
    let (proxy, heard) = server(&[b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"]);
    let (refusing, asked) = server(&[b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n"]);
    let at = |url: &Url| url[url::Position::BeforeHost..url::Position::AfterPort].to_owned();
    let client = Client::new(
        &config::Proxies {
            http: Some(Secret::new(format!("http://ana:pw@{}", at(&proxy)))),
            https: Some(Secret::new(at(&refusing))),
            no_proxy: String::new(),
        },
        Duration::from_secs(5),
    );
    let plain = Url::parse("http://models.example:8080/v1?a=b#c").unwrap();
    assert_eq!(ask(&client, &plain).await, Ok((200, "ok".to_owned())));
    let heard = heard.lock().unwrap()[0].clone();
    assert!(heard.starts_with("POST http://models.example:8080/v1?a=b HTTP/1.1\r\n"), "{heard}");
    assert!(heard.contains("host: models.example:8080\r\n"), "{heard}");
    assert!(heard.contains("proxy-authorization: Basic YW5hOnB3\r\n"), "{heard}");
    let secure = Url::parse("https://models.example/v1").unwrap();
    let refused = ask(&client, &secure).await.unwrap_err();
    assert!(refused.to_string().contains("tunnel"), "{refused}");
    let asked = asked.lock().unwrap()[0].clone();
    assert!(asked.starts_with("CONNECT models.example:443 HTTP/1.1\r\n"), "{asked}");
    assert!(!asked.contains("Bearer"), "{asked}");
    let socks = config::Proxies { https: Some(Secret::new("socks5://127.0.0.1:1")), ..config::Proxies::default() };
    let refused = ask(&Client::new(&socks, Duration::from_secs(5)), &secure).await.unwrap_err();
    assert!(refused.to_string().contains("speaks socks5"), "{refused}");
}

#[tokio::test]
async fn nobody_at_an_address_is_told_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    drop(listener);
    let told = ask(&client(), &url).await.unwrap_err().to_string();
    assert!(told.contains("refused"), "{told}");
    // One that hangs up instead of shaking hands.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = Url::parse(&format!("https://{}", listener.local_addr().unwrap())).unwrap();
    std::thread::spawn(move || listener.incoming().for_each(drop));
    assert!(ask(&client(), &url).await.is_err());
}
