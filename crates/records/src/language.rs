//! In which language the user of an account is written to, as the company's own records have it.
//!
//! Knows no words: whoever writes looks up the language and has words in it, or not.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::search::SearchError;
use crate::source::{Arguments, Records, RowsError};
use crate::value::Raw;

/// Most accounts in one question.
pub const LANGUAGE_ACCOUNT_COUNT_MAX: usize = 1_000;
/// Longest time for the question.
const LANGUAGE_WAIT_MAX: Duration = Duration::from_secs(60);
/// Columns of the query.
pub(crate) const LANGUAGE_COLUMNS: [&str; 2] = ["account_id", "language"];

impl Records {
    /// The languages (BCP 47) of accounts, by account; an account of which the records say nothing
    /// is not in it, and none is when the catalog has no `[languages]`.
    ///
    /// Asks about the first [`LANGUAGE_ACCOUNT_COUNT_MAX`] accounts.
    ///
    /// # Errors
    /// The source fails, or answers with something else than text.
    pub async fn languages(
        &self,
        accounts: &[String],
    ) -> Result<BTreeMap<String, String>, SearchError> {
        let mut languages = BTreeMap::new();
        let Some(lookup) = &self.catalog().languages else { return Ok(languages) };
        let asked = &accounts[..accounts.len().min(LANGUAGE_ACCOUNT_COUNT_MAX)];
        if asked.is_empty() {
            return Ok(languages);
        }
        let mut arguments = Arguments::default();
        arguments.text(Some(serde_json::Value::from(asked).to_string()));
        let take = |cells: Vec<Raw>| {
            let [account, language] = cells.try_into().unwrap_or([Raw::Null, Raw::Null]);
            match (account, language) {
                (Raw::Text(account), Raw::Text(language)) if asked.contains(&account) => {
                    languages.insert(account, language);
                }
                // An account that was not asked about, or of which nothing is known.
                (Raw::Text(_), Raw::Text(_) | Raw::Null) => {}
                _ => {
                    let why = "text, or null for a language that is not known".to_owned();
                    return Err(SearchError::Language { why });
                }
            }
            Ok(())
        };
        let mut snapshot = self.snapshot();
        let source = self.source(&lookup.source)?;
        let wait = LANGUAGE_WAIT_MAX;
        let (mut connection, moment) = snapshot.connection(&lookup.source, wait).await?;
        let columns = LANGUAGE_COLUMNS.map(str::to_owned);
        let statement = &lookup.statement;
        let rows = source.rows(&mut connection, statement, arguments, &columns, wait, take);
        rows.await.map_err(|error| match error {
            RowsError::Source(error) => SearchError::Source(error),
            RowsError::Time => SearchError::Language { why: format!("stopped after {wait:?}") },
            RowsError::Taker(error) => error,
        })?;
        snapshot.keep(&lookup.source, connection, moment);
        snapshot.end().await;
        Ok(languages)
    }
}
