//! From a lever to what will be done and what takes it back: reads, and nothing else.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::jail;
use crate::lever::Lever;
use crate::limits::{PAGE_OBJECTS, PAGES_MAX};
use crate::offender::{Account, Offender};
use crate::way::{Api, Ask, MERGE, NoAnswer, insist};

/// The label that no node has.
const NOWHERE: &str = "plimsoll.dev/breakglass";
const BINDINGS: [&str; 2] = ["clusterrolebindings", "rolebindings"];
const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";

/// What takes something back; written down before it is done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Undo {
    /// A merge patch.
    Patch {
        /// Of which object.
        path: String,
        /// How it was.
        body: Value,
    },
    /// An object that was deleted.
    Create {
        /// Where its like are.
        path: String,
        /// What it was.
        object: Value,
    },
    /// A command.
    Command {
        /// Program and arguments.
        command: Vec<String>,
    },
    /// Nothing that a machine can do: this is what people do.
    Say {
        /// What.
        what: String,
    },
}

/// A step that is ready to be done.
#[derive(Debug, Clone, PartialEq)]
pub struct Prepared {
    /// In words.
    pub what: String,
    /// Requests that change something.
    pub asks: Vec<Ask>,
    /// Sealed orders.
    pub orders: Vec<String>,
    /// Commands.
    pub commands: Vec<Vec<String>>,
    /// In the order in which they are done.
    pub undo: Vec<Undo>,
}

/// A command of the owner's, with the one that undoes it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hook {
    /// What people call it.
    pub name: String,
    /// Program and arguments.
    pub command: Vec<String>,
    /// What takes it back; none: people do.
    #[serde(default)]
    pub undo: Vec<String>,
}

/// The commands of a file in YAML: a list of [`Hook`]s.
///
/// # Errors
/// A sentence.
pub fn hooks_of(text: &[u8]) -> Result<Vec<Hook>, String> {
    serde_saphyr::from_slice(text).map_err(|error| error.to_string())
}

/// What people bring along.
#[derive(Debug, Clone, Default)]
pub struct Baggage {
    /// Sealed orders to stop, as text.
    pub stops: Vec<String>,
    /// Sealed orders to cut.
    pub cuts: Vec<String>,
    /// The owner's commands.
    pub hooks: Vec<Hook>,
    /// Who is engaged, for the jail.
    pub by: String,
}

/// Why a lever cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// It needs something that is not there: the next lever.
    #[error("{0}")]
    Missing(String),
    /// The API servers do not answer.
    #[error("{0}")]
    NoAnswer(#[from] NoAnswer),
}

/// What `lever` would do.
///
/// # Errors
/// [`Unusable`].
pub async fn prepare(
    lever: Lever,
    offender: &Offender,
    baggage: &Baggage,
    api: &dyn Api,
) -> Result<Prepared, Unusable> {
    match lever {
        Lever::Stop => orders(&baggage.stops, "stop", "`plimsoll node allow` on each node"),
        Lever::Cut => orders(&baggage.cuts, "cut", "an order to restore; else it ends with the order"),
        Lever::Jail => jailed(offender, baggage, api).await,
        Lever::Rbac => unbound(offender, api).await,
        Lever::Selector => emptied(offender, api).await,
        Lever::Delete => deleted(offender, api).await,
        Lever::Hook => hooks(&baggage.hooks),
    }
}

fn nothing(what: String) -> Prepared {
    Prepared { what, asks: Vec::new(), orders: Vec::new(), commands: Vec::new(), undo: Vec::new() }
}

fn orders(orders: &[String], purpose: &str, undo: &str) -> Result<Prepared, Unusable> {
    if orders.is_empty() {
        let what = format!(
            "no sealed order to {purpose} was brought along (--order); `plimsoll breakglass order new` begins one"
        );
        return Err(Unusable::Missing(what));
    }
    let what = format!("{} sealed order(s) to {purpose} go to the hub", orders.len());
    let undo = vec![Undo::Say { what: undo.to_owned() }];
    Ok(Prepared { orders: orders.to_vec(), undo, ..nothing(what) })
}

async fn object(offender: &Offender, api: &dyn Api) -> Result<Value, Unusable> {
    match insist(api, Ask::get(offender.path())).await {
        Ok(answer) => Ok(answer.body),
        Err(refused) if refused.code() == Some(404) => Err(Unusable::Missing(format!(
            "there is no {offender}: is the name right, or has it gone already?"
        ))),
        Err(failed) => Err(failed.into()),
    }
}

async fn jailed(offender: &Offender, baggage: &Baggage, api: &dyn Api) -> Result<Prepared, Unusable> {
    let account = offender.account(&object(offender, api).await?);
    let schema = match insist(api, Ask::get(jail::path())).await {
        Err(refused) if refused.code() == Some(404) => {
            let what = "the jail is not installed: `plimsoll breakglass install` makes it, beforehand";
            return Err(Unusable::Missing(what.to_owned()));
        }
        answer => answer?.body,
    };
    let before = jail::inmates(&schema);
    if before.contains(&account) {
        let by = schema["metadata"]["annotations"][jail::ENGAGED_BY].as_str().unwrap_or("somebody");
        return Err(Unusable::Missing(format!("{account} is in the jail already, put there by {by}")));
    }
    let mut after = before.clone();
    after.push(account.clone());
    let mut patch = jail::patch(&after, Some(&baggage.by));
    // Of two engineers who put in somebody at once, one is told to look again (409).
    patch["metadata"]["resourceVersion"] = schema["metadata"]["resourceVersion"].clone();
    let by = schema["metadata"]["annotations"][jail::ENGAGED_BY].as_str();
    let undo = Undo::Patch { path: jail::path(), body: jail::patch(&before, by) };
    let shared = match account.name.as_str() {
        "default" => "; everything in that namespace without an account of its own goes with it",
        _ => "",
    };
    let what = format!("{account} is rejected by every API server{shared}");
    Ok(Prepared { asks: vec![Ask::patch(jail::path(), MERGE, patch)], undo: vec![undo], ..nothing(what) })
}

async fn unbound(offender: &Offender, api: &dyn Api) -> Result<Prepared, Unusable> {
    let account = offender.account(&object(offender, api).await?);
    let mut prepared = nothing(String::new());
    let mut names = Vec::new();
    for plural in BINDINGS {
        let mut from = String::new();
        for _ in 0..PAGES_MAX {
            let path = format!("{RBAC}/{plural}?limit={PAGE_OBJECTS}{from}");
            let page = insist(api, Ask::get(path)).await?.body;
            for binding in page["items"].as_array().into_iter().flatten() {
                if let Some(name) = unbind(binding, plural, &account, &mut prepared) {
                    names.push(name);
                }
            }
            match page["metadata"]["continue"].as_str().filter(|token| !token.is_empty()) {
                Some(token) => from = format!("&continue={token}"),
                None => break,
            }
        }
    }
    if names.is_empty() {
        return Err(Unusable::Missing(format!(
            "no binding names {account}: it has its rights through a group"
        )));
    }
    prepared.what = format!("{account} loses {}", names.join(", "));
    Ok(prepared)
}

/// Takes an account out of a binding: deletes one that is for it alone, which takes no right to bind.
fn unbind(binding: &Value, plural: &str, account: &Account, prepared: &mut Prepared) -> Option<String> {
    let subjects = binding["subjects"].as_array()?;
    let is_it = |subject: &Value| {
        subject["kind"] == "ServiceAccount"
            && subject["namespace"] == account.namespace.as_str()
            && subject["name"] == account.name.as_str()
    };
    if !subjects.iter().any(is_it) {
        return None;
    }
    let name = binding["metadata"]["name"].as_str()?;
    let collection = match binding["metadata"]["namespace"].as_str() {
        Some(namespace) => format!("{RBAC}/namespaces/{namespace}/{plural}"),
        None => format!("{RBAC}/{plural}"),
    };
    let path = format!("{collection}/{name}");
    let others: Vec<&Value> = subjects.iter().filter(|subject| !is_it(subject)).collect();
    if others.is_empty() {
        let kind = if plural == BINDINGS[0] { "ClusterRoleBinding" } else { "RoleBinding" };
        prepared.asks.push(Ask::delete(path, json!({})));
        prepared.undo.push(Undo::Create {
            path: collection,
            object: again(binding, kind, "rbac.authorization.k8s.io/v1"),
        });
    } else {
        prepared.asks.push(Ask::patch(path.clone(), MERGE, json!({"subjects": others})));
        prepared.undo.push(Undo::Patch { path, body: json!({"subjects": subjects}) });
    }
    Some(name.to_owned())
}

async fn emptied(offender: &Offender, api: &dyn Api) -> Result<Prepared, Unusable> {
    let object = object(offender, api).await?;
    let path = offender.path();
    let (what, after, before) = match offender.kind.as_str() {
        "DaemonSet" => {
            let with = |value: Value| json!({"spec": {"template": {"spec": {"nodeSelector": BTreeMap::from([(NOWHERE, value)])}}}});
            (format!("{offender} selects no node"), with(json!("nowhere")), with(Value::Null))
        }
        _ => {
            let with = |value: Value| json!({"spec": {"replicas": value}});
            (format!("{offender} has no replicas"), with(json!(0)), with(object["spec"]["replicas"].clone()))
        }
    };
    let undo = Undo::Patch { path: path.clone(), body: before };
    Ok(Prepared { asks: vec![Ask::patch(path, MERGE, after)], undo: vec![undo], ..nothing(what) })
}

async fn deleted(offender: &Offender, api: &dyn Api) -> Result<Prepared, Unusable> {
    let object = again(&object(offender, api).await?, &offender.kind, "apps/v1");
    let options = json!({"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"});
    let undo = Undo::Create { path: offender.collection(), object };
    let asks = vec![Ask::delete(offender.path(), options)];
    Ok(Prepared { asks, undo: vec![undo], ..nothing(format!("{offender} is deleted")) })
}

fn hooks(hooks: &[Hook]) -> Result<Prepared, Unusable> {
    if hooks.is_empty() {
        let what = "no commands are configured (hooks.yaml in the folder of break-glass)";
        return Err(Unusable::Missing(what.to_owned()));
    }
    let names: Vec<&str> = hooks.iter().map(|hook| hook.name.as_str()).collect();
    let undo = hooks.iter().map(|hook| match hook.undo.is_empty() {
        true => Undo::Say { what: format!("whatever undoes {}", hook.name) },
        false => Undo::Command { command: hook.undo.clone() },
    });
    let undo = undo.collect();
    let commands = hooks.iter().map(|hook| hook.command.clone()).collect();
    Ok(Prepared { commands, undo, ..nothing(names.join(", ")) })
}

/// An object as one that can be made again: without what belongs to the one that was.
fn again(object: &Value, kind: &str, version: &str) -> Value {
    let mut object = object.clone();
    object["kind"] = json!(kind);
    object["apiVersion"] = json!(version);
    if let Some(fields) = object.as_object_mut() {
        fields.remove("status");
    }
    if let Some(meta) = object["metadata"].as_object_mut() {
        for field in
            ["uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink"]
        {
            meta.remove(field);
        }
    }
    object
}
