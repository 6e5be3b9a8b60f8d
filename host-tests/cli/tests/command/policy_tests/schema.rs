//! The JSON Schema of files with policy tests is that of the types that the command reads. `PROMWARD_BLESS=1` writes it
//! anew.

use promward_cli::test::TestFile;
use schemars::generate::SchemaSettings;
use std::fs;

#[test]
fn the_schema_of_policy_tests_is_that_of_the_files_that_are_read() {
    let file = promward_module::workspace().unwrap().join("host-tests/cli/promward-tests.schema.json");
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<TestFile>();
    schema.insert("title".to_owned(), "Tests of a configuration of promward".into());
    let generated = format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
    if std::env::var_os("PROMWARD_BLESS").is_some() {
        fs::write(&file, &generated).unwrap();
    }
    let recorded = fs::read_to_string(&file).unwrap_or_default();
    assert!(recorded == generated, "{} is out of date: PROMWARD_BLESS=1 writes it anew", file.display());
}
