//! The cluster's zone for those who rewrite names into it.

use std::sync::Arc;

use dns_message::{MESSAGE_BYTES_MAX, Query};
use service_names::{Manner, Zone};

use crate::forward::Cluster;
use crate::pipeline::elsewhere::Outcome;

/// See [`Cluster`].
pub(super) struct Names(pub(super) Arc<Zone>);

impl Cluster for Names {
    fn answer(&self, query: &Query<'_>, out: &mut Vec<u8>) -> Option<Outcome> {
        let manner = Manner { limit_bytes: MESSAGE_BYTES_MAX, rotation: 0, opt: None, stale: None };
        match self.0.answer(query, &manner, out) {
            service_names::Outcome::Answered(answered) => {
                Some(Outcome { rcode: answered.rcode, source: "kubernetes", stale: false, error: None })
            }
            // An alias of a rewritten name leads out of the cluster too rarely to be followed.
            service_names::Outcome::Chase { .. } | service_names::Outcome::Elsewhere => None,
        }
    }
}
