//! Serving a node: sockets, TLS, workers, and an orderly end.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::app::Node;
use crate::keys::{file, private_text};
use crate::tls::{self, Listener, Peer};
use crate::{api, jobs};

/// A node that is being served.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// The node itself.
    pub node: Arc<Node>,
    stop: CancellationToken,
    server: JoinHandle<std::io::Result<()>>,
    workers: JoinHandle<()>,
}

/// Binds, then serves in the background until [`Running::stop`].
///
/// # Errors
/// When the address is taken or the TLS files are unsound.
pub async fn start(node: Arc<Node>) -> anyhow::Result<Running> {
    let keys = node.config.path(&node.config.node.keys);
    let certificate_path = keys.join(file::SERVER_CERTIFICATE);
    let certificate = std::fs::read(&certificate_path)
        .with_context(|| format!("{}", certificate_path.display()))?;
    let key_path = keys.join(file::SERVER_KEY);
    let key = private_text(&key_path)?;
    let config = tls::server_config(
        (&certificate_path.display().to_string(), &certificate),
        (&key_path.display().to_string(), key.as_bytes()),
    )?;
    let listen = &node.config.node.listen;
    let tcp = TcpListener::bind(listen).await.with_context(|| format!("listening on {listen}"))?;
    let address = tcp.local_addr()?;
    let listener = Listener::start(tcp, config)?;
    let stop = CancellationToken::new();
    let service = api::router(node.clone()).into_make_service_with_connect_info::<Peer>();
    let stopped = stop.clone().cancelled_owned();
    let server = tokio::spawn(async move {
        axum::serve(listener, service).with_graceful_shutdown(stopped).await
    });
    let workers = tokio::spawn(jobs::work(node.clone(), stop.clone()));
    Ok(Running { address, node, stop, server, workers })
}

impl Running {
    /// Takes no new connections, finishes what was begun, and closes the store.
    ///
    /// # Errors
    /// When a task panicked.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.stop.cancel();
        self.workers.await.context("the workers ended badly")?;
        self.server.await.context("the server ended badly")??;
        // What was noticed while the last calls were answered.
        let _ = self.node.keep_noticed().await;
        self.node.store.clone().close().await;
        Ok(())
    }

    /// Runs until the process is told to end (SIGINT or SIGTERM); `also` is stopped first, since
    /// what is begun there ends in acts of this node.
    ///
    /// # Errors
    /// As [`Running::stop`].
    pub async fn until_signal(
        self,
        also: Option<impl Future<Output = anyhow::Result<()>>>,
    ) -> anyhow::Result<()> {
        let mut terminate =
            tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        tracing::info!("Stopping: finishing what was begun");
        if let Some(also) = also {
            also.await?;
        }
        self.stop().await
    }
}
