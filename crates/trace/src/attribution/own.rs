//! One's own tags as CSV (docs/formats/tags.md). A mistake in one's own file is put right, not
//! reported: unknown columns and addresses with a wrong checksum refuse the file.

use csv::StringRecord;

use super::address::Blockchain;
use super::error::{Fault, ReadError, echo, text};
use super::pack::{Builder, CONCEPTS_MAX, Kind, Pack, Provenance, address_text, label_text};
use super::statement::{Confidence, Day, Sanction, Statement, Subject, concept, day};

/// All columns, in the order in which the format lists them.
const COLUMNS: [&str; 16] = [
    "network",
    "address",
    "label",
    "actor",
    "concepts",
    "confidence",
    "source",
    "recorded",
    "valid_from",
    "valid_to",
    "sanctioned_by",
    "sanctioned_from",
    "sanctioned_to",
    "whole_cluster",
    "fiction",
    "note",
];
/// Columns that must be there.
const NEEDED: [&str; 6] = ["network", "address", "label", "confidence", "source", "recorded"];

/// One record and where it stands.
struct Row<'a> {
    file: &'a str,
    line: u64,
    places: &'a [Option<usize>; COLUMNS.len()],
    record: &'a StringRecord,
}

/// Reads one's own tags.
pub fn read_own(file: &str, bytes: &[u8], provenance: Provenance) -> Result<Pack, ReadError> {
    let text = text(file, bytes)?;
    let mut reader = csv::ReaderBuilder::new().from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|error| csv_fault(file, &error))?.clone();
    let places = places(file, &headers)?;
    let mut builder = Builder::new(file, bytes, Kind::Own, provenance);
    builder.titled("own tags", "the user");
    let mut record = StringRecord::new();
    while reader.read_record(&mut record).map_err(|error| csv_fault(file, &error))? {
        let line = record.position().map_or(1, csv::Position::line);
        let row = Row { file, line, places: &places, record: &record };
        let chain = Blockchain::named(row.needed("network")?)
            .map_err(|fault| row.of("network", fault.into()))?;
        let address =
            address_text(row.needed("address")?).map_err(|fault| row.of("address", fault))?;
        let statement = row.statement(&mut builder, &chain)?;
        let number = builder.statement(statement);
        if let Some(fault) = builder.tag(chain, address, number, line)? {
            let address = echo(address);
            return Err(row.of("address", Fault::Address { address, fault }));
        }
    }
    Ok(builder.finish())
}

fn places(file: &str, headers: &StringRecord) -> Result<[Option<usize>; COLUMNS.len()], ReadError> {
    let mut places = [None; COLUMNS.len()];
    for (at, header) in headers.iter().enumerate() {
        let known = COLUMNS.iter().position(|column| *column == header.trim());
        let Some(column) = known else {
            let fault = Fault::Unknown(
                "network, address, label, actor, concepts, confidence, source, recorded, \
                 valid_from, valid_to, sanctioned_by, sanctioned_from, sanctioned_to, \
                 whole_cluster, fiction, note",
            );
            return Err(ReadError::of(file, 1, header, fault));
        };
        if places[column].replace(at).is_some() {
            return Err(ReadError::of(file, 1, header, Fault::Twice));
        }
    }
    for needed in NEEDED {
        let at = COLUMNS.iter().position(|column| *column == needed);
        if at.is_none_or(|at| places[at].is_none()) {
            let fault = Fault::Kind("the first line names the columns, and this one is needed");
            return Err(ReadError::of(file, 1, needed, fault));
        }
    }
    Ok(places)
}

fn csv_fault(file: &str, error: &csv::Error) -> ReadError {
    let line = error.position().map_or(1, csv::Position::line);
    let said = match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("the line has {len} fields, the first line {expected_len}")
        }
        other => format!("no CSV: {other:?}"),
    };
    ReadError::at(file, line, Fault::Syntax(said))
}

impl Row<'_> {
    fn of(&self, field: &str, fault: Fault) -> ReadError {
        ReadError::of(self.file, self.line, field, fault)
    }

    fn text(&self, column: &str) -> Option<&str> {
        let at = COLUMNS.iter().position(|known| *known == column)?;
        let text = self.record.get(self.places[at]?)?.trim();
        (!text.is_empty()).then_some(text)
    }

    fn needed(&self, column: &str) -> Result<&str, ReadError> {
        self.text(column).ok_or_else(|| self.of(column, Fault::Empty))
    }

    fn label(&self, column: &str) -> Result<Option<&str>, ReadError> {
        let Some(text) = self.text(column) else { return Ok(None) };
        label_text(text).map(Some).map_err(|fault| self.of(column, fault))
    }

    fn day(&self, column: &str) -> Result<Option<Day>, ReadError> {
        let Some(text) = self.text(column) else { return Ok(None) };
        day(text).map(Some).map_err(|fault| self.of(column, fault))
    }

    fn truth(&self, column: &str) -> Result<Option<bool>, ReadError> {
        match self.text(column) {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(other) => Err(self.of(column, Fault::Truth(echo(other)))),
        }
    }

    fn period(&self, from: &str, to: &str) -> Result<(Option<Day>, Option<Day>), ReadError> {
        match (self.day(from)?, self.day(to)?) {
            (Some(first), Some(last)) if last < first => Err(self.of(to, Fault::Period)),
            period => Ok(period),
        }
    }

    fn statement(
        &self,
        builder: &mut Builder<'_>,
        chain: &Blockchain,
    ) -> Result<Statement, ReadError> {
        let label = self.label("label")?.ok_or_else(|| self.of("label", Fault::Empty))?;
        let source = self.label("source")?.ok_or_else(|| self.of("source", Fault::Empty))?;
        let confidence: Confidence =
            self.needed("confidence")?.parse().map_err(|fault| self.of("confidence", fault))?;
        let listed = self.label("concepts")?.unwrap_or_default().split(';');
        let mut concepts: Vec<_> = listed
            .filter(|text| !text.trim().is_empty())
            .map(|text| builder.text(&concept(text)))
            .collect();
        if concepts.len() > CONCEPTS_MAX {
            let fault = Fault::Count { what: "concepts of one tag", max: CONCEPTS_MAX };
            return Err(self.of("concepts", fault));
        }
        concepts.sort();
        concepts.dedup();
        let recorded = self.needed("recorded")?;
        let recorded = day(recorded).map_err(|fault| self.of("recorded", fault))?;
        let (valid_from, valid_to) = self.period("valid_from", "valid_to")?;
        let (from, to) = self.period("sanctioned_from", "sanctioned_to")?;
        let by = self.label("sanctioned_by")?;
        if by.is_none() && (from.is_some() || to.is_some()) {
            return Err(self.of("sanctioned_by", Fault::Empty));
        }
        Ok(Statement {
            label: builder.text(label),
            actor: self.label("actor")?.map(|actor| builder.text(actor)),
            concepts,
            confidence,
            source: builder.text(source),
            asset: builder.text(chain.code()),
            recorded: Some(recorded),
            valid_from,
            valid_to,
            sanction: by.map(|by| Sanction { by: builder.text(by), from, to }),
            whole_cluster: self.truth("whole_cluster")?,
            subject: Subject::Owner,
            fiction: self.truth("fiction")?.unwrap_or(false),
            note: self.label("note")?.map(|note| builder.text(note)),
        })
    }
}
