//! From the spelling of a catalog to its meaning, and every check that needs no database.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::PathBuf;

use toml::Spanned;

use super::{
    Answer, CATALOG_BYTES_MAX, CATALOG_ITEM_COUNT_MAX, Catalog, CatalogError, Column, Engine,
    FileFormat, Folder, Lookup, PortAndTime, PostgresUrl, Search, Source, Table, column, effects,
    wire,
};
use crate::selector::SelectorKind;
use crate::sql::{Dialect, Parameter, Purpose, SqlError, Statement};

/// The one version of the format.
const VERSION: u32 = 1;

pub(super) fn catalog(text: &str, file: &str) -> Result<Catalog, CatalogError> {
    let reader = Reader { text, file };
    if text.len() > CATALOG_BYTES_MAX {
        return Err(reader.at(0..0, "file", format!("is longer than {CATALOG_BYTES_MAX} bytes")));
    }
    let wire: wire::Catalog = toml::from_str(text).map_err(|error| reader.toml(&error))?;
    if *wire.version.get_ref() != VERSION {
        let why = format!("this program reads version {VERSION}");
        return Err(reader.at(wire.version.span(), "version", why));
    }
    reader.count("sources", wire.sources.len())?;
    reader.count("searches", wire.searches.len())?;
    let mut catalog = Catalog {
        file: file.to_owned(),
        sources: Vec::new(),
        searches: Vec::new(),
        deposit_addresses: None,
        languages: None,
        effects: Vec::new(),
    };
    for source in wire.sources {
        let source = reader.source(source, &catalog)?;
        catalog.sources.push(source);
    }
    for search in wire.searches {
        let search = reader.search(search, &catalog)?;
        catalog.searches.push(search);
    }
    if let Some(lookup) = wire.deposit_addresses {
        let field = "deposit_addresses";
        let dialect = reader.dialect(&lookup.source, &catalog, field)?;
        let statement = reader.sql(&lookup.sql, dialect, Purpose::Lookup, field)?;
        catalog.deposit_addresses = Some(Lookup { source: lookup.source.into_inner(), statement });
    }
    if let Some(lookup) = wire.languages {
        let field = "languages";
        let dialect = reader.dialect(&lookup.source, &catalog, field)?;
        let statement = reader.sql(&lookup.sql, dialect, Purpose::Languages, field)?;
        catalog.languages = Some(Lookup { source: lookup.source.into_inner(), statement });
    }
    for (kind, effect) in wire.effects {
        let entry = effects::entry(&reader, &kind, effect, &catalog)?;
        catalog.effects.push(entry);
    }
    Ok(catalog)
}

/// The text being read, so that an error can name its line.
pub(super) struct Reader<'a> {
    text: &'a str,
    file: &'a str,
}

impl Reader<'_> {
    /// An error at a place.
    pub(super) fn at(
        &self,
        span: Range<usize>,
        field: &str,
        why: impl Into<String>,
    ) -> CatalogError {
        let line = 1 + self.text.bytes().take(span.start).filter(|byte| *byte == b'\n').count();
        CatalogError { file: self.file.to_owned(), line, field: field.to_owned(), why: why.into() }
    }

    fn toml(&self, error: &toml::de::Error) -> CatalogError {
        let span = error.span().unwrap_or(0..0);
        let spot = self.text.get(span.clone()).unwrap_or("").lines().next().unwrap_or("").trim();
        let field = if spot.is_empty() { "file" } else { spot };
        self.at(span, field, error.message().replace('\n', "; "))
    }

    fn count(&self, field: &str, count: usize) -> Result<(), CatalogError> {
        if count <= CATALOG_ITEM_COUNT_MAX {
            return Ok(());
        }
        Err(self.at(0..0, field, format!("{count} entries; at most {CATALOG_ITEM_COUNT_MAX}")))
    }

    fn source(
        &self,
        source: Spanned<wire::Source>,
        catalog: &Catalog,
    ) -> Result<Source, CatalogError> {
        let place = source.span();
        let wire = source.into_inner();
        let field = format!("sources.{}", wire.name.get_ref());
        self.name(&wire.name, &field)?;
        if catalog.source(wire.name.get_ref()).is_some() {
            return Err(self.at(wire.name.span(), &field, "this name is used twice"));
        }
        let refuse = |key: &str, why: &str| self.at(place.clone(), &format!("{field}.{key}"), why);
        let engine_name = wire.engine.get_ref().as_str();
        let stray = [
            ("url", wire.url.is_some(), "postgres"),
            ("url_env", wire.url_env.is_some(), "postgres"),
            ("path", wire.path.is_some() && engine_name == "postgres", "sqlite or folder"),
            ("import", wire.import.is_some(), "sqlite"),
            ("tables", wire.tables.is_some(), "folder"),
        ];
        for (key, is_given, owner) in stray {
            if is_given && !owner.contains(engine_name) {
                return Err(refuse(key, &format!("belongs to engine {owner} only")));
            }
        }
        let path = || wire.path.clone().map(PathBuf::from);
        let engine = match engine_name {
            "postgres" => Engine::Postgres(match (wire.url, wire.url_env) {
                (Some(url), None) => PostgresUrl::Written(url),
                (None, Some(variable)) => PostgresUrl::Environment(variable),
                _ => return Err(refuse("url", "give either url or url_env")),
            }),
            "sqlite" => {
                let path = path().ok_or_else(|| refuse("path", "give the file"))?;
                let import = wire
                    .import
                    .map(|folder| self.folder(folder.path.into(), folder.tables, &field));
                Engine::Sqlite { path, import: import.transpose()? }
            }
            "folder" => {
                let path = path().ok_or_else(|| refuse("path", "give the folder"))?;
                if wire.writes {
                    return Err(refuse("writes", "a folder is never written to"));
                }
                let tables = wire.tables.unwrap_or_default();
                Engine::Folder(self.folder(path, tables, &field)?)
            }
            _ => {
                let why = "use postgres, sqlite or folder";
                return Err(self.at(wire.engine.span(), &format!("{field}.engine"), why));
            }
        };
        Ok(Source { name: wire.name.into_inner(), title: wire.title, engine, writes: wire.writes })
    }

    fn folder(
        &self,
        path: PathBuf,
        tables: Vec<Spanned<wire::Table>>,
        field: &str,
    ) -> Result<Folder, CatalogError> {
        if tables.is_empty() {
            return Err(self.at(0..0, &format!("{field}.tables"), "name at least one table"));
        }
        self.count(field, tables.len())?;
        let tables = tables.into_iter().map(|table| self.table(table, field));
        Ok(Folder { path, tables: tables.collect::<Result<_, _>>()? })
    }

    fn table(&self, table: Spanned<wire::Table>, field: &str) -> Result<Table, CatalogError> {
        let place = table.span();
        let wire = table.into_inner();
        let field = format!("{field}.tables.{}", wire.name);
        let refuse = |why: String| self.at(place.clone(), &field, why);
        if !is_name(&wire.name) {
            return Err(refuse(NAME_RULE.to_owned()));
        }
        let is_plain = |part: &str| !part.is_empty() && part != "." && part != "..";
        if wire.file.contains('\\') || !wire.file.split('/').all(is_plain) {
            return Err(refuse("the file must lie inside the folder".to_owned()));
        }
        let format = match wire.format.as_ref().map(|format| format.get_ref().as_str()) {
            Some("csv") => FileFormat::Csv,
            Some("jsonl") => FileFormat::JsonLines,
            None if wire.file.ends_with(".csv") => FileFormat::Csv,
            None if wire.file.ends_with(".jsonl") => FileFormat::JsonLines,
            _ => return Err(refuse("format is csv or jsonl".to_owned())),
        };
        let columns = self.columns(wire.columns, &field)?;
        let has = |name: &String| columns.iter().any(|column| column.name == *name);
        if let Some(name) = wire.key.iter().chain(&wire.indexed).find(|name| !has(name)) {
            return Err(refuse(format!("key or index names `{name}`, which is no column")));
        }
        Ok(Table {
            name: wire.name,
            file: wire.file,
            format,
            columns,
            key: wire.key,
            indexed: wire.indexed,
        })
    }

    fn columns(
        &self,
        columns: Vec<Spanned<wire::Column>>,
        field: &str,
    ) -> Result<Vec<Column>, CatalogError> {
        self.count(field, columns.len())?;
        let mut names = BTreeSet::new();
        let mut read = Vec::with_capacity(columns.len());
        for spanned in columns {
            let place = spanned.span();
            let wire = spanned.into_inner();
            let field = format!("{field}.columns.{}", wire.name);
            let column = column::read(wire).map_err(|why| self.at(place.clone(), &field, why))?;
            if !is_name(&column.name) {
                return Err(self.at(place, &field, NAME_RULE));
            }
            if !names.insert(column.name.clone()) {
                return Err(self.at(place, &field, "this column is listed twice"));
            }
            read.push(column);
        }
        if read.is_empty() {
            return Err(self.at(0..0, &format!("{field}.columns"), "list at least one column"));
        }
        Ok(read)
    }

    fn search(
        &self,
        search: Spanned<wire::Search>,
        catalog: &Catalog,
    ) -> Result<Search, CatalogError> {
        let place = search.span();
        let wire = search.into_inner();
        let field = format!("searches.{}", wire.name.get_ref());
        self.name(&wire.name, &field)?;
        if catalog.search(wire.name.get_ref()).is_some() {
            return Err(self.at(wire.name.span(), &field, "this name is used twice"));
        }
        let category = wire.category.get_ref().parse().map_err(|error| {
            let error: crate::UnknownCategory = error;
            self.at(wire.category.span(), &format!("{field}.category"), error.to_string())
        })?;
        let dialect = self.dialect(&wire.source, catalog, &field)?;
        let statement = self.sql(&wire.sql, dialect, Purpose::Search, &field)?;
        let columns = self.columns(wire.columns, &field)?;
        let answers_to = self.answers(wire.answers_to, &columns, place, &field)?;
        let search = Search {
            name: wire.name.into_inner(),
            title: wire.title,
            category,
            source: wire.source.into_inner(),
            statement,
            answers_to,
            columns,
            time: wire.time.as_ref().map(|time| time.get_ref().clone()),
        };
        self.parameters_fit(&search, wire.sql.span(), &field)?;
        if let Some(time) = &wire.time {
            let is_time = |column: &Column| {
                column.name == *time.get_ref() && matches!(column.kind, super::ColumnKind::Time(_))
            };
            if !search.columns.iter().any(is_time) {
                let why = "name a result column of kind time";
                return Err(self.at(time.span(), &format!("{field}.time"), why));
            }
        }
        Ok(search)
    }

    fn answers(
        &self,
        wire: std::collections::BTreeMap<String, wire::Answer>,
        columns: &[Column],
        place: Range<usize>,
        field: &str,
    ) -> Result<Vec<Answer>, CatalogError> {
        let field = format!("{field}.answers_to");
        let refuse = |why: String| Err(self.at(place.clone(), &field, why));
        let of_kind = |name: &str, fits: fn(super::ColumnKind) -> bool| {
            columns.iter().any(|column| column.name == name && fits(column.kind))
        };
        let is_text = |kind| matches!(kind, super::ColumnKind::Text | super::ColumnKind::Integer);
        let is_time = |kind| matches!(kind, super::ColumnKind::Time(_));
        let mut answers = Vec::new();
        for (kind, columns) in wire {
            let kind: SelectorKind = kind.parse().map_err(|error: crate::UnknownKind| {
                self.at(place.clone(), &field, error.to_string())
            })?;
            let is_place = kind == SelectorKind::IpPort;
            let (column, beside) = match columns {
                wire::Answer::Column(column) if !is_place => (column, None),
                wire::Answer::Place(wire::Place { ip, port, time }) if is_place => {
                    (ip, Some(PortAndTime { port, time }))
                }
                _ => {
                    let why = "an ip_port stands in three columns, { ip = .., port = .., time = \
                               .. }, every other kind in one";
                    return refuse(why.to_owned());
                }
            };
            let texts = std::iter::once(&column).chain(beside.iter().map(|it| &it.port));
            for name in texts {
                if !of_kind(name, is_text) {
                    return refuse(format!("`{name}` is no result column of kind text or integer"));
                }
            }
            if let Some(PortAndTime { time, .. }) = &beside
                && !of_kind(time, is_time)
            {
                return refuse(format!("`{time}` is no result column of kind time"));
            }
            answers.push(Answer { kind, column, beside });
        }
        if answers.is_empty() {
            return refuse("name at least one kind of selector".to_owned());
        }
        Ok(answers)
    }

    /// The selectors in the SQL are those answered to, and a time column goes with a range.
    fn parameters_fit(
        &self,
        search: &Search,
        place: Range<usize>,
        field: &str,
    ) -> Result<(), CatalogError> {
        let refuse = |why: String| Err(self.at(place.clone(), &format!("{field}.sql"), why));
        let used = search.statement.parameters();
        for answer in &search.answers_to {
            if !used.contains(&Parameter::Selector(answer.kind)) {
                return refuse(format!("answers_to has {0}, the SQL has no :{0}", answer.kind));
            }
        }
        for parameter in used {
            let Parameter::Selector(kind) = parameter else { continue };
            if !search.answers_to.iter().any(|answer| answer.kind == *kind) {
                return refuse(format!("the SQL has :{kind}, answers_to does not have it"));
            }
        }
        let has = |names: [Parameter; 2]| names.iter().any(|name| used.contains(name));
        let port_and_moment = [
            used.contains(&Parameter::Port),
            has([Parameter::SeenFrom, Parameter::SeenFromUnixSeconds]),
            has([Parameter::SeenUntil, Parameter::SeenUntilUnixSeconds]),
        ];
        let answers_place = used.contains(&Parameter::Selector(SelectorKind::IpPort));
        if port_and_moment.iter().any(|is_used| *is_used != answers_place) {
            let why = "a search that answers to ip_port needs :ip_port (the address), :port, \
                       :seen_from and :seen_until in its SQL, and no other search has them";
            return refuse(why.to_owned());
        }
        let has_from = has([Parameter::From, Parameter::FromUnixSeconds]);
        let has_until = has([Parameter::Until, Parameter::UntilUnixSeconds]);
        match &search.time {
            Some(_) if !(has_from && has_until) => {
                refuse("a search with a time needs :from and :until in its SQL".to_owned())
            }
            None if has_from || has_until => {
                refuse("the SQL limits the time, so name the time column in `time`".to_owned())
            }
            _ => Ok(()),
        }
    }

    /// Reads one SQL text; an error inside it gets the line inside the file.
    pub(super) fn sql(
        &self,
        sql: &Spanned<String>,
        dialect: Dialect,
        purpose: Purpose,
        field: &str,
    ) -> Result<Statement, CatalogError> {
        Statement::read(sql.get_ref(), dialect, purpose).map_err(|SqlError { line, why }| {
            let mut error = self.at(sql.span(), &format!("{field}.sql"), why.to_string());
            // A multi-line string drops the line break after its opening quotes.
            let raw = self.text.get(sql.span()).unwrap_or("");
            let opened = raw.starts_with("\"\"\"\n") || raw.starts_with("'''\n");
            error.line += line + usize::from(opened);
            error
        })
    }

    /// The dialect of the source that an entry names.
    pub(super) fn dialect(
        &self,
        source: &Spanned<String>,
        catalog: &Catalog,
        field: &str,
    ) -> Result<Dialect, CatalogError> {
        let Some(source) = catalog.source(source.get_ref()) else {
            let why = format!("there is no source `{}`", source.get_ref());
            return Err(self.at(source.span(), &format!("{field}.source"), why));
        };
        Ok(source.dialect())
    }

    fn name(&self, name: &Spanned<String>, field: &str) -> Result<(), CatalogError> {
        if is_name(name.get_ref()) {
            return Ok(());
        }
        Err(self.at(name.span(), field, NAME_RULE))
    }
}

/// Longest name of a source, search, table or column, in bytes; PostgreSQL cuts longer ones.
const NAME_BYTES_MAX: usize = 63;
const NAME_RULE: &str = "a name has 1 to 63 of a-z, 0-9 and _, and starts with a letter";

/// Names go into SQL, into file names and into headings, so they are kept plain.
fn is_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    name.len() <= NAME_BYTES_MAX
        && name.bytes().next().is_some_and(|b| b.is_ascii_lowercase())
        && name.bytes().all(plain)
}
