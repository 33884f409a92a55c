//! Opens connections: addresses, proxies, TLS.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::OnceLock;
use std::task::Context;
use std::task::Poll;
use std::time::Duration;

use hyper::Uri;
use hyper::rt::Read;
use hyper::rt::ReadBufCursor;
use hyper::rt::Write;
use hyper_rustls::HttpsConnector;
use hyper_rustls::MaybeHttpsStream;
use hyper_util::client::legacy::connect::Connection;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::Intercept;
use hyper_util::client::proxy::matcher::Matcher;
use rustls::ClientConfig;
use rustls_platform_verifier::Verifier;
use tower_service::Service;

use super::client::HttpError;
use super::client::chain;
use crate::config;

/// After so long without a byte the other side is asked whether it is there, and after the second given up: a model may
/// think for minutes, and what stands between forgets connections that say nothing. Source: what reqwest 0.13 sets, 2026-11-27.
const ALIVE_AFTER: Duration = Duration::from_secs(15);
const ALIVE_RETRIES: u32 = 3;
#[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
const UNANSWERED: Duration = Duration::from_secs(30);

/// Opens connections. Certificates are read when the first https address is asked: that takes milliseconds, and a slim
/// container may have none.
pub(super) struct Connector {
    tcp: HttpConnector,
    proxies: Matcher,
    timeout: Duration,
    tls: OnceLock<Result<Arc<ClientConfig>, String>>,
}

impl Connector {
    pub(super) fn new(proxies: &config::Proxies, timeout: Duration) -> Connector {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(ALIVE_AFTER));
        tcp.set_keepalive_interval(Some(ALIVE_AFTER));
        tcp.set_keepalive_retries(Some(ALIVE_RETRIES));
        #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
        tcp.set_tcp_user_timeout(Some(UNANSWERED));
        let named = |it: &Option<config::Secret>| it.as_ref().map(|it| it.reveal().to_owned()).unwrap_or_default();
        let proxies = Matcher::builder()
            .http(named(&proxies.http))
            .https(named(&proxies.https))
            .no(proxies.no_proxy.clone())
            .build();
        Connector { tcp, proxies, timeout, tls: OnceLock::new() }
    }

    /// A connection to whoever answers for `uri`: its host, or the proxy that a plain request is sent to.
    pub(super) async fn open(&self, uri: Uri) -> Result<Wire, HttpError> {
        let opened = tokio::time::timeout(self.timeout, self.open_unhurried(uri)).await;
        opened.unwrap_or_else(|_| {
            let seconds = self.timeout.as_secs();
            Err(HttpError::Unreachable(format!("no connection within {seconds} s")))
        })
    }

    /// The proxy that a plain request to `uri` is sent to, with its address whole.
    pub(super) fn plain_proxy(&self, uri: &Uri) -> Option<Intercept> {
        if uri.scheme_str() == Some("http") { self.proxy(uri) } else { None }
    }

    /// The proxy for `uri`; none for this machine itself.
    fn proxy(&self, uri: &Uri) -> Option<Intercept> {
        if config::is_loopback(&uri.to_string()) { None } else { self.proxies.intercept(uri) }
    }

    async fn open_unhurried(&self, uri: Uri) -> Result<Wire, HttpError> {
        let is_secure = uri.scheme_str() == Some("https");
        let Some(proxy) = self.proxy(&uri) else {
            return match is_secure {
                true => secured(HttpsConnector::from((self.tcp.clone(), self.tls()?)), uri).await,
                false => Ok(Wire::new(self.tcp.clone().call(uri).await.map_err(|err| unreachable(&err))?)),
            };
        };
        let (at, scheme) = (proxy.uri().clone(), proxy.uri().scheme_str().unwrap_or_default());
        if !matches!(scheme, "http" | "https") {
            return Err(HttpError::Unreachable(format!(
                "the configured proxy speaks {scheme}; http and https are known"
            )));
        }
        if is_secure {
            let mut tunnel = Tunnel::new(at, HttpsConnector::from((self.tcp.clone(), self.tls()?)));
            if let Some(authorization) = proxy.basic_auth() {
                tunnel = tunnel.with_auth(authorization.clone());
            }
            return secured(HttpsConnector::from((tunnel, self.tls()?)), uri).await;
        }
        match scheme {
            "https" => secured(HttpsConnector::from((self.tcp.clone(), self.tls()?)), at).await,
            _ => Ok(Wire::new(self.tcp.clone().call(at).await.map_err(|err| unreachable(&err))?)),
        }
    }

    fn tls(&self) -> Result<Arc<ClientConfig>, HttpError> {
        self.tls.get_or_init(tls).clone().map_err(HttpError::NoTls)
    }
}

/// TLS 1.2 and 1.3 by the certificates of the platform.
fn tls() -> Result<Arc<ClientConfig>, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Verifier::new(Arc::clone(&provider)).map_err(|err| err.to_string())?;
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let mut config = versions
        .map_err(|err| err.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn unreachable(err: &(dyn std::error::Error + 'static)) -> HttpError {
    HttpError::Unreachable(chain(err))
}

async fn secured<C>(mut connector: HttpsConnector<C>, uri: Uri) -> Result<Wire, HttpError>
where
    C: Service<Uri>,
    C::Response: Connection + Read + Write + Send + Unpin + 'static,
    C::Future: Send + 'static,
    C::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let opened = connector.call(uri).await.map_err(|err| unreachable(&*err))?;
    Ok(match opened {
        MaybeHttpsStream::Http(stream) => Wire::new(stream),
        MaybeHttpsStream::Https(stream) => Wire::new(stream),
    })
}

trait Stream: Read + Write + Send {}

impl<T: Read + Write + Send> Stream for T {}

/// A connection, whatever it goes through. In a box: a plain one is much smaller than one with TLS.
pub(super) struct Wire(Pin<Box<dyn Stream>>);

impl Wire {
    fn new(stream: impl Stream + 'static) -> Wire {
        Wire(Box::pin(stream))
    }
}

impl Read for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: ReadBufCursor<'_>) -> Poll<std::io::Result<()>> {
        self.0.as_mut().poll_read(cx, into)
    }
}

impl Write for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        self.0.as_mut().poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        self.0.as_mut().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        self.0.as_mut().poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        self.0.as_mut().poll_write_vectored(cx, parts)
    }
}
