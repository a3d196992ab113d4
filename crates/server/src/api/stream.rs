//! A blob as a stream of bytes: read by a thread that may wait for the disk, a few chunks ahead.

use std::io::Read as _;

use axum::body::Bytes;
use store::BlobSource;
use tokio::sync::mpsc;

/// Bytes read at a time.
const CHUNK_BYTES: usize = 64 * 1024;
/// Chunks read ahead of a slow client.
const CHUNKS_AHEAD_MAX: usize = 8;

/// The body of an answer that sends `source`.
pub fn body(source: BlobSource) -> axum::body::Body {
    let (sender, mut receiver) = mpsc::channel::<std::io::Result<Bytes>>(CHUNKS_AHEAD_MAX);
    tokio::task::spawn_blocking(move || {
        if let Err(error) = send(&source, &sender) {
            // The client is gone, or the connection is cut so that it notices.
            drop(sender.blocking_send(Err(error)));
        }
    });
    let stream = futures_util::stream::poll_fn(move |context| receiver.poll_recv(context));
    axum::body::Body::from_stream(stream)
}

fn send(source: &BlobSource, sender: &mpsc::Sender<std::io::Result<Bytes>>) -> std::io::Result<()> {
    let mut reader = source.open()?;
    loop {
        let mut chunk = vec![0; CHUNK_BYTES];
        let count = reader.read(&mut chunk)?;
        if count == 0 {
            return Ok(());
        }
        chunk.truncate(count);
        if sender.blocking_send(Ok(chunk.into())).is_err() {
            return Ok(());
        }
    }
}
