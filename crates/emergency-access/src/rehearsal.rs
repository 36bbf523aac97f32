//! A rehearsal: everything that would be needed, tried over fresh connections, with nothing changed.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::jail;
use crate::offender::Account;
use crate::way::{Answer, Api, Ask, MERGE, NoAnswer, is_lifeboat};

/// For one question of a rehearsal: nobody is in a hurry, and who is slower is not there when it counts.
const WITHIN: Duration = Duration::from_secs(5);
const REVIEWS: &str = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
const SLICES: &str = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3Dkubernetes";

/// What one trial showed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Trial {
    /// Over which way.
    pub way: String,
    /// "connection", "identity", "priority", "jail", "apart", "order", "node".
    pub name: String,
    /// Whether it would work.
    pub ok: bool,
    /// A sentence.
    pub says: String,
    /// How long it took, seconds.
    pub seconds: f64,
}

/// A whole rehearsal.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rehearsal {
    /// Seconds since 1970.
    pub at: u64,
    /// All of them.
    pub trials: Vec<Trial>,
}

impl Rehearsal {
    /// Whether everything would work; nothing tried is nothing that works.
    pub fn is_ok(&self) -> bool {
        !self.trials.is_empty() && self.trials.iter().all(|trial| trial.ok)
    }
}

/// Tries one way, whose connections are to be fresh ones.
pub async fn rehearse(context: &str, api: &dyn Api) -> Vec<Trial> {
    let way = api.name();
    let trial = |name: &str, outcome: Result<(String, Duration), String>| {
        let (ok, says, took) = match outcome {
            Ok((says, took)) => (true, says, took),
            Err(why) => (false, why, Duration::ZERO),
        };
        Trial { way: way.clone(), name: name.to_owned(), ok, says, seconds: took.as_secs_f64() }
    };
    let connection = connection(api).await;
    let is_connected = connection.is_ok();
    let mut trials = vec![trial("connection", connection)];
    if !is_connected {
        return trials;
    }
    trials.push(trial("identity", identity(api).await));
    trials.push(trial("priority", priority(api).await));
    trials.push(trial("jail", jailing(api).await));
    if is_lifeboat(context) {
        trials.push(trial("apart", apart(api).await));
    }
    trials
}

async fn get(api: &dyn Api, path: impl Into<String>) -> Result<Answer, String> {
    api.ask(Ask::get(path), WITHIN).await.map_err(|why| why.to_string())
}

async fn connection(api: &dyn Api) -> Result<(String, Duration), String> {
    match api.ask(Ask::get("/readyz?verbose"), WITHIN).await {
        Ok(answer) => Ok((format!("ready after {} ms, TLS and all", answer.took.as_millis()), answer.took)),
        Err(NoAnswer::Refused { says, .. }) if says.contains("[-]etcd") => {
            Err("etcd is what is dead: no API server and no lifeboat helps; levers 0 and 1 need none".to_owned())
        }
        Err(NoAnswer::Refused { code: 401, .. }) => {
            Err("these credentials are refused: expired, or of another authority, or the clock of one side is wrong".to_owned())
        }
        Err(why) => Err(format!("not ready: {}", why.to_string().lines().next().unwrap_or_default())),
    }
}

async fn identity(api: &dyn Api) -> Result<(String, Duration), String> {
    let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
    let answer = api.ask(Ask::post(REVIEWS, review), WITHIN).await.map_err(|why| why.to_string())?;
    let info = &answer.body["status"]["userInfo"];
    let user = info["username"].as_str().unwrap_or("nobody");
    let groups: Vec<&str> =
        info["groups"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    match groups.iter().find(|group| [jail::GROUP, crate::authority::MASTERS].contains(group)) {
        Some(group) => Ok((format!("{user} in {group}"), answer.took)),
        None => {
            Err(format!("{user} is in none of the groups {} and {}", jail::GROUP, crate::authority::MASTERS))
        }
    }
}

/// That APF lets these credentials pass: its header names the level, by UID.
async fn priority(api: &dyn Api) -> Result<(String, Duration), String> {
    let answer = get(api, jail::level_path("exempt")).await?;
    let exempt = answer.body["metadata"]["uid"].as_str();
    match (&answer.priority_level, exempt) {
        (Some(given), Some(exempt)) if given == exempt => Ok(("exempt".to_owned(), answer.took)),
        (Some(given), _) => Err(format!(
            "requests are put on the priority level {given}, not on exempt: has `plimsoll breakglass install` been run?"
        )),
        (None, _) => Err("the server names no priority level: is APF switched off?".to_owned()),
    }
}

/// That the one PATCH would be taken: the same, dry.
async fn jailing(api: &dyn Api) -> Result<(String, Duration), String> {
    let level = get(api, jail::level_path(jail::NAME)).await?;
    let limited = &level.body["spec"]["limited"];
    if limited["nominalConcurrencyShares"] != 0 || limited["limitResponse"]["type"] != "Reject" {
        return Err("the jail's priority level has seats or a queue: somebody has changed it".to_owned());
    }
    let nobody = Account { namespace: "plimsoll".to_owned(), name: "rehearsal".to_owned() };
    let patch = jail::patch(std::slice::from_ref(&nobody), Some("a rehearsal"));
    let dry = Ask::patch(format!("{}?dryRun=All", jail::path()), MERGE, patch);
    let answer = api.ask(dry, WITHIN).await.map_err(|why| why.to_string())?;
    if jail::inmates(&answer.body) != [nobody.clone()] {
        return Err(
            "the jail took the patch and is not as it says: an admission plugin changes it".to_owned()
        );
    }
    let now = get(api, jail::path()).await?;
    match jail::inmates(&now.body) {
        inmates if inmates.contains(&nobody) => {
            Err("the rehearsal was not dry: open the jail by hand".to_owned())
        }
        inmates if inmates.is_empty() => Ok(("one PATCH would do, and it is empty".to_owned(), answer.took)),
        inmates => Ok((format!("one PATCH would do; {} are in it now", inmates.len()), answer.took)),
    }
}

/// That clients of the Service `kubernetes` are not sent to the lifeboat.
async fn apart(api: &dyn Api) -> Result<(String, Duration), String> {
    let answer = match api.ask(Ask::get(SLICES), WITHIN).await {
        Ok(answer) => answer,
        // Not everybody's business; then it is not known.
        Err(why) => return Err(format!("whether the Service kubernetes leads here is not known: {why}")),
    };
    let port = api.name().trim_end_matches(')').rsplit(':').next().and_then(|port| port.parse::<u64>().ok());
    let items = answer.body["items"].as_array().into_iter().flatten();
    let mut ports = items.flat_map(|slice| slice["ports"].as_array().into_iter().flatten());
    if port.is_some() && ports.any(|one| one["port"].as_u64() == port) {
        return Err(
            "the Service kubernetes leads to it: the crowd will come (--endpoint-reconciler-type=none)"
                .to_owned(),
        );
    }
    Ok(("not behind the Service kubernetes".to_owned(), answer.took))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use parking_lot::Mutex;

    use super::*;
    use crate::way::Asking;

    /// A cluster on which everything is as it should be, or one thing is not.
    #[derive(Default)]
    struct Fake {
        wrong: &'static str,
        asked: Mutex<Vec<String>>,
    }

    impl Fake {
        fn answer(&self, ask: &Ask) -> Result<Value, NoAnswer> {
            let is = |wrong: &str| self.wrong == wrong;
            let path = ask.path.as_str();
            let refused = |code, says: &str| Err(NoAnswer::Refused { code, says: says.to_owned() });
            if path.starts_with("/readyz") {
                return match self.wrong {
                    "etcd" => refused(500, "[+]ping ok\n[-]etcd failed: reason withheld"),
                    "expired" => refused(401, "Unauthorized"),
                    _ => Ok(Value::Null),
                };
            }
            if path.starts_with(REVIEWS) {
                let group = if is("identity") { "system:authenticated" } else { jail::GROUP };
                return Ok(json!({"status": {"userInfo": {"username": "ann", "groups": [group]}}}));
            }
            if path.ends_with("/exempt") {
                return Ok(json!({"metadata": {"uid": "u1"}}));
            }
            if path.contains("prioritylevelconfigurations") {
                let shares = if is("seats") { 5 } else { 0 };
                return Ok(
                    json!({"spec": {"limited": {"nominalConcurrencyShares": shares, "limitResponse": {"type": "Reject"}}}}),
                );
            }
            if path.contains("dryRun=All") {
                let (_, patch) = ask.body.clone().expect("a patch");
                return Ok(if is("changed") { json!({}) } else { patch });
            }
            if path.contains("flowschemas") {
                let nobody = Account { namespace: "plimsoll".to_owned(), name: "rehearsal".to_owned() };
                return Ok(if is("not dry") { jail::patch(&[nobody], None) } else { json!({}) });
            }
            Ok(json!({"items": [{"ports": [{"port": if is("found") { 7443 } else { 6443 }}]}]}))
        }
    }

    impl Api for Fake {
        fn ask(&self, ask: Ask, _: Duration) -> Asking<'_> {
            self.asked.lock().push(format!("{} {}", ask.method, ask.path));
            let answer = self.answer(&ask);
            let level = if self.wrong == "level" { "u2" } else { "u1" };
            Box::pin(async move {
                let priority_level = Some(level.to_owned());
                Ok(Answer {
                    code: 200,
                    body: answer?,
                    took: Duration::ZERO,
                    priority_level,
                    flow_schema: None,
                })
            })
        }

        fn name(&self) -> String {
            "lifeboat-1 (https://10.0.0.1:7443)".to_owned()
        }
    }

    #[tokio::test]
    async fn each_thing_that_is_wrong_has_its_sentence() {
        let check = async |wrong: &'static str, trial: &str, says: &str| {
            let trials = rehearse("lifeboat-1", &Fake { wrong, ..Fake::default() }).await;
            let failed: Vec<&Trial> = trials.iter().filter(|trial| !trial.ok).collect();
            assert_eq!(failed.len(), usize::from(!trial.is_empty()), "{wrong}: {trials:?}");
            assert!(
                failed.iter().all(|failed| failed.name == trial && failed.says.contains(says)),
                "{wrong}: {trials:?}"
            );
        };
        check("nothing", "", "").await;
        check("etcd", "connection", "etcd is what is dead").await;
        check("expired", "connection", "refused: expired").await;
        check("identity", "identity", "ann is in none of the groups").await;
        check("level", "priority", "not on exempt").await;
        check("seats", "jail", "has seats").await;
        check("changed", "jail", "admission plugin").await;
        check("not dry", "jail", "was not dry").await;
        check("found", "apart", "the crowd will come").await;
    }

    #[tokio::test]
    async fn what_is_asked_is_what_the_page_says() {
        let fake = Fake::default();
        rehearse("lifeboat-1", &fake).await;
        let asked: BTreeSet<String> = fake.asked.lock().iter().cloned().collect();
        let page = include_str!("../../../docs/breakglass.md");
        let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |"));
        let verbs = ["GET /", "POST /", "PATCH /"];
        let said: BTreeSet<String> = rows
            .map(|(request, _)| request.to_owned())
            .filter(|request| verbs.iter().any(|verb| request.starts_with(verb)))
            .collect();
        assert_eq!(asked, said);
    }
}
