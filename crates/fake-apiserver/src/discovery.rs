//! What is served: version, health, groups, resources, OpenAPI.

mod openapi;
mod resources;
mod schemas;

use serde_json::{Value, json};

use crate::error::ApiError;
use crate::handler::Api;
use crate::reply::{self, Reply};

/// What `/version` says: the API level that is imitated, and that it is an imitation.
const MINOR: &str = "37";
const GIT_VERSION: &str = "v1.37.2+plimsoll-fake";

/// Aggregated discovery as kubectl asks for it.
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

pub(crate) fn answer(api: &Api, path: &str, accept: Option<&str>) -> Result<Reply, ApiError> {
    let kinds = api.store.kinds();
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let aggregated = wants_aggregated(accept);
    match segments.as_slice() {
        [] => Ok(reply::json(
            200,
            &json!({"paths": ["/api", "/apis", "/healthz", "/livez", "/openapi/v3", "/readyz", "/version"]}),
        )),
        ["version"] => Ok(reply::json(200, &version())),
        ["healthz" | "livez" | "readyz", ..] => Ok(reply::full(200, "text/plain; charset=utf-8", "ok")),
        ["api"] if aggregated => Ok(aggregated_reply(&resources::aggregated(&kinds, true))),
        ["apis"] if aggregated => Ok(aggregated_reply(&resources::aggregated(&kinds, false))),
        ["api"] => Ok(reply::json(
            200,
            &json!({
                "kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [],
            }),
        )),
        ["apis"] => Ok(reply::json(200, &resources::groups(&kinds))),
        ["api", version] => listed(resources::of(&kinds, "", version)),
        ["apis", group] => listed(resources::group(&kinds, group)),
        ["apis", group, version] => listed(resources::of(&kinds, group, version)),
        ["openapi", "v2"] => openapi::v2(accept),
        ["openapi", "v3"] => Ok(reply::json(200, &openapi::index(&kinds))),
        ["openapi", "v3", "api", version] => listed(openapi::v3(&kinds, "", version)),
        ["openapi", "v3", "apis", group, version] => listed(openapi::v3(&kinds, group, version)),
        _ => Err(ApiError::no_such_path()),
    }
}

fn listed(found: Option<Value>) -> Result<Reply, ApiError> {
    found.map(|value| reply::json(200, &value)).ok_or_else(ApiError::no_such_path)
}

fn aggregated_reply(value: &Value) -> Reply {
    reply::full(200, AGGREGATED, value.to_string())
}

/// kubectl offers several forms and takes the first that the server has.
fn wants_aggregated(accept: Option<&str>) -> bool {
    let offers = accept.unwrap_or_default().split(',');
    offers.into_iter().any(|offer| {
        let parts: Vec<&str> = offer.split(';').map(str::trim).collect();
        parts.contains(&"as=APIGroupDiscoveryList")
            && parts.contains(&"v=v2")
            && parts[0] == "application/json"
    })
}

fn version() -> Value {
    json!({
        "major": "1", "minor": MINOR, "gitVersion": GIT_VERSION, "gitCommit": "", "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z", "goVersion": "none", "compiler": "rustc", "platform": "test/double",
        "emulationMajor": "1", "emulationMinor": MINOR, "minCompatibilityMajor": "1", "minCompatibilityMinor": MINOR,
    })
}
