//! Where things are.

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::flags::Output;
use crate::terminal;

pub(super) struct Places {
    hub_metrics: String,
    hub_telemetry: String,
    agent_metrics: String,
    dns: String,
    dns_metrics: String,
    apiserver: Option<String>,
    page: String,
}

impl Places {
    pub(super) fn new(
        hub: hub::Addresses,
        agent: SocketAddr,
        dns: node_dns::Addresses,
        apiserver: Option<String>,
    ) -> Self {
        let first =
            |addresses: &[SocketAddr]| addresses.first().map(SocketAddr::to_string).unwrap_or_default();
        Self {
            dns: first(&dns.dns),
            dns_metrics: format!("http://{}/metrics", first(&dns.http)),
            hub_metrics: format!("http://{}/metrics", hub.state),
            hub_telemetry: format!("http://{}/metrics", hub.telemetry),
            agent_metrics: format!("http://{agent}/metrics"),
            apiserver,
            page: String::new(),
        }
    }

    pub(super) fn page(&mut self, address: SocketAddr) {
        self.page = format!("http://{address}/");
    }

    /// For the status page itself.
    pub(super) fn links(&self) -> Vec<Value> {
        let mut links = vec![
            json!({ "name": "state of the cluster, as kube-state-metrics has it", "url": self.hub_metrics }),
            json!({ "name": "the hub itself", "url": self.hub_telemetry }),
            json!({ "name": "this machine, its pods and containers", "url": self.agent_metrics }),
            json!({ "name": "the cluster's names", "url": self.dns_metrics }),
        ];
        if let Some(apiserver) = &self.apiserver {
            links.push(json!({ "name": "the embedded API server", "url": apiserver }));
        }
        links
    }

    pub(super) fn say(&self, output: Output) {
        match output {
            Output::Json => terminal::print(&format!("{}\n", self.json())),
            Output::Text => terminal::print(&self.text()),
        }
    }

    fn json(&self) -> Value {
        json!({
            "hubMetrics": self.hub_metrics,
            "hubTelemetry": self.hub_telemetry,
            "agentMetrics": self.agent_metrics,
            "dns": self.dns,
            "dnsMetrics": self.dns_metrics,
            "page": self.page,
            "apiserver": self.apiserver,
        })
    }

    fn text(&self) -> String {
        let apiserver =
            self.apiserver.as_ref().map(|url| format!("  embedded API server  {url}\n")).unwrap_or_default();
        format!(
            "\n  status page          {}\n  state metrics        {}\n  the hub's own        {}\n  this machine         {}\n  cluster DNS          {} (dig @127.0.0.1 -p {} kubernetes.default.svc.cluster.local)\n{apiserver}\
             \n  Ctrl-C stops everything.\n",
            self.page,
            self.hub_metrics,
            self.hub_telemetry,
            self.agent_metrics,
            self.dns,
            self.dns.rsplit(':').next().unwrap_or_default(),
        )
    }
}
