//! A cell that is a list of objects: JSON, or Cassandra's and Python's spelling of the same. Knows
//! no field by name.

use super::{BLOCK_ROWS_MAX, TableFault, cell, clip};

/// A list, its objects, their lists of addresses.
const DEPTH_MAX: u32 = 4;

enum Value {
    Nothing,
    Text(String),
    List(Vec<Value>),
    Object(Vec<(String, Value)>),
}

/// One object of a list, its fields as text.
pub(super) struct Object(Vec<(String, String)>);

impl Object {
    pub(super) fn get(&self, names: &[&str]) -> Option<&str> {
        let found = self.0.iter().find(|(name, _)| names.contains(&name.as_str()));
        found.map(|(_, text)| text.as_str()).filter(|text| !text.is_empty())
    }

    pub(super) fn must(&self, names: &[&str]) -> Result<&str, TableFault> {
        let words = || format!("an object of the list has no `{}`", names[0]);
        self.get(names).ok_or_else(|| TableFault::Refused(words()))
    }

    /// Where objects are numbered, their order is that of the list.
    pub(super) fn follows(&self, what: &'static str, expected: u64) -> Result<(), TableFault> {
        match self.get(&["index"]).map(cell::number).transpose()? {
            Some(index) if index != expected => Err(TableFault::Gap { what, expected }),
            _ => Ok(()),
        }
    }
}

/// A cell as a list of objects with plain fields; a list within is the text of its only element, or
/// its elements with commas, which is no address.
pub(super) fn list(text: &str) -> Result<Vec<Object>, TableFault> {
    let wrong = || TableFault::Refused(format!("`{}` is not a list of objects", clip(text)));
    let mut reader = Reader { rest: text, count: 0 };
    let value = reader.value(0).ok_or_else(wrong)?;
    reader.space();
    let Value::List(values) = value else { return Err(wrong()) };
    if !reader.rest.is_empty() {
        return Err(wrong());
    }
    let mut objects = Vec::with_capacity(values.len());
    for value in values {
        let Value::Object(fields) = value else { return Err(wrong()) };
        let fields = fields.into_iter().map(|(name, value)| (name, plain(value)));
        objects.push(Object(fields.collect()));
    }
    Ok(objects)
}

fn plain(value: Value) -> String {
    match value {
        Value::Text(text) => text,
        Value::List(values) => values.into_iter().map(plain).collect::<Vec<_>>().join(","),
        Value::Nothing | Value::Object(_) => String::new(),
    }
}

/// Reads what stands first; none where that is no value.
struct Reader<'a> {
    rest: &'a str,
    /// Values read.
    count: usize,
}

impl Reader<'_> {
    fn value(&mut self, depth: u32) -> Option<Value> {
        self.space();
        self.count += 1;
        if depth > DEPTH_MAX || self.count > 8 * BLOCK_ROWS_MAX {
            return None;
        }
        if self.take('[') {
            let mut values = Vec::new();
            while !self.ends(']', values.is_empty())? {
                values.push(self.value(depth + 1)?);
            }
            return Some(Value::List(values));
        }
        if self.take('{') {
            let mut fields = Vec::new();
            while !self.ends('}', fields.is_empty())? {
                self.space();
                let name = self.text()?;
                self.space();
                self.take(':').then_some(())?;
                fields.push((name, self.value(depth + 1)?));
            }
            return Some(Value::Object(fields));
        }
        let quoted = self.rest.starts_with(['"', '\'']);
        let text = self.text()?;
        let nothing = !quoted && matches!(text.as_str(), "null" | "None" | "NULL");
        Some(if nothing { Value::Nothing } else { Value::Text(text) })
    }

    /// Whether a list ends here; takes the comma before the next element.
    fn ends(&mut self, mark: char, is_first: bool) -> Option<bool> {
        self.space();
        if self.take(mark) {
            return Some(true);
        }
        (is_first || self.take(',')).then_some(false)
    }

    /// A quoted or bare word.
    fn text(&mut self) -> Option<String> {
        let quote = self.rest.chars().next().filter(|first| matches!(first, '"' | '\''));
        let Some(quote) = quote else {
            let end = self.rest.find(|mark: char| ",:[]{}\"' \t\r\n".contains(mark));
            let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
            self.rest = rest;
            return (!word.is_empty()).then(|| word.to_owned());
        };
        let mut text = String::new();
        let mut marks = self.rest.char_indices().skip(1).peekable();
        while let Some((at, mark)) = marks.next() {
            match mark {
                '\\' => text.push(marks.next()?.1),
                // Cassandra doubles a quote within quotes.
                mark if mark == quote && marks.peek().is_some_and(|(_, next)| *next == quote) => {
                    marks.next();
                    text.push(quote);
                }
                mark if mark == quote => {
                    self.rest = &self.rest[at + quote.len_utf8()..];
                    return Some(text);
                }
                other => text.push(other),
            }
        }
        None
    }

    fn take(&mut self, mark: char) -> bool {
        match self.rest.strip_prefix(mark) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn space(&mut self) {
        self.rest = self.rest.trim_start();
    }
}
