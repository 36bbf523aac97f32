//! `plimsoll dns`.

use clap::{Args, Subcommand};

use super::HorizonFlags;

#[derive(Debug, Args)]
#[command(subcommand_required = true)]
pub(crate) struct DnsFlags {
    #[command(subcommand)]
    pub(crate) action: DnsAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DnsAction {
    /// For how long could caches hide that the control plane is dead? Computed from configurations, line by line.
    Horizon(HorizonFlags),
}
