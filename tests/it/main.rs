//! ChatForge from outside: real servers, each with its own port, folder and clock.
#![allow(clippy::unwrap_used, clippy::panic)]

mod binary;
mod browser;
mod http;
mod receiver;
mod routes;
mod server;
mod visitor;

mod agents;
mod analytics;
mod bulk;
mod capture;
mod cli;
mod config;
mod conversations;
mod dashboard;
mod deliveries;
mod durability;
mod errors;
mod health;
mod keys;
mod knowledge;
mod leads;
mod limits;
mod me;
mod once;
mod rate;
mod sign_in;
mod store;
mod strangers;
mod tidy;
mod webhooks;
mod widget;
