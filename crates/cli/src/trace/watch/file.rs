//! The journal's file. Knows no chain.
//!
//! Lines are on disk before they are printed, and one process writes. Half a line at the end is
//! what a crash left; it is taken away, and what it said is found again.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use anyhow::bail;
use trace::watch::accounts::News;
use trace::watch::journal::{Happened, Journal, Line};

use super::At as _;

/// A journal on disk, open for this process alone.
pub struct JournalFile {
    path: PathBuf,
    file: File,
    journal: Journal,
}

impl JournalFile {
    /// Opens a journal of this chain, making it where there is none.
    pub fn open(path: &Path, chain: &str) -> anyhow::Result<JournalFile> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(path).at(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                bail!("{}: another process keeps this journal", path.display())
            }
            Err(TryLockError::Error(error)) => return Err(error).at(path),
        }
        let mut text = String::new();
        file.read_to_string(&mut text).at(path)?;
        let path = path.to_owned();
        let Some((journal, whole)) = Journal::read(&text).at(&path)? else {
            let (journal, line) = Journal::begin(chain);
            // A first line that was cut off is begun again; anything else is somebody's file.
            if !line.text().starts_with(&text) {
                bail!("{}: not a journal; choose another file for --journal", path.display());
            }
            file.set_len(0).at(&path)?;
            file.seek(SeekFrom::Start(0)).at(&path)?;
            let mut begun = JournalFile { path, file, journal };
            begun.append(&[line])?;
            return Ok(begun);
        };
        if journal.chain() != chain {
            bail!("{}: of {}, the chain is {chain}", path.display(), journal.chain());
        }
        file.set_len(whole as u64).at(&path)?;
        file.seek(SeekFrom::End(0)).at(&path)?;
        Ok(JournalFile { path, file, journal })
    }

    /// What it holds.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Watches one more source, where it is not watched already.
    pub fn watch(
        &mut self,
        from: &str,
        asset: Option<&str>,
        after: Option<u64>,
    ) -> anyhow::Result<()> {
        let line = self.journal.watch(from, asset, after)?;
        self.append(line.as_slice())
    }

    /// Keeps what is new.
    pub fn compare(&mut self, happened: Happened) -> anyhow::Result<()> {
        let lines = self.journal.compare(happened)?;
        self.append(&lines)
    }

    /// Keeps what is new on an account chain, of which only the new blocks were read.
    pub fn compare_from(&mut self, news: News) -> anyhow::Result<()> {
        let lines = self.journal.compare_from(news.height, news.happened)?;
        self.append(&lines)
    }

    /// Keeps that everything was printed.
    pub fn told(&mut self) -> anyhow::Result<()> {
        let line = self.journal.told();
        self.append(line.as_slice())
    }

    fn append(&mut self, lines: &[Line]) -> anyhow::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        let text: String = lines.iter().map(Line::text).collect();
        self.file.write_all(text.as_bytes()).at(&self.path)?;
        self.file.sync_data().at(&self.path)
    }
}
