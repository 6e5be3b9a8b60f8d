//! Tests of promward on both hosts, in front of a server that the tests play.

mod answer_headers;
mod at_once;
mod callers;
mod client;
mod configuration;
mod deployment;
mod gateway;
mod host;
mod host_failures;
mod personalities;
mod query_log;
mod remote_write;
mod restricted_forms;
mod streams;
mod websockets;
