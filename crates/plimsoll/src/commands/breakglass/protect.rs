//! `plimsoll protect`.

use emergency_access::audit::Log;
use emergency_access::jail::{API, manifest_path};
use emergency_access::offender::Account;
use emergency_access::protect::{Cluster, Cost, PROPOSALS_MAX, Proposal, plan};
use emergency_access::way::{APPLY, Ask, Way, insist};
use load_attribution::Row;
use serde_json::{Value, json};

use super::Place;
use super::levers::note;
use crate::commands::{runtime, top};
use crate::flags::{ProtectFlags, ProtectVerb, WaysFlags};
use crate::outcome::{Failure, Outcome};
use crate::terminal;

pub(crate) fn run(flags: ProtectFlags) -> Outcome {
    let place = Place::new(flags.dir)?;
    let hub = flags.hub.as_deref();
    match flags.verb {
        ProtectVerb::Plan { ways } => runtime::one_thread(async {
            let (_, proposals) = proposals(&place, &ways, hub).await?;
            terminal::print(&picture(&proposals));
            terminal::complain(
                "(the API server was needed: three LISTs). `plimsoll protect apply --confirm` does it",
            );
            Ok(())
        }),
        ProtectVerb::Apply { ways, confirm } => runtime::one_thread(async {
            let (way, proposals) = proposals(&place, &ways, hub).await?;
            terminal::print(&picture(&proposals));
            if !confirm || proposals.is_empty() {
                terminal::complain("nothing was done; --confirm does it");
                return Ok(());
            }
            apply(&place, &way, &proposals).await
        }),
        ProtectVerb::Undo { ways } => runtime::one_thread(undo(&place, &ways)),
    }
}

async fn proposals(
    place: &Place,
    ways: &WaysFlags,
    hub: Option<&str>,
) -> Result<(Way, Vec<Proposal>), Failure> {
    let (_, way) = place.some_ways(ways).await?.swap_remove(0);
    let list = async |path: &str| -> Result<Vec<Value>, Failure> {
        let answer = insist(&way, Ask::get(format!("{path}?limit=500"))).await;
        let answer = answer.map_err(|why| anyhow::anyhow!("{path}: {why}"))?;
        Ok(answer.body["items"].as_array().cloned().unwrap_or_default())
    };
    let cluster = Cluster {
        schemas: list(&format!("/apis/{API}/flowschemas")).await?,
        levels: list(&format!("/apis/{API}/prioritylevelconfigurations")).await?,
        daemon_sets: list("/apis/apps/v1/daemonsets").await?,
        costs: match hub {
            Some(hub) => top::report(hub).await?.who.into_iter().filter_map(cost).collect(),
            None => Vec::new(),
        },
    };
    let proposals = plan(&cluster);
    Ok((way, proposals))
}

/// Of a service account; people and kubelets are not slowed down.
fn cost(row: Row) -> Option<Cost> {
    let (namespace, name) = row.who.split_once('/')?;
    let account = Account { namespace: namespace.to_owned(), name: name.to_owned() };
    Some(Cost { account, cores: row.apiserver_cores, exponent: row.exponent, dearest: row.dearest })
}

async fn apply(place: &Place, way: &Way, proposals: &[Proposal]) -> Outcome {
    let mut log = Log::open(&place.dir).map_err(Failure::usage)?;
    let paths: Vec<String> = proposals.iter().map(|proposal| manifest_path(&proposal.object)).collect();
    // Before anything is made: what was made by half is taken back by the same command.
    note(place, &mut log, "protect", json!({"made": paths}))?;
    for proposal in proposals {
        let path = manifest_path(&proposal.object);
        let ask = Ask::patch(
            format!("{path}?fieldManager=plimsoll-protect&force=true"),
            APPLY,
            proposal.object.clone(),
        );
        insist(way, ask).await.map_err(|why| {
            anyhow::anyhow!("{path}: {why}; `plimsoll protect undo` takes back what was made")
        })?;
        terminal::print(&format!("made {path}\n"));
    }
    terminal::complain(
        "(the API server was needed: one write for each line). `plimsoll protect undo` takes all of it back",
    );
    Ok(())
}

/// Removes what the last `apply` made, flow schemas first: nobody is on a level that is gone.
async fn undo(place: &Place, ways: &WaysFlags) -> Outcome {
    let (_, way) = place.some_ways(ways).await?.swap_remove(0);
    let mut log = Log::open(&place.dir).map_err(Failure::usage)?;
    let records = log.records().map_err(Failure::usage)?;
    let last = records.iter().rfind(|record| record.what == "protect" || record.what == "unprotect");
    let Some(last) = last.filter(|record| record.what == "protect") else {
        terminal::print("nothing was applied that is not taken back\n");
        return Ok(());
    };
    let made = last.data["made"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let mut made: Vec<&str> = made.take(PROPOSALS_MAX).collect();
    made.sort_by_key(|path| !path.contains("/flowschemas/"));
    for path in made {
        match insist(&way, Ask::delete(path, json!({}))).await {
            Ok(_) => terminal::print(&format!("removed {path}\n")),
            Err(why) if why.code() == Some(404) => terminal::print(&format!("{path} is not there\n")),
            Err(why) => return Err(anyhow::anyhow!("{path}: {why}; say it again").into()),
        }
    }
    note(place, &mut log, "unprotect", json!({"of": last.seq}))
}

fn picture(proposals: &[Proposal]) -> String {
    if proposals.is_empty() {
        return "nothing to propose: jail, way in and meters are there\n".to_owned();
    }
    let each = |proposal: &Proposal| {
        let (kind, name) = (&proposal.object["kind"], &proposal.object["metadata"]["name"]);
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        format!(
            "+ {} {}\n    why: {}\n    changes: {}\n",
            word(kind),
            word(name),
            proposal.reason,
            proposal.effect
        )
    };
    proposals.iter().map(each).collect()
}
