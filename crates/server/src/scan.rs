//! Files are looked at by a scanner before they are kept: ClamAV's daemon, on this machine.
//!
//! Knows no virus and no request. The daemon's protocol is clamd(8), `zINSTREAM`: chunks with their
//! length in four bytes, big end first, an empty one at the end, and one answer. Files go there as
//! they are, which is why no other machine can be named. A scanner finds what is known; that it
//! found nothing proves nothing.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};

use crate::config;
use crate::error::Error;

/// Bytes of one chunk.
const CHUNK_BYTES: usize = 64 * 1024;
/// The longest answer that is read.
const ANSWER_BYTES_MAX: u64 = 1_024;
/// Files that are scanned at the same time; more wait.
const SCANS_AT_ONCE_MAX: usize = 4;

/// Where the daemon answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A socket in the file system.
    Unix(PathBuf),
    /// A port of this machine.
    Loopback(SocketAddr),
}

/// Why an address is none.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum AddressError {
    /// Neither form.
    #[error("{0:?} is no address of clamd; write unix:/run/clamav/clamd.ctl or 127.0.0.1:3310")]
    Form(String),
    /// It belongs to another machine.
    #[error("{0} is not this machine; files go to the scanner unencrypted, so run clamd here")]
    Elsewhere(SocketAddr),
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if let Some(path) = text.strip_prefix("unix:").filter(|path| path.starts_with('/')) {
            return Ok(Self::Unix(path.into()));
        }
        let address: SocketAddr = text.parse().map_err(|_| AddressError::Form(text.to_owned()))?;
        if !address.ip().is_loopback() {
            return Err(AddressError::Elsewhere(address));
        }
        Ok(Self::Loopback(address))
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

/// What becomes of files while the scanner does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unreachable {
    /// Nothing with files is taken in; the sender is told to try again.
    Refuse,
    /// They are kept and nobody can open them until the scanner has looked at them.
    Hold,
}

/// What the scanner says of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It found nothing. Its version and that of its signatures.
    Clean(String),
    /// It found this.
    Found(String),
}

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// It does not answer, or breaks off.
    #[error("the scanner does not answer: {0}")]
    Silent(std::io::Error),
    /// It takes too long.
    #[error("the scanner took longer than {0} s")]
    Slow(u32),
    /// It says that it could not look.
    #[error("the scanner could not look at it: {0}")]
    Failed(String),
}

/// The scanner of a node.
pub struct Scanner {
    config: config::Scan,
    turns: tokio::sync::Semaphore,
}

impl Scanner {
    /// The scanner that a configuration names. Nothing is asked of it yet.
    #[must_use]
    pub fn new(config: &config::Scan) -> Self {
        let turns = tokio::sync::Semaphore::new(SCANS_AT_ONCE_MAX);
        Self { config: config.clone(), turns }
    }

    /// Looks at a file that comes in: the scanner's version when it found nothing, `None` when it
    /// did not answer and the file may wait.
    ///
    /// # Errors
    /// [`Error::Input`] when something was found; [`Error::Unavailable`] when the scanner does not
    /// answer and the policy is to refuse.
    pub async fn admit(&self, place: &str, bytes: &[u8]) -> Result<Option<String>, Error> {
        match self.scan(bytes).await {
            Ok(Verdict::Clean(version)) => Ok(Some(version)),
            Ok(Verdict::Found(name)) => Err(found(place, &name)),
            Err(error) => {
                tracing::warn!("A file that came in was not scanned: {error}");
                match self.config.unreachable {
                    Unreachable::Hold => Ok(None),
                    Unreachable::Refuse => Err(unavailable()),
                }
            }
        }
    }

    /// Looks at a file that somebody wants to open and that was not looked at before.
    ///
    /// # Errors
    /// [`Error::Input`] when something was found; [`Error::Unavailable`] when the scanner does not
    /// answer, whatever the policy for files that come in.
    pub async fn release(&self, place: &str, bytes: &[u8]) -> Result<(), Error> {
        match self.scan(bytes).await {
            Ok(Verdict::Clean(_)) => Ok(()),
            Ok(Verdict::Found(name)) => Err(found(place, &name)),
            Err(error) => {
                tracing::warn!("A file that was to be opened was not scanned: {error}");
                Err(unavailable())
            }
        }
    }

    /// The scanner's verdict on some bytes.
    ///
    /// # Errors
    /// [`ScanError`] when there is none.
    pub async fn scan(&self, bytes: &[u8]) -> Result<Verdict, ScanError> {
        // Never closed.
        let _turn = self.turns.acquire().await;
        let seconds = self.config.wait_seconds;
        let limit = Duration::from_secs(u64::from(seconds));
        let said = tokio::time::timeout(limit, async {
            let version = self.ask(b"zVERSION\0", &[]).await?;
            let answer = self.ask(b"zINSTREAM\0", bytes).await?;
            Ok((version, answer))
        });
        let (version, answer) =
            said.await.map_err(|_| ScanError::Slow(seconds))?.map_err(ScanError::Silent)?;
        match answer.strip_prefix("stream: ") {
            Some("OK") => Ok(Verdict::Clean(version)),
            Some(said) if said.ends_with(" FOUND") => {
                Ok(Verdict::Found(said.trim_end_matches(" FOUND").to_owned()))
            }
            _ => Err(ScanError::Failed(answer)),
        }
    }

    async fn ask(&self, command: &[u8], bytes: &[u8]) -> std::io::Result<String> {
        let body = (command == b"zINSTREAM\0").then_some(bytes);
        match &self.config.clamd {
            Address::Unix(path) => talk(UnixStream::connect(path).await?, command, body).await,
            Address::Loopback(port) => talk(TcpStream::connect(port).await?, command, body).await,
        }
    }
}

/// One command and its answer.
async fn talk(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    command: &[u8],
    body: Option<&[u8]>,
) -> std::io::Result<String> {
    stream.write_all(command).await?;
    if let Some(bytes) = body
        && let Err(error) = send(&mut stream, bytes).await
    {
        // It says why it reads no further, and closes: its answer tells more than the error.
        let said = answer(&mut stream).await.unwrap_or_default();
        return if said.is_empty() { Err(error) } else { Ok(said) };
    }
    let said = answer(&mut stream).await?;
    if said.is_empty() {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    Ok(said)
}

async fn send(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> std::io::Result<()> {
    for chunk in bytes.chunks(CHUNK_BYTES) {
        stream.write_u32(chunk.len() as u32).await?;
        stream.write_all(chunk).await?;
    }
    stream.write_u32(0).await?;
    stream.flush().await
}

async fn answer(stream: &mut (impl AsyncRead + Unpin)) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    stream.take(ANSWER_BYTES_MAX).read_to_end(&mut bytes).await?;
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.trim_end_matches(['\0', '\n']).to_owned())
}

fn found(place: &str, name: &str) -> Error {
    let fix = "send the order without it, as a clean file";
    Error::input(place, format!("the scanner found {name} in it"), fix)
}

fn unavailable() -> Error {
    Error::Unavailable("files cannot be scanned now; try again in a few minutes".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_an_address() {
        let told = |text: &str| match text.parse::<Address>() {
            Ok(address) => format!("{address:?}"),
            Err(error) => error.to_string(),
        };
        expect_test::expect![[r#"
            Unix("/run/clamav/clamd.ctl")
            Loopback(127.0.0.1:3310)
            Loopback([::1]:3310)
            192.0.2.1:3310 is not this machine; files go to the scanner unencrypted, so run clamd here
            "localhost:3310" is no address of clamd; write unix:/run/clamav/clamd.ctl or 127.0.0.1:3310
            "unix:clamd.ctl" is no address of clamd; write unix:/run/clamav/clamd.ctl or 127.0.0.1:3310"#]]
        .assert_eq(
            &[
                "unix:/run/clamav/clamd.ctl",
                "127.0.0.1:3310",
                "[::1]:3310",
                "192.0.2.1:3310",
                "localhost:3310",
                "unix:clamd.ctl",
            ]
            .map(told)
            .join("\n"),
        );
    }
}
