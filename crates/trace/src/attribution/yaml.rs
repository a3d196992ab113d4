//! Bounded YAML. Knows no tags.
//!
//! The parser hands over events, never a tree, so a file costs its own size and no more: anchors,
//! aliases, types, includes, second documents and deep nesting are refused where they stand.

use std::borrow::Cow;

use saphyr_parser::{Event, Parser, ScalarStyle, StrInput};

use super::error::{Fault, ReadError, echo};

/// Deepest nesting that is read; a tag pack needs 4, the context of an actor 5.
pub const DEPTH_MAX: usize = 12;
/// Longest text of one field.
pub const TEXT_BYTES_MAX: usize = 64 * 1024;

/// One step through a document.
#[derive(Debug)]
pub(super) enum Step<'a> {
    /// A text, number, date or nothing; `plain` when it is not quoted.
    Scalar { text: Cow<'a, str>, plain: bool },
    /// A map begins.
    Map,
    /// A list begins.
    List,
    /// The map or list ends.
    End,
    /// The document ends.
    Done,
}

/// Steps through the one document of a file.
pub(super) struct Yaml<'a> {
    file: &'a str,
    parser: Parser<'a, StrInput<'a>>,
    depth: usize,
    /// Line of the last step, from 1.
    pub(super) line: u64,
    documents: usize,
}

impl<'a> Yaml<'a> {
    pub(super) fn new(file: &'a str, text: &'a str) -> Yaml<'a> {
        let parser = Parser::new_from_str(text);
        Yaml { file, parser, depth: 0, line: 1, documents: 0 }
    }

    /// The next step.
    pub(super) fn step(&mut self) -> Result<Step<'a>, ReadError> {
        loop {
            let Some(event) = self.parser.next_event() else { return Ok(Step::Done) };
            let (event, span) = event.map_err(|error| {
                let line = error.marker().line() as u64;
                ReadError::at(self.file, line.max(1), Fault::Syntax(syntax(error.info())))
            })?;
            self.line = (span.start.line() as u64).max(1);
            match event {
                Event::Nothing | Event::StreamStart | Event::DocumentEnd => {}
                Event::StreamEnd => return Ok(Step::Done),
                Event::DocumentStart(_) => {
                    self.documents += 1;
                    if self.documents > 1 {
                        return Err(self.fault(Fault::Documents));
                    }
                }
                Event::Alias(_) => return Err(self.fault(Fault::Alias)),
                Event::Scalar(text, style, anchor, tag) => {
                    self.allow(anchor, tag.is_some())?;
                    if text.len() > TEXT_BYTES_MAX {
                        let fault = Fault::Text { bytes: text.len(), max: TEXT_BYTES_MAX };
                        return Err(self.fault(fault));
                    }
                    return Ok(Step::Scalar { text, plain: style == ScalarStyle::Plain });
                }
                Event::SequenceStart(anchor, tag) => {
                    self.allow(anchor, tag.is_some())?;
                    return self.deeper(Step::List);
                }
                Event::MappingStart(anchor, tag) => {
                    self.allow(anchor, tag.is_some())?;
                    return self.deeper(Step::Map);
                }
                Event::SequenceEnd | Event::MappingEnd => {
                    self.depth -= 1;
                    return Ok(Step::End);
                }
            }
        }
    }

    fn allow(&self, anchor: usize, tag: bool) -> Result<(), ReadError> {
        match (anchor, tag) {
            (0, false) => Ok(()),
            (0, true) => Err(self.fault(Fault::Type)),
            _ => Err(self.fault(Fault::Alias)),
        }
    }

    fn deeper(&mut self, step: Step<'a>) -> Result<Step<'a>, ReadError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX { Err(self.fault(Fault::Depth(DEPTH_MAX))) } else { Ok(step) }
    }

    /// The next key of the map that is open; `None` at its end.
    pub(super) fn key(&mut self) -> Result<Option<Cow<'a, str>>, ReadError> {
        match self.step()? {
            Step::Scalar { text, .. } => Ok(Some(text)),
            Step::End => Ok(None),
            other => Err(self.fault(shape("the name of a field", &other))),
        }
    }

    /// A text; `None` for nothing at all.
    pub(super) fn text(&mut self, field: &str) -> Result<Option<Cow<'a, str>>, ReadError> {
        match self.step()? {
            Step::Scalar { text, plain } => Ok(worth(text, plain)),
            other => Err(self.of(field, shape("a text", &other))),
        }
    }

    /// A list of texts, or one text as a list of one.
    pub(super) fn texts(
        &mut self,
        field: &str,
        max: usize,
    ) -> Result<Vec<Cow<'a, str>>, ReadError> {
        match self.step()? {
            Step::Scalar { text, plain } => return Ok(worth(text, plain).into_iter().collect()),
            Step::List => {}
            other => return Err(self.of(field, shape("a list of texts", &other))),
        }
        let mut texts = Vec::new();
        loop {
            match self.step()? {
                Step::End => return Ok(texts),
                Step::Scalar { text, plain } => texts.extend(worth(text, plain)),
                other => return Err(self.of(field, shape("a text", &other))),
            }
            if texts.len() > max {
                return Err(self.of(field, Fault::Count { what: "texts in one list", max }));
            }
        }
    }

    /// Passes over one value, whatever it is.
    pub(super) fn skip(&mut self) -> Result<(), ReadError> {
        let outside = self.depth;
        loop {
            let step = self.step()?;
            if matches!(step, Step::Done) {
                return Err(self.fault(Fault::Syntax("the file ends in the middle".to_owned())));
            }
            if self.depth == outside {
                return Ok(());
            }
        }
    }

    /// Nothing may follow.
    pub(super) fn end(&mut self) -> Result<(), ReadError> {
        match self.step()? {
            Step::Done => Ok(()),
            other => Err(self.fault(shape("the end of the file", &other))),
        }
    }

    pub(super) fn fault(&self, fault: Fault) -> ReadError {
        ReadError::at(self.file, self.line, fault)
    }

    pub(super) fn of(&self, field: &str, fault: Fault) -> ReadError {
        ReadError::of(self.file, self.line, field, fault)
    }
}

/// What stands where something else belongs.
pub(super) fn shape(expected: &'static str, step: &Step<'_>) -> Fault {
    let found = match step {
        Step::Scalar { text, .. } if text.is_empty() => "nothing",
        Step::Scalar { .. } => "a text",
        Step::Map => "a map",
        Step::List => "a list",
        Step::End => "the end of a map or list",
        Step::Done => "the end of the file",
    };
    Fault::Shape { expected, found }
}

/// The text, unless it is one of YAML's words for nothing.
fn worth(text: Cow<'_, str>, plain: bool) -> Option<Cow<'_, str>> {
    let nothing = plain && matches!(&*text, "" | "~" | "null" | "Null" | "NULL");
    if nothing { None } else { Some(text) }
}

fn syntax(info: &str) -> String {
    // an alias without anchor is the parser's own error; it is refused as one
    if info.contains("anchor") {
        Fault::Alias.to_string()
    } else {
        format!("no YAML: {}", echo(info))
    }
}
