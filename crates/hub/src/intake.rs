//! Where changes come in: the door's [`Sink`].

use std::sync::Arc;

use apiserver_client::{Change, Sink};
use objects::Resource;

use crate::agents::Agents;
use crate::names::Names;
use crate::store::Store;

/// First the store, then who depends on it.
pub(crate) struct Intake {
    pub(crate) store: Arc<Store>,
    pub(crate) agents: Option<Arc<Agents>>,
    pub(crate) names: Option<Arc<Names>>,
}

impl Sink for Intake {
    fn change(&self, resource: Resource, change: Change) {
        let effect = self.store.apply(resource, change);
        if let Some(agents) = &self.agents {
            agents.effect(resource, &effect);
        }
        if let Some(names) = &self.names {
            names.effect(resource, &effect);
        }
    }
}
