//! Words that stand for others: environment variables and NodeLocal DNSCache's `__PILLAR__` words.

use crate::lexer::Word;
use crate::report::Report;
use crate::sources::Sources;

/// The cluster's domain when nobody said another.
const CLUSTER_DOMAIN: &str = "cluster.local";

/// What a `__PILLAR__` word means while nobody has put a value in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pillar {
    /// `__PILLAR__LOCAL__DNS__`, `__PILLAR__DNS__SERVER__`: where to listen, which the command line says.
    Listen,
    /// `__PILLAR__CLUSTER__DNS__`: the DNS of the cluster; that is this server.
    ClusterDns,
    /// `__PILLAR__UPSTREAM__SERVERS__`: the node's own resolvers.
    NodeResolvers,
}

impl Pillar {
    pub(crate) fn of(text: &str) -> Option<Self> {
        match text {
            "__PILLAR__LOCAL__DNS__" | "__PILLAR__DNS__SERVER__" => Some(Self::Listen),
            "__PILLAR__CLUSTER__DNS__" => Some(Self::ClusterDns),
            "__PILLAR__UPSTREAM__SERVERS__" => Some(Self::NodeResolvers),
            _ => None,
        }
    }
}

/// Replaces `{$NAME}` and `{%NAME%}`, then the domain's pillar.
pub(crate) fn expand(word: &mut Word, sources: &dyn Sources, report: &mut Report) {
    for (open, close) in [("{%", "%}"), ("{$", "}")] {
        variables(word, open, close, sources, report);
    }
    if word.text.contains("__PILLAR__DNS__DOMAIN__") {
        word.text = word.text.replace("__PILLAR__DNS__DOMAIN__", CLUSTER_DOMAIN);
    }
}

fn variables(word: &mut Word, open: &str, close: &str, sources: &dyn Sources, report: &mut Report) {
    let mut done = 0;
    while let Some(found) = word.text.get(done..).and_then(|rest| rest.find(open)) {
        let start = done + found;
        let inside = start + open.len();
        let Some(length) = word.text[inside..].find(close) else { return };
        let name = word.text[inside..inside + length].to_owned();
        if name.is_empty() {
            return;
        }
        let Some(value) = sources.variable(&name) else {
            report.refuse(
                word,
                format!("the environment variable {name} is not set"),
                "set it, or write its value",
            );
            return;
        };
        word.text.replace_range(start..inside + length + close.len(), &value);
        // A value is not looked into: one that names itself would never end.
        done = start + value.len();
    }
}
