//! `plimsoll preflight import`.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use environment::{Clock, SystemClock};
use load_watch::AuditConfig;
use preflight::import::{self, Counts, Found, Select, Workloads};
use workload_profile::{Facts, Profile, Workload, WorkloadKind};

use crate::commands::runtime;
use crate::flags::{AboutFlags, ImportFlags, Kind};
use crate::outcome::{Failure, Outcome};
use crate::{signals, terminal};

/// Lines of the list; the rest is a handful of requests each.
const LISTED_MAX: usize = 40;

pub(crate) fn run(flags: ImportFlags) -> Outcome {
    let select =
        Select { user_agent: flags.user_agent, service_account: flags.service_account, user: flags.user };
    let mut workloads = Workloads::new(select);
    let counts = match (&flags.log, flags.listen) {
        (Some(log), _) => {
            import::read(log, std::io::stdin().lock(), &mut workloads).map_err(Failure::usage)?
        }
        (None, Some(address)) => {
            let config = AuditConfig { listen: address, tls_dir: flags.tls_dir.clone() };
            listen(&config, flags.duration, &mut workloads)?
        }
        (None, None) => return Err(Failure::usage("name an audit log, or --listen")),
    };
    terminal::complain(&format!(
        "{} events in {} bytes; {} lines were no events, {} were too long, {} came too fast",
        counts.events, counts.bytes, counts.broken, counts.too_long, counts.dropped
    ));
    if workloads.list().is_empty() {
        return Err(Failure::usage(
            "no request in the log is by such a workload; leave out the filters to see who is there",
        ));
    }
    match (&flags.out, &flags.out_dir) {
        (None, None) => terminal::print(&listed(&workloads)),
        (Some(file), _) => one(workloads, file, &flags.about)?,
        (None, Some(folder)) => all(workloads, folder, &flags.about)?,
    }
    Ok(())
}

/// Until Ctrl-C, or the time is up.
fn listen(config: &AuditConfig, seconds: Option<u64>, workloads: &mut Workloads) -> Result<Counts, Failure> {
    let mut counts = Counts::default();
    runtime::many_threads(async {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let listening = import::listen(config, &clock).await.map_err(Failure::usage)?;
        let address = listening.address()?;
        let scheme = if config.tls_dir.is_some() { "https" } else { "http" };
        terminal::complain(&format!(
            "listening: --audit-webhook-config-file with `server: {scheme}://{address}/`; Ctrl-C ends it"
        ));
        let stop = signals::shutdown()?;
        if let Some(seconds) = seconds {
            let stop = stop.clone();
            environment::spawn("time", async move {
                tokio::time::sleep(Duration::from_secs(seconds)).await;
                stop.cancel();
            });
        }
        counts = listening.run(workloads, stop).await.map_err(Failure::usage)?;
        Ok(())
    })?;
    Ok(counts)
}

fn one(workloads: Workloads, file: &Path, about: &AboutFlags) -> Outcome {
    if workloads.list().len() > 1 {
        let mut sentence =
            "several workloads match; say which with --service-account, --user or --user-agent:".to_owned();
        for found in workloads.list().into_iter().take(3) {
            sentence.push_str(&format!(" {} ({})", found.who.user, found.who.program));
        }
        return Err(Failure::Usage(sentence));
    }
    for (_, profile) in workloads.profiles(&facts(about)) {
        write(file, &profile.map_err(Failure::usage)?)?;
    }
    Ok(())
}

fn all(workloads: Workloads, folder: &Path, about: &AboutFlags) -> Outcome {
    for (number, (who, profile)) in workloads.profiles(&facts(about)).into_iter().enumerate() {
        let profile = match profile {
            Ok(profile) => profile,
            Err(error) => {
                terminal::complain(&format!("{} ({}): {error}", who.user, who.program));
                continue;
            }
        };
        // A name that is one on every file system, whatever a client calls itself.
        let plain = |letter: char| if letter.is_ascii_alphanumeric() || letter == '-' { letter } else { '-' };
        let name: String =
            format!("{:03}-{}-{}", number + 1, who.user, who.program).chars().map(plain).take(100).collect();
        write(&folder.join(format!("{name}.yaml")), &profile)?;
    }
    Ok(())
}

/// What the command line says about a recording.
pub(crate) fn facts(about: &AboutFlags) -> Facts {
    let kind = match about.kind {
        Kind::Daemonset => WorkloadKind::DaemonSet,
        Kind::Deployment => WorkloadKind::Deployment,
        Kind::Statefulset => WorkloadKind::StatefulSet,
    };
    let workload = Workload { kind, name: about.name.clone(), ..Workload::default() };
    Facts { workload, cluster_nodes: about.cluster_nodes, ..Facts::default() }
}

/// Writes a profile, or says where it could not; then it is printed, so that nothing is lost.
pub(crate) fn write(file: &Path, profile: &Profile) -> Outcome {
    let text = profile.to_yaml();
    let written = environment::files::write_atomic(file, |to| to.write_all(text.as_bytes()));
    match written {
        Ok(()) => {
            terminal::complain(&format!(
                "{}: {} classes of requests; next: plimsoll preflight predict {} --nodes N",
                file.display(),
                profile.requests.len(),
                file.display()
            ));
            Ok(())
        }
        Err(error) => {
            terminal::print(&text);
            Err(anyhow::anyhow!(
                "cannot write {}: {error}; the profile is on standard output",
                file.display()
            )
            .into())
        }
    }
}

fn listed(workloads: &Workloads) -> String {
    let list = workloads.list();
    let all: u64 = list.iter().map(|found| found.requests).sum::<u64>() + workloads.others();
    let mut text = format!("{:>10} {:>6} {:>7}  who\n", "requests", "share", "copies");
    for found in list.iter().take(LISTED_MAX) {
        text.push_str(&line(found, all));
    }
    if list.len() > LISTED_MAX {
        text.push_str(&format!("and {} more\n", list.len() - LISTED_MAX));
    }
    text.push_str(
        "\nA profile of one: --service-account NAMESPACE/NAME, --user or --user-agent, with --out FILE\n",
    );
    text
}

fn line(found: &Found, all: u64) -> String {
    let permille = found.requests * 1000 / all.max(1);
    format!(
        "{:>10} {:>4}.{}% {:>7}  {} ({})\n",
        found.requests,
        permille / 10,
        permille % 10,
        found.instances,
        found.who.user,
        found.who.program
    )
}
