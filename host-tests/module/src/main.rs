//! `cargo wasm`: builds the module that users get and says where it is, how big it is, and its SHA-256.

use anyhow::{Context, Result};
use std::fs;

fn main() -> Result<()> {
    let module = promward_module::build()?;
    let bytes = fs::read(&module).with_context(|| format!("cannot read {}", module.display()))?;
    println!("{}", module.display());
    println!("{} KB", bytes.len().div_ceil(1000));
    println!("sha256:{}", promward_module::sha256(&bytes));
    Ok(())
}
