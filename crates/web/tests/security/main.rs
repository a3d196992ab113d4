//! What keeps strangers, thieves and other sites out, line by line of docs/asvs.md, without a
//! browser: requests as an attacker would write them.

#[path = "../support/exchange.rs"]
mod exchange;

mod answers;
mod checklist;
mod drafts;
mod forms;
mod noticed;
mod public;
mod quarantine;
mod sessions;
mod visitor;
