//! Drafts: what somebody has written and not sent. Bytes that this crate cannot read, under a name,
//! each of one owner. They are no part of the log: no event names one, and they go without a trace.

use jiff::Timestamp;
use uuid::Uuid;

use crate::db::{Connection, Row, Value};
use crate::error::{AppendError, DbError, ReadError};
use crate::limits::{
    CHECK_ROWS_MAX, DRAFT_FILES_BYTES_MAX, DRAFT_FORM_BYTES_MAX, NAME_BYTES_MAX, PAGE_ROWS_MAX,
};
use crate::read::Reader;
use crate::store::Store;
use crate::writer::{Other, time};

/// One draft, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Its name, once in the store.
    pub name: String,
    /// Whose it is.
    pub owner: Uuid,
    /// When somebody touched it last.
    pub touched_at: Timestamp,
    /// What was typed, encrypted.
    pub form: Vec<u8>,
    /// Its files, encrypted.
    pub files: Vec<u8>,
}

/// One draft without its files, for a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftInfo {
    /// Its name.
    pub name: String,
    /// When somebody touched it last.
    pub touched_at: Timestamp,
    /// What was typed, encrypted.
    pub form: Vec<u8>,
    /// Length of form and files together, encrypted.
    pub bytes: u64,
    /// How the encrypted files begin: their nonce, another one whenever they are kept anew.
    pub files_begin: Vec<u8>,
}

/// A change of the drafts.
pub(crate) enum DraftChange {
    Put(Draft),
    PutForm { name: String, owner: Uuid, since: Timestamp, touched_at: Timestamp, form: Vec<u8> },
    Remove { name: String, owner: Uuid },
    RemoveOwner(Uuid),
    RemoveBefore(Timestamp),
}

impl Store {
    /// Keeps a draft; an older one of the same name and owner is replaced. Says whether it is kept:
    /// a name that is another owner's is not taken.
    ///
    /// # Errors
    /// When it is too large, or the store takes no writes.
    pub async fn put_draft(&self, draft: Draft) -> Result<bool, AppendError> {
        use crate::store::limit;
        limit("bytes of a draft's name", draft.name.len(), NAME_BYTES_MAX)?;
        limit("bytes of a draft's form", draft.form.len(), DRAFT_FORM_BYTES_MAX)?;
        limit("bytes of a draft's files", draft.files.len(), DRAFT_FILES_BYTES_MAX)?;
        let size_kib = 1 + (draft.form.len() + draft.files.len()) / 1024;
        Ok(self.other(size_kib, Other::Draft(DraftChange::Put(draft))).await? > 0)
    }

    /// Keeps what was typed into a draft whose files are as they were; says whether it is there and
    /// was touched since a moment: what is too old does not come back.
    ///
    /// # Errors
    /// When it is too large, or the store takes no writes.
    pub async fn put_draft_form(
        &self,
        name: &str,
        owner: Uuid,
        (since, touched_at): (Timestamp, Timestamp),
        form: Vec<u8>,
    ) -> Result<bool, AppendError> {
        use crate::store::limit;
        limit("bytes of a draft's form", form.len(), DRAFT_FORM_BYTES_MAX)?;
        let size_kib = 1 + form.len() / 1024;
        let name = name.to_owned();
        let change = DraftChange::PutForm { name, owner, since, touched_at, form };
        Ok(self.other(size_kib, Other::Draft(change)).await? > 0)
    }

    /// Takes a draft away; says whether this owner had it.
    ///
    /// # Errors
    /// When the store takes no writes.
    pub async fn remove_draft(&self, name: &str, owner: Uuid) -> Result<bool, AppendError> {
        let change = DraftChange::Remove { name: name.to_owned(), owner };
        Ok(self.other(1, Other::Draft(change)).await? > 0)
    }

    /// Takes all drafts of somebody away; says how many there were.
    ///
    /// # Errors
    /// When the store takes no writes.
    pub async fn remove_drafts_of(&self, owner: Uuid) -> Result<u64, AppendError> {
        self.other(1, Other::Draft(DraftChange::RemoveOwner(owner))).await
    }

    /// Takes the drafts away that nobody touched since a moment; says how many there were.
    ///
    /// # Errors
    /// When the store takes no writes.
    pub async fn remove_drafts_before(&self, at: Timestamp) -> Result<u64, AppendError> {
        self.other(1, Other::Draft(DraftChange::RemoveBefore(at))).await
    }
}

impl Reader {
    /// A draft of this owner.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn draft(&self, name: &str, owner: Uuid) -> Result<Option<Draft>, ReadError> {
        let sql = "select touched_at, form, files from draft where name = $1 and owner = $2";
        let values = vec![name.into(), owner.into()];
        let rows = self.db.query("reading a draft", sql, values).await?;
        let draft = |row: &Row| {
            Ok::<_, DbError>(Draft {
                name: name.to_owned(),
                owner,
                touched_at: time(row.get(0)?),
                form: row.get(1)?,
                files: row.get(2)?,
            })
        };
        Ok(rows.first().map(draft).transpose()?)
    }

    /// The drafts of an owner, the one touched last on top, at most [`PAGE_ROWS_MAX`].
    ///
    /// # Errors
    /// When the database fails.
    pub async fn drafts_of(&self, owner: Uuid) -> Result<Vec<DraftInfo>, ReadError> {
        let sql = "select name, touched_at, form, cast(length(form) + length(files) as bigint), \
                   substr(files, 1, 12) from draft \
                   where owner = $1 order by touched_at desc, name limit $2";
        let values = vec![owner.into(), (PAGE_ROWS_MAX as u64).into()];
        let rows = self.db.query("listing drafts", sql, values).await?;
        let info = |row: &Row| {
            Ok::<_, DbError>(DraftInfo {
                name: row.get(0)?,
                touched_at: time(row.get(1)?),
                form: row.get(2)?,
                bytes: row.count(3)?,
                files_begin: row.get(4)?,
            })
        };
        Ok(rows.iter().map(info).collect::<Result<_, _>>()?)
    }

    /// Bytes of all drafts together, encrypted.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn drafts_bytes(&self) -> Result<u64, ReadError> {
        let sql =
            "select cast(coalesce(sum(length(form) + length(files)), 0) as bigint) from draft";
        let rows = self.db.query("measuring drafts", sql, Vec::new()).await?;
        Ok(rows.first().map(|row| row.count(0)).transpose()?.unwrap_or(0))
    }

    /// Who has drafts, at most [`CHECK_ROWS_MAX`].
    ///
    /// # Errors
    /// When the database fails.
    pub async fn draft_owners(&self) -> Result<Vec<Uuid>, ReadError> {
        let sql = "select distinct owner from draft order by owner limit $1";
        let values = vec![(CHECK_ROWS_MAX as u64).into()];
        let rows = self.db.query("listing owners of drafts", sql, values).await?;
        let owner = |row: &Row| Ok::<_, DbError>(Uuid::from_bytes(row.array(0)?));
        Ok(rows.iter().map(owner).collect::<Result<_, _>>()?)
    }
}

/// Carries a change out; says how many rows it touched.
pub(crate) async fn write(
    connection: &mut Connection,
    change: &DraftChange,
) -> Result<u64, DbError> {
    let (doing, sql, values): (_, &'static str, Vec<Value>) = match change {
        DraftChange::Put(draft) => {
            let sql = "insert into draft (name, owner, touched_at, form, files) \
                       values ($1, $2, $3, $4, $5) on conflict (name) do update set \
                       touched_at = excluded.touched_at, form = excluded.form, \
                       files = excluded.files where draft.owner = excluded.owner";
            let values = vec![
                draft.name.as_str().into(),
                draft.owner.into(),
                draft.touched_at.as_microsecond().into(),
                draft.form.as_slice().into(),
                draft.files.as_slice().into(),
            ];
            ("keeping a draft", sql, values)
        }
        DraftChange::PutForm { name, owner, since, touched_at, form } => {
            let sql = "update draft set touched_at = $3, form = $4 \
                       where name = $1 and owner = $2 and touched_at >= $5";
            let values = vec![
                name.as_str().into(),
                (*owner).into(),
                touched_at.as_microsecond().into(),
                form.as_slice().into(),
                since.as_microsecond().into(),
            ];
            ("keeping a draft's form", sql, values)
        }
        DraftChange::Remove { name, owner } => {
            let sql = "delete from draft where name = $1 and owner = $2";
            ("removing a draft", sql, vec![name.as_str().into(), (*owner).into()])
        }
        DraftChange::RemoveOwner(owner) => {
            let sql = "delete from draft where owner = $1";
            ("removing drafts", sql, vec![(*owner).into()])
        }
        DraftChange::RemoveBefore(at) => {
            let sql = "delete from draft where touched_at < $1";
            ("removing old drafts", sql, vec![at.as_microsecond().into()])
        }
    };
    connection.execute(doing, sql, values).await
}
