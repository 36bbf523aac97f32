//! From the flags of the API server that runs to those of the lifeboat. Pure.

use super::Lifeboat;

/// The API server that runs: its program and its flags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// The program, as it was started.
    pub program: Vec<String>,
    /// `--name=value`; a flag without a value is `--name=true`, as pflag reads it.
    pub flags: Vec<(String, String)>,
}

/// Flags that are left out, and why.
const LEFT_OUT: [&str; 22] = [
    // Whoever is not in the authority's group has no business here.
    "token-auth-file",
    "enable-bootstrap-token-auth",
    "oidc-issuer-url",
    "oidc-client-id",
    "oidc-username-claim",
    "oidc-groups-claim",
    "oidc-ca-file",
    "authentication-config",
    "authentication-token-webhook-config-file",
    "authentication-token-webhook-cache-ttl",
    "requestheader-client-ca-file",
    "requestheader-allowed-names",
    "requestheader-extra-headers-prefix",
    "requestheader-group-headers",
    "requestheader-username-headers",
    "service-account-jwks-uri",
    "anonymous-auth",
    // It would wait for a sink that is drowning, too.
    "audit-webhook-config-file",
    "audit-webhook-batch-max-wait",
    "audit-webhook-mode",
    // The load balancer is not told of it.
    "advertise-address",
    "goaway-chance",
];
const GATES: &str = "feature-gates";
/// The API server and its lifeboat would renew one Lease, which is named after the machine. What depends on it goes with it
/// (both gates are there since Kubernetes 1.28).
const NO_IDENTITY: [&str; 2] = ["APIServerIdentity=false", "UnknownVersionInteroperabilityProxy=false"];
const AUDIT_LOG: &str = "audit-log-path";
const DISABLED: &str = "disable-admission-plugins";
const ENABLED: &str = "enable-admission-plugins";
const WEBHOOKS: [&str; 2] = ["MutatingAdmissionWebhook", "ValidatingAdmissionWebhook"];

impl Running {
    /// From a command line: the program (perhaps with a word, as of `hyperkube kube-apiserver`) and its flags.
    pub fn parse(command: &[String]) -> Self {
        let begin = command.iter().position(|word| word.starts_with("--")).unwrap_or(command.len());
        let (program, rest) = command.split_at(begin);
        let mut flags = Vec::new();
        let mut words = rest.iter().peekable();
        while let Some(word) = words.next() {
            let name = word.trim_start_matches('-');
            let flag = match name.split_once('=') {
                Some((name, value)) => (name.to_owned(), value.to_owned()),
                None => match words.next_if(|next| !next.starts_with("--")) {
                    Some(value) => (name.to_owned(), value.clone()),
                    None => (name.to_owned(), "true".to_owned()),
                },
            };
            flags.push(flag);
        }
        Self { program: program.to_vec(), flags }
    }

    /// The last value of a flag.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.flags.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// The lifeboat's command line.
pub fn derive(running: &Running, lifeboat: &Lifeboat) -> Vec<String> {
    let own = own(running, lifeboat);
    let kept = running.flags.iter().filter(|(name, _)| {
        !LEFT_OUT.contains(&name.as_str()) && !own.iter().any(|(owned, _)| owned == name)
    });
    let all = kept.map(|(name, value)| (name.as_str(), value.clone())).chain(own.iter().cloned());
    let flags = all.map(|(name, value)| format!("--{name}={value}"));
    running.program.iter().cloned().chain(flags).collect()
}

fn own(running: &Running, lifeboat: &Lifeboat) -> Vec<(&'static str, String)> {
    let mut own = vec![
        ("secure-port", lifeboat.port.to_string()),
        // Else it would be one of the addresses of the Service `kubernetes`, and the crowd would come.
        ("endpoint-reconciler-type", "none".to_owned()),
        ("client-ca-file", lifeboat.file("authority.crt")),
        ("tls-cert-file", lifeboat.file("lifeboat.crt")),
        ("tls-private-key-file", lifeboat.file("lifeboat.key")),
        // Tokens of service accounts are signed with another key: the crowd is nobody here.
        ("service-account-key-file", lifeboat.file("lifeboat-tokens.pub")),
        ("service-account-signing-key-file", lifeboat.file("lifeboat-tokens.key")),
        ("anonymous-auth", "false".to_owned()),
        ("max-requests-inflight", lifeboat.reads.to_string()),
        ("max-mutating-requests-inflight", lifeboat.writes.to_string()),
        // Without caches of whole resources: people read objects and pages, and etcd has them.
        ("watch-cache", "false".to_owned()),
        // What keeps etcd in order is the other one's work.
        ("etcd-compaction-interval", "0".to_owned()),
        ("etcd-count-metric-poll-period", "0".to_owned()),
        // Within seconds it says that etcd is what is dead.
        ("etcd-healthcheck-timeout", "2s".to_owned()),
        ("etcd-readycheck-timeout", "2s".to_owned()),
        ("request-timeout", "30s".to_owned()),
        ("profiling", "false".to_owned()),
    ];
    let gates = running.get(GATES).map(|gates| format!("{gates},")).unwrap_or_default();
    own.push((GATES, format!("{gates}{}", NO_IDENTITY.join(","))));
    if let Some(path) = running.get(AUDIT_LOG).filter(|path| *path != "-") {
        own.push((AUDIT_LOG, format!("{path}.lifeboat")));
    }
    if !lifeboat.webhooks {
        let list = |flag: &str| -> Vec<String> {
            running.get(flag).into_iter().flat_map(|list| list.split(',').map(str::to_owned)).collect()
        };
        let mut disabled = list(DISABLED);
        disabled.extend(WEBHOOKS.map(str::to_owned));
        disabled.sort();
        disabled.dedup();
        own.push((DISABLED, disabled.join(",")));
        // No plugin may be in both lists.
        let enabled: Vec<String> =
            list(ENABLED).into_iter().filter(|plugin| !WEBHOOKS.contains(&plugin.as_str())).collect();
        if running.get(ENABLED).is_some() {
            own.push((ENABLED, enabled.join(",")));
        }
    }
    own
}
