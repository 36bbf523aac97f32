//! `plimsoll agent`.

use std::sync::Arc;
use std::time::Duration;

use environment::{SystemClock, SystemEntropy, spawn};
use node_probe::Roots;

use crate::commands::agent_fuse::Armed;
use crate::commands::agent_gate::Gates;
use crate::commands::agent_orders::Orders;
use crate::commands::agent_report::{Sources, report};
use crate::commands::{dns, runtime};
use crate::flags::AgentFlags;
use crate::outcome::{Failure, Outcome};
use crate::{signals, terminal};

/// Some 600 pages of hot code come back after each round, at well under a microsecond each: 0.01 % of a core.
const FORGET_EVERY: Duration = Duration::from_secs(5);

pub(crate) fn run(flags: AgentFlags) -> Outcome {
    // Where the kernel gives huge pages to everybody: each would hold 2 MiB for the few KiB in use. It may not know the wish.
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    match flags.dns() {
        None => runtime::one_thread(serve(flags, None)),
        Some(names) => {
            let names = dns::Wanted::read(names)?;
            // A scrape must not wait for a zone, nor a query over TCP for a scrape.
            runtime::many_threads(serve(flags, Some(names)))
        }
    }
}

async fn serve(mut flags: AgentFlags, names: Option<dns::Wanted>) -> Outcome {
    let shutdown = signals::shutdown()?;
    let (clock, entropy) = (Arc::new(SystemClock::new()), Arc::new(SystemEntropy::new()));
    let orders = Orders::prepare(
        std::mem::take(&mut flags.orders),
        &flags.node_name,
        &flags.gate.gate_run_dir,
        &flags.fuse.fuse_run_dir,
        clock.clone(),
    )?;
    let gates = Gates::prepare(
        std::mem::take(&mut flags.gate),
        &flags.node_name,
        flags.hub.is_some(),
        clock.clone(),
    )?;
    let fuse = Armed::prepare(std::mem::take(&mut flags.fuse), roots(&flags));
    let parts = gates.iter().map(Gates::collector).chain(fuse.iter().map(Armed::collector));
    let collectors = parts.chain(orders.iter().map(Orders::collector)).collect();
    let reported = clock.clone();
    // Each of its start errors is something that the operator has to change.
    let agent = agent::assemble(config(flags), clock, entropy, collectors).await.map_err(Failure::usage)?;
    let mut places =
        serde_json::json!({ "agentMetrics": format!("http://{}/metrics", agent.addresses().metrics) });
    let names = match names {
        Some(names) => Some(names.start(shutdown.clone()).await?),
        None => None,
    };
    if let (Some(names), Some(places)) = (&names, places.as_object_mut()) {
        places.extend(names.places.clone());
    }
    terminal::print(&format!("{places}\n"));
    let sources =
        Sources { gates: gates.as_ref().map(Gates::status), fuse: fuse.as_ref().map(Armed::status) };
    if let (Some(link), true) = (agent.hub_link(), gates.is_some() || fuse.is_some()) {
        spawn("reports", shutdown.clone().run_until_cancelled_owned(report(link, sources, reported)));
    }
    if let Some(gates) = gates {
        spawn("gates", gates.run(agent.hub_link(), shutdown.clone()));
    }
    if let Some(fuse) = fuse {
        fuse.start(agent.pods(), agent.hub_link(), shutdown.clone())?;
    }
    if let Some(orders) = orders {
        orders.start(agent.hub_link(), shutdown.clone());
    }
    spawn("idle code", shutdown.clone().run_until_cancelled_owned(forget_idle_code()));
    let Some(names) = names else {
        agent.run(shutdown).await;
        return Ok(());
    };
    let agent = spawn("agent", agent.run(shutdown.clone()));
    let served = names.reloading.run().await.map_err(Failure::usage);
    // DNS has ended by itself: another process has its sockets now, or its upstream leads back to it.
    shutdown.cancel();
    // A panic in it has been reported.
    let _ = agent.await;
    served
}

/// A start runs much code once; what is not in use is given back. A round costs a minor fault for each page still in use.
async fn forget_idle_code() {
    loop {
        tokio::time::sleep(FORGET_EVERY).await;
        if let Err(error) = kernel_calls::pages::forget_idle_code() {
            tracing::debug!(%error, "idle code stays in memory");
            return;
        }
    }
}

fn roots(flags: &AgentFlags) -> Roots {
    Roots {
        procfs: flags.path_procfs.clone(),
        sysfs: flags.path_sysfs.clone(),
        rootfs: flags.path_rootfs.clone(),
    }
}

fn config(flags: AgentFlags) -> agent::Config {
    agent::Config {
        roots: roots(&flags),
        node_name: flags.node_name,
        listen: flags.listen,
        port_fallback: false,
        hub: flags.hub,
        hub_name: flags.hub_name,
        tls_dir: flags.tls_dir,
        insecure_loopback: flags.insecure_loopback,
        pods_api_socket: flags.pods_api_socket,
        cri_socket: flags.cri_socket,
        kubelet_read_only_port: (flags.kubelet_read_only_port != 0).then_some(flags.kubelet_read_only_port),
    }
}
