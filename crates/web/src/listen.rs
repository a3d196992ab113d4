//! Serving the site: plain HTTP on loopback (behind a proxy, or on the machine itself), or TLS.
//!
//! Knows no page. Agencies' machines and the JSON API keep their own door with client
//! certificates (`server::serve`); browsers never see it.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use server::app::Node;
use server::config::Web;
use server::tls::{self, Listener, Peer};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::site::{Site, router};

/// A site that is being served.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// The site.
    pub site: Arc<Site>,
    stop: CancellationToken,
    server: JoinHandle<std::io::Result<()>>,
}

/// Binds, then serves in the background until [`Running::stop`].
///
/// # Errors
/// When the address is taken, is not loopback without TLS, or the TLS files are unsound.
pub async fn start(node: Arc<Node>, web: &Web) -> anyhow::Result<Running> {
    let listen = &web.listen;
    let tcp = TcpListener::bind(listen).await.with_context(|| format!("listening on {listen}"))?;
    serve(node, web, tcp).await
}

/// Serves on a listener that is bound already.
///
/// # Errors
/// As [`start`].
pub async fn serve(node: Arc<Node>, web: &Web, tcp: TcpListener) -> anyhow::Result<Running> {
    let address = tcp.local_addr()?;
    let site = Arc::new(Site::new(node, web)?);
    let stop = CancellationToken::new();
    let stopped = stop.clone().cancelled_owned();
    let routes = router(site.clone());
    let server = match (&web.certificate, &web.key) {
        (Some(certificate), Some(key)) => {
            let config = &site.node.config;
            let (certificate, key) = (config.path(certificate), config.path(key));
            let chain = std::fs::read(&certificate)
                .with_context(|| format!("{}", certificate.display()))?;
            let secret = server::keys::private_text(&key)?;
            let config = tls::server_config(
                (&certificate.display().to_string(), &chain),
                (&key.display().to_string(), secret.as_bytes()),
            )?;
            let listener = Listener::start(tcp, config)?;
            let service = routes.into_make_service_with_connect_info::<Peer>();
            tokio::spawn(async move {
                axum::serve(listener, service).with_graceful_shutdown(stopped).await
            })
        }
        (None, None) if address.ip().is_loopback() => {
            let service = routes.into_make_service_with_connect_info::<SocketAddr>();
            tokio::spawn(
                async move { axum::serve(tcp, service).with_graceful_shutdown(stopped).await },
            )
        }
        (None, None) => bail!(
            "web.listen is {address}: without web.certificate and web.key it must be a loopback \
             address, behind a proxy that speaks TLS"
        ),
        _ => bail!("web.certificate and web.key belong together; one of them is missing"),
    };
    Ok(Running { address, site, stop, server })
}

impl Running {
    /// Takes no new connections and finishes what was begun.
    ///
    /// # Errors
    /// When the server's task panicked.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.stop.cancel();
        self.server.await.context("the site ended badly")??;
        Ok(())
    }
}
