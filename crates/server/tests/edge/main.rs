//! The edge as its callers meet it: real TLS, real certificates, a real store.

mod access;
mod bad_input;
mod bounds;
mod forbidden;
mod fuzzed;
mod http;
mod notices;
mod officers;
mod openapi;
mod post;
mod scan;
mod signed;
mod story;
mod support;
mod token;
mod watched;
