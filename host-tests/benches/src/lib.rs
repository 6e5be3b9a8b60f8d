//! The cost of promward: [`costs`] has the works that benchmarks time and that tests hold to budgets, and [`rooms`] says
//! where a request's instructions go.

pub mod costs;
pub mod rooms;
