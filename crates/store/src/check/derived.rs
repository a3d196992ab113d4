//! Compares what is derived from events: the rows of the list, the words of payloads, the owners of
//! blobs. Reads streams page by page, so that none is too long for it.

use std::collections::{BTreeMap, HashMap};

use ledger::LeafIndex;
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::{Derive, Finding, Report};
use crate::act::{BlobDigest, Names, NewView, Part, View};
use crate::db::{Connection, tuples};
use crate::error::{DbError, ReadError};
use crate::limits::{CHECK_ROWS_MAX, PAGE_ROWS_MAX};
use crate::words::Words;
use crate::words::index::{self, Kept};
use crate::{lists, read};

pub(super) async fn check_derived(
    connection: &mut Connection,
    report: &mut Report,
    derive: Derive<'_>,
) -> Result<(), ReadError> {
    let mut after = None;
    let (mut listed, mut kept, mut found_by, mut owners) = (0, 0, 0, 0);
    loop {
        let streams = read::streams_from(connection, after, PAGE_ROWS_MAX).await?;
        let Some((_, last)) = streams.last() else { break };
        after = Some(*last);
        for (stream, _) in streams {
            let (mut after, mut view, mut words, mut is_last) = (0, None, Vec::new(), false);
            while !is_last {
                let page = PAGE_ROWS_MAX as u64;
                let events = read::page_on(connection, stream, after, page).await?;
                is_last = events.len() < PAGE_ROWS_MAX;
                after = events.last().map_or(after, |newest| newest.seq);
                let derived = derive(&Part { stream, events: &events, is_last });
                words.extend(derived.words);
                owners += check_owners(connection, report, &derived.names).await?;
                view = derived.view;
            }
            let stored = lists::view_on(connection, stream).await?;
            report.views += u64::from(stored.is_some());
            listed += u64::from(stored.is_some());
            let (payloads, requests) = check_words(connection, report, stream, &words).await?;
            (kept, found_by) = (kept + payloads, found_by + requests);
            match (view, stored) {
                (None, None) => (),
                (Some(derived), Some(stored)) if says_the_same(&derived, &stored) => (),
                (Some(_), Some(_)) => report.find(Finding::ViewDiffers(stream)),
                _ => report.find(Finding::ViewPresence(stream)),
            }
        }
    }
    let expected = [
        ("rows of the list", "select count(*) from request_view", listed),
        ("owners of blobs", "select count(*) from blob_owner", owners),
        ("payloads with words", "select count(*) from payload_words", kept),
        ("rows that requests are found by", "select count(*) from request_words", found_by),
    ];
    for (what, sql, derived) in expected {
        let rows = connection.query("counting rows", sql, Vec::new()).await?;
        let stored = rows.first().map(|row| row.count(0)).transpose()?.unwrap_or(0);
        if stored != derived {
            report.find(Finding::CountDiffers { what, stored, derived });
        }
    }
    Ok(())
}

/// Compares the words of a stream's payloads, and the rows that they make together; says how many
/// rows of each are stored.
async fn check_words(
    connection: &mut Connection,
    report: &mut Report,
    stream: Uuid,
    derived: &[(LeafIndex, Words)],
) -> Result<(u64, u64), DbError> {
    let kept = crate::writer::kept_of(connection, &[stream]).await?;
    let kept: HashMap<LeafIndex, Kept> =
        kept.into_iter().map(|(_, kept)| (kept.leaf, kept)).collect();
    let expected = derived.iter().map(|(leaf, words)| {
        let (readers, text) = (words.readers(), words.text());
        Kept { leaf: *leaf, readers, text }
    });
    let expected: Vec<Kept> = expected.collect();
    for one in &expected {
        if kept.get(&one.leaf) != Some(one) {
            report.find(Finding::WordsDiffer(one.leaf));
        }
    }
    let mut there = 0;
    for (number, words) in index::rows(&expected) {
        let sql = "select words from request_words where rowid = $1";
        let rows = connection.query("reading words", sql, vec![number.into()]).await?;
        let stored: Option<String> = rows.first().map(|row| row.get(0)).transpose()?;
        there += rows.len() as u64;
        if stored.as_ref() != Some(&words) {
            report.find(Finding::WordsDiffer(index::leaf_at(number)));
        }
    }
    Ok((kept.len() as u64, there))
}

/// Compares the blobs that events own; says how many owners are stored.
async fn check_owners(
    connection: &mut Connection,
    report: &mut Report,
    derived: &[(LeafIndex, Names)],
) -> Result<u64, DbError> {
    let mut there = 0;
    for part in derived.chunks(CHECK_ROWS_MAX) {
        let sql = format!(
            "select leaf_index, digest, lasting from blob_owner where leaf_index in {}",
            tuples(part.len(), 1, 1)
        );
        let values = part.iter().map(|(leaf, _)| leaf.0.into()).collect();
        let rows = connection.query("reading owners", AssertSqlSafe(sql), values).await?;
        let mut stored: HashMap<u64, BTreeMap<BlobDigest, bool>> = HashMap::new();
        for row in &rows {
            let owned = stored.entry(row.count(0)?).or_default();
            owned.insert(BlobDigest(row.array(1)?), row.count(2)? == 1);
        }
        there += rows.len() as u64;
        for (leaf, names) in part {
            if stored.remove(&leaf.0).unwrap_or_default() != names.owned() {
                report.find(Finding::OwnersDiffer(*leaf));
            }
        }
    }
    Ok(there)
}

fn says_the_same(derived: &NewView, stored: &View) -> bool {
    derived.agency == stored.agency
        && derived.state == stored.state
        && derived.summary_json == stored.summary_json
        && derived.next_due.map(|due| due.as_microsecond())
            == stored.next_due.map(|due| due.as_microsecond())
        && (derived.labels, derived.assignee) == (stored.labels, stored.assignee)
}
