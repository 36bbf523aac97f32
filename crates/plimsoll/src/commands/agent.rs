//! `plimsoll agent`.

use std::sync::Arc;

use environment::{SystemClock, SystemEntropy};
use node_probe::Roots;

use crate::commands::runtime;
use crate::flags::AgentFlags;
use crate::outcome::{Failure, Outcome};
use crate::{signals, terminal};

pub(crate) fn run(flags: AgentFlags) -> Outcome {
    // The allocator asks for huge pages, and one of them holds the few KiB that are in use of each 2 MiB: twice the memory for a
    // process of this size. A kernel that does not know the wish goes without.
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    runtime::one_thread(async {
        let shutdown = signals::shutdown()?;
        let clock = Arc::new(SystemClock::new());
        // Each of its start errors is something that the operator has to change.
        let agent = agent::assemble(config(flags), clock, Arc::new(SystemEntropy::new()))
            .await
            .map_err(Failure::usage)?;
        let places =
            serde_json::json!({ "agentMetrics": format!("http://{}/metrics", agent.addresses().metrics) });
        terminal::print(&format!("{places}\n"));
        agent.run(shutdown).await;
        Ok(())
    })
}

fn config(flags: AgentFlags) -> agent::Config {
    agent::Config {
        node_name: flags.node_name,
        listen: flags.listen,
        port_fallback: false,
        hub: flags.hub,
        hub_name: flags.hub_name,
        tls_dir: flags.tls_dir,
        insecure_loopback: flags.insecure_loopback,
        roots: Roots { procfs: flags.path_procfs, sysfs: flags.path_sysfs, rootfs: flags.path_rootfs },
        pods_api_socket: flags.pods_api_socket,
        cri_socket: flags.cri_socket,
        kubelet_read_only_port: (flags.kubelet_read_only_port != 0).then_some(flags.kubelet_read_only_port),
    }
}
