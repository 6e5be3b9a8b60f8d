//! Comes with its commit.
