//! What both hosts do with promward in front of a server of the tests' own.

mod callers;
mod configuration;
mod deployment;
mod gateway;
mod host;
mod host_failures;
mod restricted_forms;
mod streams;
