//! The cost of promward: [`costs`] has the works that benchmarks time and that tests hold to budgets.

pub mod costs;
