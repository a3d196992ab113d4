//! The public log: checkpoint, tiles and entry bundles (C2SP tlog-tiles), for anyone.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use ledger::tile::TileId;

use crate::app::Node;
use crate::error::Error;

/// A checkpoint may be seconds old.
const CHECKPOINT_CACHE: &str = "public, max-age=2";
/// A tile never changes.
const TILE_CACHE: &str = "public, max-age=31536000, immutable";

/// The newest signed checkpoint.
#[utoipa::path(
    get,
    path = "/ledger/checkpoint",
    tag = "ledger",
    responses((status = 200, description = "A C2SP signed note", content_type = "text/plain"))
)]
pub async fn checkpoint(State(node): State<Arc<Node>>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, CHECKPOINT_CACHE),
    ];
    (headers, node.store.checkpoint().note.to_string()).into_response()
}

/// A tile of hashes or a bundle of entries, full or partial.
#[utoipa::path(
    get,
    path = "/ledger/tile/{*path}",
    tag = "ledger",
    params(("path" = String, Path, description = "As C2SP tlog-tiles names it, after `tile/`",
            example = "0/000.p/5")),
    responses(
        (status = 200, description = "Hashes, or length-prefixed entries",
         content_type = "application/octet-stream"),
        (status = 404, description = "No checkpoint needs such a tile")
    )
)]
pub async fn tile(
    State(node): State<Arc<Node>>,
    Path(path): Path<String>,
) -> Result<Response, Error> {
    let tile = TileId::parse(&format!("tile/{path}")).map_err(|_| Error::Hidden)?;
    let size = node.store.checkpoint().size;
    let bytes = node.store.reader().tile(tile, size).await?;
    let bytes = bytes.ok_or(Error::Hidden)?;
    let headers =
        [(header::CONTENT_TYPE, "application/octet-stream"), (header::CACHE_CONTROL, TILE_CACHE)];
    Ok((headers, bytes).into_response())
}

/// A C2SP tlog policy that trusts this log, for the offline verifier.
#[utoipa::path(
    get,
    path = "/ledger/policy",
    tag = "ledger",
    responses((status = 200, description = "A tlog-policy file", content_type = "text/plain"))
)]
pub async fn policy(State(node): State<Arc<Node>>) -> Result<Response, Error> {
    let path = node.config.path(&node.config.node.keys).join(crate::keys::file::LOG_POLICY);
    let text = tokio::fs::read_to_string(&path).await.map_err(|_| Error::Hidden)?;
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
}
