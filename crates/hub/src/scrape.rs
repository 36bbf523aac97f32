//! `/metrics` of the cluster's state.

use std::sync::Arc;

use exposition::Format;
use objects::Resource;
use state_metrics::{Options, Scrape, families};
use telemetry_export::{Handler, Reply, Request};

use crate::store::Store;

/// Answers scrapes: a copy of pointers per resource, rendered piece by piece as the client takes it.
pub(crate) struct StateMetrics {
    store: Arc<Store>,
    /// Those with families.
    resources: Vec<Resource>,
    text: Arc<Options>,
    openmetrics: Arc<Options>,
}

impl StateMetrics {
    pub(crate) fn new(store: Arc<Store>, resources: &[Resource], options: &Options) -> Self {
        let with = |format| Arc::new(Options { format, ..options.clone() });
        Self {
            store,
            resources: resources.iter().copied().filter(|resource| !families(*resource).is_empty()).collect(),
            text: with(Format::Text),
            openmetrics: with(Format::OpenMetrics),
        }
    }

    /// Whole sets only: a resource whose first replay runs is not there yet.
    fn parts(&self, request: &Request) -> Vec<(Resource, Vec<objects::Object>)> {
        let only = list(request, "resources");
        let without = list(request, "exclude_resources");
        let wanted = |resource: &Resource| {
            let name = resource.plural();
            only.as_ref().is_none_or(|only| only.iter().any(|entry| entry == name))
                && !without.as_ref().is_some_and(|without| without.iter().any(|entry| entry == name))
        };
        let resources = self.resources.iter().copied().filter(wanted);
        resources.filter_map(|resource| Some((resource, self.store.objects(resource)?))).collect()
    }
}

/// `?resources=pods,nodes` and `?exclude_resources=pods`, as kube-state-metrics has them.
fn list(request: &Request, parameter: &str) -> Option<Vec<String>> {
    let value = request.parameter(parameter)?.replace("%2C", ",").replace("%2c", ",");
    Some(value.split(',').map(|name| name.trim().to_owned()).collect())
}

impl Handler for StateMetrics {
    fn handle(&self, request: &Request) -> Reply {
        let format = Format::negotiate(&request.accept);
        let options = match format {
            Format::Text => &self.text,
            Format::OpenMetrics => &self.openmetrics,
        };
        Reply::chunks(format.content_type(), Scrape::new(self.parts(request), options.clone()))
    }
}

#[cfg(test)]
mod tests;
