//! The `plimsoll` binary: command line, logging, allocator, crypto provider, signals, exit codes. No logic of its own.

mod commands;
mod flags;
mod logging;
mod outcome;
mod signals;
mod terminal;

use std::process::ExitCode;

use clap::Parser;

use crate::flags::{Command, Flags};
use crate::outcome::Outcome;

// The hub's peak against its steady state: mimalloc returns pages that a relist needed for a moment, glibc's arenas keep them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let flags = match Flags::try_parse() {
        Ok(flags) => flags,
        Err(refused) => return outcome::usage(&refused),
    };
    if let Err(refused) = logging::start(&flags.log) {
        return outcome::report(Err(refused));
    }
    // One provider for every TLS connection. An error means that one is installed already, which is what we want.
    let _ = rustls::crypto::ring::default_provider().install_default();
    outcome::report(run(flags.command))
}

fn run(command: Command) -> Outcome {
    match command {
        Command::Up(flags) => commands::up::run(flags),
        Command::Hub(flags) => commands::hub::run(*flags),
        Command::Agent(flags) => commands::agent::run(*flags),
        Command::Gate(flags) => commands::gate::run(flags),
        Command::Rollout(flags) => commands::rollout::run(flags),
        Command::Node(flags) => commands::node::run(flags),
        Command::Dns(flags) => commands::dns::run(*flags),
        Command::Preflight(flags) => commands::preflight::run(*flags),
        Command::Top(flags) => commands::top::run(flags),
        Command::Breakglass(flags) => commands::breakglass::run(*flags),
        Command::Recover(flags) => commands::breakglass::recover(flags),
        Command::Protect(flags) => commands::breakglass::protect(flags),
        Command::Drill(flags) => commands::drill::run(flags),
        Command::Certs(flags) => commands::certs::run(flags),
        Command::FakeApiserver(flags) => commands::fake_apiserver::run(flags),
    }
}
