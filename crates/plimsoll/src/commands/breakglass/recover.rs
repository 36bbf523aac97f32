//! `plimsoll recover`.

use emergency_access::audit::Log;
use emergency_access::recover::{Journal, Recoverer, cohorts};
use recovery::Phase;
use serde_json::json;

use super::Place;
use super::levers::{note, ways_and_patients};
use crate::commands::runtime;
use crate::flags::RecoverFlags;
use crate::outcome::{Failure, Outcome};
use crate::{signals, terminal};

pub(crate) fn run(flags: RecoverFlags) -> Outcome {
    let place = Place::new(flags.dir.clone())?;
    runtime::one_thread(async {
        let shutdown = signals::shutdown()?;
        let ways = place.some_ways(&flags.ways).await?;
        let (ways, patients) = ways_and_patients(&ways);
        let tell = Box::new(|sentence: &str| terminal::print(&format!("{sentence}\n")));
        let mut recoverer =
            Recoverer { ways, patients, clock: place.clock.clone(), tell, folder: &place.dir };
        let failed = |error: emergency_access::recover::RecoverError| Failure::Environment(error.into());
        let begun = recoverer.journal().await.map_err(failed)?;
        let mut journal = match begun {
            Some(mut journal) => {
                terminal::print(&format!("a recovery that {} began goes on\n", journal.by.join(", ")));
                journal.by.push(place.who.clone());
                journal.by.dedup();
                journal
            }
            None if flags.end => {
                terminal::print("no recovery is under way\n");
                return Ok(());
            }
            None => Journal {
                began: place.now(),
                by: vec![place.who.clone()],
                cohorts: cohorts(&recoverer.namespaces().await.map_err(failed)?, &flags.first),
                phase: Phase::Shed,
                story: Vec::new(),
            },
        };
        if !flags.end {
            for state in recoverer.name_states().await {
                let (name, push) = state.says();
                terminal::print(&format!("this is a {name}: {push}\n"));
            }
        }
        if flags.dry_run {
            terminal::print(&plan(&journal));
            return Ok(());
        }
        let mut log = Log::open(&place.dir).map_err(Failure::usage)?;
        note(&place, &mut log, "recover", json!({"cohorts": journal.cohorts, "end": flags.end}))?;
        if flags.end {
            recoverer.end(&mut journal).await.map_err(failed)?;
            terminal::print("everybody is let in\n");
            return note(&place, &mut log, "recover-ended", json!({}));
        }
        let running = recoverer.run(&mut journal);
        let Some(ended) = shutdown.run_until_cancelled(running).await else {
            terminal::print(
                "stopped: the cluster stays as it is. `plimsoll recover` goes on, here or elsewhere; `plimsoll recover --end` lets everybody in\n",
            );
            return Err(Failure::Verdict(1));
        };
        ended.map_err(failed)?;
        note(&place, &mut log, "recovered", json!({"story": journal.story}))?;
        terminal::print(&format!(
            "everybody is back after {} s\n",
            place.now().saturating_sub(journal.began)
        ));
        Ok(())
    })
}

fn plan(journal: &Journal) -> String {
    let mut text =
        "kube-system and plimsoll stay; everybody else is shed, and comes back in this order:\n".to_owned();
    for cohort in &journal.cohorts {
        text.push_str(&format!("  {}: {}\n", cohort.name, cohort.namespaces.join(", ")));
    }
    text.push_str("cost: one PATCH for each change of who is shed, three for each level; each second two GETs of each API server\n");
    text
}
