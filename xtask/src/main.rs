//! Repository tasks: `cargo xtask NAME`. The checks among them also run under `cargo test`, so that CI adds no rule that a
//! contributor's own machine does not have.

mod dns;
mod documents;
mod layers;
mod repository;
mod sources;
mod supply;
mod testbed;
mod tidy;
mod watches;

use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask tidy              check the rules of CONTRIBUTING.md that a machine can check
cargo xtask docs              write docs/api-calls.md, docs/cli.md and other generated pages anew
cargo xtask testbed ARGS...   a real Kubernetes cluster on this machine (as root): up, down, status; see testbed/README.md
cargo xtask compare-dns       ask CoreDNS and us the same of the same API server; fails on a difference that is not on the list
cargo xtask fuzz SECONDS      every fuzz target for so many seconds (needs a nightly toolchain)
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["tidy"] => tidy::run(),
        ["docs"] => documents::write_generated(),
        ["testbed", rest @ ..] => testbed::script("testbed/testbed", rest),
        ["compare-dns", rest @ ..] => testbed::script("testbed/checks/compare-dns", rest),
        // Parts of the scripts below testbed/checks and bench.
        ["dns-compare", rest @ ..] => dns::compare(rest).map(|report| print(&report)),
        ["dns-fill", api, services, endpoints, names] => dns::fill(api, services, endpoints, names),
        ["dns-latency", server, queries, rate, seconds] => {
            dns::latency(server, queries, rate, seconds).map(|line| print(&line))
        }
        ["dns-seen", server, name, seconds] => dns::seen(server, name, seconds).map(|time| print(&time)),
        ["dns-updates", rest @ ..] => dns::updates(rest).map(|line| print(&line)),
        ["http-watches", server, path, count, seconds] => watches::hold(server, path, count, seconds, print),
        ["fuzz", seconds] => testbed::script("fuzz/run", &[seconds]),
        _ => {
            say(USAGE);
            return ExitCode::from(64);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("xtask: {error:#}\n"));
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "what a command found")]
fn print(text: &str) {
    print!("{text}");
}

#[expect(clippy::print_stderr, reason = "a command-line tool talks to its user")]
fn say(text: &str) {
    eprint!("{text}");
}
