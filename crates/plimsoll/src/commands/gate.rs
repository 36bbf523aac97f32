//! `plimsoll gate`.

use workload_gate::{Gate, GateConfig, become_workload, is_name};

use crate::commands::runtime;
use crate::flags::GateFlags;
use crate::outcome::{Failure, Outcome};
use crate::signals;

pub(crate) fn run(flags: GateFlags) -> Outcome {
    if let Some(gate) = flags.shadow_of {
        let error = become_workload(gate, &flags.command);
        return Err(Failure::Environment(anyhow::anyhow!(error).context(flags.command.join(" "))));
    }
    if let Some(to) = &flags.copy_to {
        let copied = std::fs::copy(std::env::current_exe()?, to).map(drop);
        return copied.map_err(|error| Failure::Usage(format!("--copy-to {}: {error}", to.display())));
    }
    if !is_name(&flags.name) {
        let name = flags.name;
        return Err(Failure::Usage(format!(
            "--name {name:?} is no name for a workload: lower-case letters, digits and dashes, 63 at most"
        )));
    }
    let program = std::env::current_exe()?;
    let config = GateConfig { name: flags.name, dir: flags.gate_dir, command: flags.command, program };
    // One thread: the kernel ends the workload with the thread that started it.
    runtime::one_thread(async {
        let shutdown = signals::shutdown()?;
        Gate::new(config).run(shutdown).await;
        Ok(())
    })
}
