//! Tests of the command line as its users call it.

mod check;
mod demo;
mod dependencies;
mod documents;
mod examples;
mod explain;
mod hash;
mod import;
mod pasted;
mod policy_tests;
mod processes;
mod render;
mod story;
mod token;
