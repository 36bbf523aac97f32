//! `docs/api-calls.md`, written from the table.

use std::fmt::Write;

use objects::Resource;

use super::{
    Call, IDENTITY_PATH, METRICS_PATH, PAGE_OBJECTS_MAX, Parameter, READY_PATH, Target, USER_AGENT, Value,
    accept, path, table,
};
use crate::times;

/// The text of `docs/api-calls.md`.
pub fn markdown() -> String {
    let mut out = String::new();
    write(&mut out).expect("writing to a String cannot fail");
    out
}

fn write(out: &mut String) -> std::fmt::Result {
    out.push_str(HEAD);
    let product = USER_AGENT.split('/').next().unwrap_or(USER_AGENT);
    writeln!(
        out,
        "Every request has `User-Agent: {product}/{{version}}`; none but `PATCH` and `POST`, which send one small object or a part of it, has a body.\n"
    )?;
    for (number, row) in table().enumerate() {
        let query = row.query.iter().map(parameter).collect::<Vec<_>>().join("&");
        writeln!(out, "### {}. {:?} (`{}`)\n", number + 1, row.call, row.verb)?;
        let path = match row.target {
            Target::Collection => "{path}".to_owned(),
            Target::KubeSystem => IDENTITY_PATH.to_owned(),
            Target::Heartbeat => {
                super::paths::heartbeat_path("NAMESPACE").replace("NAMESPACE", "{namespace}")
            }
            Target::Metrics => METRICS_PATH.to_owned(),
            Target::Ready => READY_PATH.to_owned(),
            Target::Custom => "/apis/plimsoll.dev/v1alpha1/{kind}".to_owned(),
            Target::CustomObject => CUSTOM_OBJECT.to_owned(),
            Target::CustomStatus => format!("{CUSTOM_OBJECT}/status"),
            Target::Event => super::paths::event_path("NAMESPACE", "NAME")
                .replace("NAMESPACE", "{namespace}")
                .replace("NAME", "{name}"),
            Target::Leases => super::paths::leases_path("NAMESPACE").replace("NAMESPACE", "{namespace}"),
            Target::Leader => {
                super::paths::leases_path("NAMESPACE").replace("NAMESPACE", "{namespace}")
                    + "/"
                    + super::LEADER_LEASE
            }
        };
        let mark = if query.is_empty() { "" } else { "?" };
        writeln!(out, "`{} {path}{mark}{query}`\n", row.method)?;
        for (name, text) in [("When", row.when), ("How often", row.often), ("Cost", row.cost)] {
            writeln!(out, "- {name}: {text}")?;
        }
        writeln!(out)?;
    }
    write_resources(out)?;
    write_accept(out)?;
    write_times(out)?;
    out.push_str(
        "\n## With other credentials\n\nWith `--breakglass-kubeconfig` a hub also rehearses break-glass, once an hour, with the \
         credentials of that file and outside this budget: seven requests to each way in, which \
         [breakglass.md](breakglass.md) lists.\n",
    );
    Ok(())
}

fn write_resources(out: &mut String) -> std::fmt::Result {
    out.push_str("## Resources\n\n| resource | {path} | what is sent | verbs |\n| --- | --- | --- | --- |\n");
    for resource in Resource::ALL {
        let what = match resource.info().metadata_only {
            true => "metadata only",
            false => "objects",
        };
        writeln!(out, "| {} | `{}` | {what} | list, watch |", resource.plural(), path(resource))?;
    }
    writeln!(out, "| namespaces | `{IDENTITY_PATH}` | metadata only | get |")?;
    out.push_str(
        "\nA hub asks for those that it keeps, one after the other in this order. Of secrets, whose `type` is wanted and no \
         server sends without the rest, everything but metadata and type is dropped while it is being decoded.\n\n",
    );
    Ok(())
}

fn write_accept(out: &mut String) -> std::fmt::Result {
    out.push_str("## Encoding\n\n| verb | what is sent | `Accept` |\n| --- | --- | --- |\n");
    for (call, verb) in [(Call::Watch, "watch"), (Call::FirstPage, "list")] {
        for (resource, what) in [(Resource::Pods, "objects"), (Resource::ConfigMaps, "metadata only")] {
            writeln!(out, "| {verb} | {what} | `{}` |", accept(call, resource))?;
        }
    }
    out.push_str(
        "\n`Accept-Encoding: gzip`, unless it is switched off (`--api-gzip=false`): then `identity`.\n\n",
    );
    Ok(())
}

fn write_times(out: &mut String) -> std::fmt::Result {
    out.push_str("## Times\n\nThe client never gives up before the server does.\n\n| what | seconds |\n| --- | --- |\n");
    let rows = [
        ("connecting", times::CONNECT),
        ("connecting and the head of the answer", times::HEAD),
        ("between two reads of a page", times::PAGE_IDLE),
        ("a whole page", times::PAGE_TOTAL),
        ("the initial events of a watch-list", times::INITIAL_EVENTS),
        ("between two reads of a watch", times::WATCH_IDLE),
        ("a watch beyond its `timeoutSeconds`", times::WATCH_GRACE),
    ];
    for (what, time) in rows {
        writeln!(out, "| {what} | {} |", time.as_secs())?;
    }
    Ok(())
}

fn parameter(parameter: &Parameter) -> String {
    let value = match parameter.value {
        Value::Fixed(text) => text.to_owned(),
        Value::ResourceVersion => "{version}".to_owned(),
        Value::ContinueToken => "{token}".to_owned(),
        Value::PageObjects => PAGE_OBJECTS_MAX.to_string(),
        Value::CustomObjects => super::rollouts::CUSTOM_OBJECTS_MAX.to_string(),
        Value::TimeoutSeconds => format!("{{{}..{}}}", times::WATCH_SECONDS_MIN, times::WATCH_SECONDS_MAX),
    };
    format!("{}={value}", parameter.name)
}

const CUSTOM_OBJECT: &str = "/apis/plimsoll.dev/v1alpha1/namespaces/{namespace}/{kind}/{name}";

const HEAD: &str = "<!-- Generated from crates/apiserver-client/src/calls.rs: UPDATE_DOCS=1 cargo test -p apiserver-client -->

# Every request that Plimsoll can send to an API server

Of what runs in a cluster only the hub sends any; agents have neither a credential nor the code. The hub's code can build the requests of this page
and no others, and each of them passes one budget: requests per second, bytes per second, concurrent lists, open watches,
retries (`plimsoll_api_budget_*`). Requests are counted by verb, resource and code (`plimsoll_api_requests_total`). Full
states, whether watch-list or pages, are read one at a time.

## Requests

";
