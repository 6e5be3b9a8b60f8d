//! The commands of promward's command line.

pub mod check;
pub mod demo;
pub mod smoke;
