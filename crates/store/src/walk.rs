//! Walks over many streams without their personal parts. Knows no SQL that touches a payload.

use std::ops::Range;

use jiff::Timestamp;
use ledger::LeafIndex;
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::db::tuples;
use crate::error::ReadError;
use crate::limits::{LOAD_STREAMS_MAX, PAGE_ROWS_MAX, STREAM_EVENTS_MAX};
use crate::read::Reader;
use crate::writer::time;

/// One event as everybody may know it: what happened, without the personal part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BareEvent {
    /// Its stream.
    pub stream: Uuid,
    /// From 1, without gaps.
    pub seq: u64,
    /// Never before its predecessor's in the whole store.
    pub at: Timestamp,
    /// JSON text, byte for byte as it was appended.
    pub event_json: String,
    /// Its leaf.
    pub leaf: LeafIndex,
}

impl Reader {
    /// The leaves of the events of a span of time (its end not included). Times never go back along
    /// the leaves, so this looks at a few dozen events, however many there are.
    pub async fn leaves_between(&self, span: Range<Timestamp>) -> Result<Range<u64>, ReadError> {
        let start = self.leaf_from(span.start).await?;
        Ok(start..self.leaf_from(span.end).await?.max(start))
    }

    /// The first leaf that is not older than a time; one past the last when all are.
    async fn leaf_from(&self, from: Timestamp) -> Result<u64, ReadError> {
        let sql = "select coalesce(max(leaf_index) + 1, 0) from event";
        let rows = self.db.query("counting leaves", sql, Vec::new()).await?;
        let size = rows.first().map_or(Ok(0), |row| row.count(0))?;
        let (mut low, mut high) = (0, size);
        while low < high {
            let middle = low + (high - low) / 2;
            let sql = "select at from event where leaf_index = $1";
            let rows = self.db.query("looking for a time", sql, vec![middle.into()]).await?;
            let at = rows.first().map(|row| row.get::<i64>(0)).transpose()?;
            if at.is_some_and(|at| time(at) < from) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }

    /// Streams that begin at one of these leaves, in their order, with their first leaves.
    pub async fn streams_opened(
        &self,
        leaves: Range<u64>,
        rows_max: usize,
    ) -> Result<Vec<(Uuid, LeafIndex)>, ReadError> {
        let sql = "select stream, leaf_index from event \
                   where seq = 1 and leaf_index >= $1 and leaf_index < $2 \
                   order by leaf_index limit $3";
        let rows_max = rows_max.min(PAGE_ROWS_MAX) as u64;
        let values = vec![leaves.start.into(), leaves.end.into(), rows_max.into()];
        let rows = self.db.query("listing streams", sql, values).await?;
        rows.iter()
            .map(|row| Ok((Uuid::from_bytes(row.array(0)?), LeafIndex(row.count(1)?))))
            .collect()
    }

    /// The events of several streams without their personal parts, stream by stream.
    pub async fn bare_events(&self, streams: &[Uuid]) -> Result<Vec<BareEvent>, ReadError> {
        let (size, max) = (streams.len(), LOAD_STREAMS_MAX);
        if size > max {
            return Err(ReadError::TooLarge { what: "number of streams to load", size, max });
        }
        if streams.is_empty() {
            return Ok(Vec::new());
        }
        let sql = AssertSqlSafe(format!(
            "select stream, seq, at, event, leaf_index from event where stream in {} \
             order by stream, seq limit {}",
            tuples(size, 1, 1),
            LOAD_STREAMS_MAX * STREAM_EVENTS_MAX
        ));
        let values = streams.iter().map(|stream| (*stream).into()).collect();
        let rows = self.db.query("loading streams", sql, values).await?;
        rows.iter()
            .map(|row| {
                Ok(BareEvent {
                    stream: Uuid::from_bytes(row.array(0)?),
                    seq: row.count(1)?,
                    at: time(row.get(2)?),
                    event_json: row.get(3)?,
                    leaf: LeafIndex(row.count(4)?),
                })
            })
            .collect()
    }
}
