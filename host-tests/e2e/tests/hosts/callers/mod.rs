//! The caller of a request, end to end on both hosts: each scheme, waiting streams, budgets and rates.

mod logins;
mod matrix;
mod rates;
mod schemes;
pub(crate) mod set_up;
mod swaps;
mod tenants;
mod tokens;
mod waiting;
