//! The edge as its callers meet it: real TLS, real certificates, a real store.

mod bad_input;
mod forbidden;
mod fuzzed;
mod http;
mod notices;
mod officers;
mod openapi;
mod post;
mod signed;
mod story;
mod support;
