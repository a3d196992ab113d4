//! The paper for people: PDF/A-3 with the same rows as the CSV and JSON, and the JSON attached.
