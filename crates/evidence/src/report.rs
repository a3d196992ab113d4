//! The paper for people: PDF/A-3 with the same rows as the CSV and JSON, and the JSON attached.

use crate::package::PackageInput;

/// Why no report was made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// Rendering is not built in yet.
    #[error("the report is not built in yet; ask for a package without it")]
    Absent,
}

/// The report as PDF/A-3.
pub fn render(_input: &PackageInput<'_>) -> Result<Vec<u8>, ReportError> {
    Err(ReportError::Absent)
}
