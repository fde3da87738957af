//! ChatForge: one process and one file that answer visitors, keep leads and fire webhooks.

pub mod answer;
pub mod auth;
pub mod billing;
pub mod cli;
pub mod config;
pub mod deliver;
pub mod domain;
pub mod egress;
pub mod jobs;
pub mod limits;
pub mod reading;
pub mod server;
pub mod storage;
pub mod supervise;
pub mod web;
pub mod world;
