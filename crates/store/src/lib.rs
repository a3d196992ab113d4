//! SQLite and PostgreSQL: knows SQL, knows no rules.
