//! TLS with client certificates: who is at the other end.
//!
//! Knows nothing of roles. A client may present any certificate it holds the key of; which
//! certificates mean anything is the directory's business, by exact SHA-256 fingerprint
//! (docs/decisions/080). So there is no authority whose one bad signature lets a stranger in.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::CryptoProvider;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error as TlsError, SignatureScheme};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// A handshake that takes longer is dropped.
const HANDSHAKE_SECONDS_MAX: u64 = 10;
/// Handshakes under way at once; more wait in the kernel's queue.
const HANDSHAKES_MAX: usize = 256;
/// Finished handshakes waiting for the server to take them.
const ACCEPTED_QUEUE_MAX: usize = 64;
/// Longest pause after the kernel refuses a connection (out of file descriptors, say).
const ACCEPT_PAUSE_MILLISECONDS: u64 = 50;

/// SHA-256 of a certificate's DER bytes; how people and agencies are recognised.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// Fingerprint of one certificate in DER.
    #[must_use]
    pub fn of(certificate_der: &[u8]) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest::digest(&digest::SHA256, certificate_der).as_ref());
        Self(bytes)
    }

    /// Reads 64 hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes))
    }
}

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl std::fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

/// Who is at the other end of a connection, as far as TLS can tell.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Network address; used for the loopback-only routes, never for rights.
    pub address: SocketAddr,
    /// Fingerprint of the client certificate whose key the peer has proved to hold.
    pub certificate: Option<Fingerprint>,
}

impl<'a> axum::extract::connect_info::Connected<axum::serve::IncomingStream<'a, Listener>>
    for Peer
{
    fn connect_info(stream: axum::serve::IncomingStream<'a, Listener>) -> Self {
        stream.remote_addr().clone()
    }
}

/// Why TLS could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetUpError {
    /// The certificate file does not hold PEM certificates.
    #[error("{file}: no certificate in PEM could be read: {why}")]
    Certificate {
        /// Which file.
        file: String,
        /// What the reader said.
        why: String,
    },
    /// The key file does not hold a PEM private key.
    #[error("{file}: no private key in PEM could be read: {why}")]
    Key {
        /// Which file.
        file: String,
        /// What the reader said.
        why: String,
    },
    /// rustls refuses the pair.
    #[error("certificate and key do not fit TLS: {0}")]
    Refused(#[from] TlsError),
}

/// Server side of TLS 1.2 and 1.3; a client certificate is asked for, never demanded.
///
/// # Errors
/// When the files do not hold PEM, or the key does not belong to the certificate.
pub fn server_config(
    chain: (&str, &[u8]),
    key: (&str, &[u8]),
) -> Result<Arc<rustls::ServerConfig>, SetUpError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = Arc::new(HoldsItsKey { provider: provider.clone() });
    let certificates: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(chain.1)
        .collect::<Result<_, _>>()
        .map_err(|e| SetUpError::Certificate { file: chain.0.to_owned(), why: e.to_string() })?;
    let private_key = PrivateKeyDer::from_pem_slice(key.1)
        .map_err(|e| SetUpError::Key { file: key.0.to_owned(), why: e.to_string() })?;
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(verifier)
        .with_single_cert(certificates, private_key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Accepts every certificate whose key the client proves to hold. Rights come from the
/// directory, which knows certificates one by one.
#[derive(Debug)]
struct HoldsItsKey {
    provider: Arc<CryptoProvider>,
}

impl ClientCertVerifier for HoldsItsKey {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, TlsError> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Hands finished TLS connections to axum; a slow handshake delays nobody else.
pub struct Listener {
    accepted: mpsc::Receiver<(TlsStream<TcpStream>, Peer)>,
    address: SocketAddr,
}

impl Listener {
    /// Starts accepting on `tcp`.
    ///
    /// # Errors
    /// When the socket has no local address.
    pub fn start(tcp: TcpListener, config: Arc<rustls::ServerConfig>) -> std::io::Result<Self> {
        let address = tcp.local_addr()?;
        let (sender, accepted) = mpsc::channel(ACCEPTED_QUEUE_MAX);
        tokio::spawn(accept_all(tcp, TlsAcceptor::from(config), sender));
        Ok(Self { accepted, address })
    }
}

impl axum::serve::Listener for Listener {
    type Io = TlsStream<TcpStream>;
    type Addr = Peer;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.accepted.recv().await {
            Some(connection) => connection,
            // The accepting task ends only with the runtime; then nothing more will come.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        Ok(Peer { address: self.address, certificate: None })
    }
}

async fn accept_all(
    tcp: TcpListener,
    acceptor: TlsAcceptor,
    sender: mpsc::Sender<(TlsStream<TcpStream>, Peer)>,
) {
    let handshakes = Arc::new(Semaphore::new(HANDSHAKES_MAX));
    while !sender.is_closed() {
        let Ok(slot) = handshakes.clone().acquire_owned().await else { return };
        let (stream, address) = tokio::select! {
            () = sender.closed() => return,
            accepted = tcp.accept() => match accepted {
                Ok(pair) => pair,
                Err(error) => {
                    tracing::warn!("A connection could not be accepted: {error}");
                    tokio::time::sleep(Duration::from_millis(ACCEPT_PAUSE_MILLISECONDS)).await;
                    continue;
                }
            },
        };
        let (acceptor, sender) = (acceptor.clone(), sender.clone());
        tokio::spawn(async move {
            let limit = Duration::from_secs(HANDSHAKE_SECONDS_MAX);
            if let Ok(Ok(stream)) = tokio::time::timeout(limit, acceptor.accept(stream)).await {
                let certificate = stream
                    .get_ref()
                    .1
                    .peer_certificates()
                    .and_then(|chain| chain.first())
                    .map(|certificate| Fingerprint::of(certificate));
                drop(sender.send((stream, Peer { address, certificate })).await);
            }
            drop(slot);
        });
    }
}
