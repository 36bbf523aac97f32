//! The command line is consistent, and docs/cli.md says what it is.

use std::path::Path;

use clap::CommandFactory;

use super::Flags;

fn page() -> String {
    let mut command = Flags::command().term_width(100);
    command.build();
    let mut page = String::from(
        "# Command line\n\nGenerated from `crates/plimsoll/src/flags.rs` by `cargo xtask docs`; a test fails when it drifts.\n",
    );
    section(&mut command, &mut page);
    page
}

fn section(command: &mut clap::Command, page: &mut String) {
    let help = command.render_long_help().to_string();
    let help: Vec<&str> = help.lines().map(str::trim_end).collect();
    let name = command.get_bin_name().unwrap_or("plimsoll").to_owned();
    page.push_str(&format!("\n## `{name}`\n\n```text\n{}\n```\n", help.join("\n").trim_end()));
    for sub in command.get_subcommands_mut() {
        section(sub, page);
    }
}

#[test]
fn the_flags_fit_together() {
    Flags::command().debug_assert();
}

#[test]
fn generated_page() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/cli.md");
    let page = page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&file, &page).unwrap();
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(written == page, "docs/cli.md is not what the flags say: run `cargo xtask docs`");
}
