//! The paper for people: PDF/A-3 with the same rows as CSV and JSON, and the JSON attached.
//!
//! Knows nothing of the seal (it signs this file) nor of how the rows were found. Deterministic:
//! same input, same bytes. Text is set in three open-licensed families; what is printed of a large
//! table, and what is not, is said beside it.

mod draw;
mod exhibits;
mod faces;
mod flow;
mod grid;
mod rows;
mod text;

use std::io;

use jiff::Timestamp;

use crate::package::PackageInput;

pub use flow::PAGES_COUNT_MAX;
pub use grid::CELL_LINES_MAX;
pub use rows::{PRINTED_ROW_BYTES_MAX, ROWS_PRINTED_MAX};

/// Largest JSON file that is attached to the report; a larger one is only named.
pub const ATTACHMENT_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// Sum of all attachments; what would go beyond is only named.
pub const ATTACHMENTS_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// Why no report was made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// An exhibit cannot be read again.
    #[error("{path} cannot be read")]
    Read {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// An exhibit's JSON is not of the table format.
    #[error("{path}, line {line}: not a row of the table format")]
    Row {
        /// The file.
        path: String,
        /// Line, from 1.
        line: u64,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// A time that PDF cannot write.
    #[error("{0} cannot be a date in a PDF; use years 0 to 9999")]
    Date(Timestamp),
    /// Two attachments of one name.
    #[error("{name} is attached twice")]
    Attachment {
        /// The name.
        name: String,
    },
    /// The PDF library refused, for example because a rule of PDF/A-3a is broken.
    #[error("the PDF cannot be written: {0}")]
    Pdf(String),
}

/// Renders the report.
///
/// # Errors
/// See [`ReportError`]; none of them can come from a package whose exhibits were written by
/// [`crate::table`] and can still be read.
pub fn render(input: &PackageInput<'_>) -> Result<Vec<u8>, ReportError> {
    let (flow, attachments) = text::compose(input)?;
    let request = &input.request;
    let about = draw::About {
        title: format!("Answer to {} {}", request.instrument, request.agency_reference),
        author: request.company_name.clone(),
        creator: input.tool_version.clone(),
        description: format!("Evidence report of package {}", input.name),
        id: input.name.to_string(),
        made_at: input.made_at,
    };
    draw::pdf(flow, about, attachments)
}
