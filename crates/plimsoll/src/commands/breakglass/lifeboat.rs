//! The lifeboat: rendered, certified, verified.

use std::path::Path;
use std::time::Duration;

use emergency_access::authority::{self, write};
use emergency_access::jail;
use emergency_access::lifeboat::{
    FILES, Lifeboat, NAME, from_manifest, nftables, running_in, static_pod, unit,
};
use emergency_access::way::{Api, Ask, MERGE};
use serde_json::json;

use super::Place;
use super::credentials::open;
use super::levers::{begin, note};
use crate::commands::runtime;
use crate::flags::{LifeboatVerb, WaysFlags};
use crate::outcome::{Failure, Outcome};
use crate::terminal;

const MANIFEST_BYTES_MAX: usize = 1 << 20;
/// One try.
const WITHIN: Duration = Duration::from_secs(10);

pub(super) fn run(place: &Place, verb: LifeboatVerb) -> Outcome {
    match verb {
        LifeboatVerb::Render {
            manifest,
            running: _,
            of_port,
            out_dir,
            port,
            folder,
            memory,
            allow,
            webhooks,
        } => {
            let lifeboat = Lifeboat {
                port,
                folder,
                memory: memory << 20,
                allowed: allow,
                webhooks,
                ..Lifeboat::default()
            };
            render(manifest.as_deref(), of_port, &out_dir, &lifeboat)
        }
        LifeboatVerb::Certify { address, name, out_dir, open: opening } => {
            let serving =
                open(place, &opening)?.serve(&address, &name, place.clock.wall()).map_err(Failure::usage)?;
            std::fs::create_dir_all(&out_dir)?;
            let trusted = std::fs::read_to_string(place.dir.join(authority::CERTIFICATE))?;
            let contents = [
                trusted.as_str(),
                &serving.certificate,
                &serving.key,
                &serving.tokens,
                &serving.tokens_public,
            ];
            for (file, text) in FILES.iter().zip(contents) {
                write(&out_dir.join(file), text, 0o600).map_err(Failure::usage)?;
                terminal::print(&format!("{}\n", out_dir.join(file).display()));
            }
            note(place, &mut begin(place)?, "certify", json!({"addresses": address}))
        }
        LifeboatVerb::Verify { ways, tries, json } => verify(place, &ways, tries, json),
    }
}

fn render(manifest: Option<&Path>, of_port: Option<u16>, out_dir: &Path, lifeboat: &Lifeboat) -> Outcome {
    let filter = nftables(lifeboat).map_err(Failure::usage)?;
    let (name, text) = match manifest {
        Some(file) => {
            let mut bytes = Vec::new();
            environment::files::read_into(file, &mut bytes, MANIFEST_BYTES_MAX)
                .map_err(|error| Failure::Usage(format!("--manifest {}: {error}", file.display())))?;
            let (pod, running) = from_manifest(&String::from_utf8_lossy(&bytes))
                .map_err(|why| Failure::Usage(format!("--manifest {}: {why}", file.display())))?;
            (format!("{NAME}.json"), format!("{:#}\n", static_pod(&pod, &running, lifeboat)))
        }
        None => {
            let running = running_in(Path::new("/proc"), of_port).map_err(Failure::usage)?;
            (format!("{NAME}.service"), unit(&running, lifeboat))
        }
    };
    std::fs::create_dir_all(out_dir)?;
    for (name, text) in [(name.as_str(), &text), ("lifeboat.nft", &filter)] {
        environment::files::write_atomic(&out_dir.join(name), |file| file.write_all(text.as_bytes()))?;
        terminal::print(&format!("{}\n", out_dir.join(name).display()));
    }
    terminal::complain(&format!(
        "next, on each control-plane node: {} in {} (`plimsoll breakglass lifeboat certify`); `nft -f lifeboat.nft`; the {} where the kubelet or systemd looks; then `plimsoll breakglass lifeboat verify`",
        FILES.join(", "),
        lifeboat.folder,
        if manifest.is_some() { "pod" } else { "unit" },
    ));
    Ok(())
}

/// How one server answered, seconds.
#[derive(Debug, Default)]
struct Answers {
    gets: Vec<f64>,
    patches: Vec<f64>,
    failed: u32,
}

fn verify(place: &Place, flags: &WaysFlags, tries: u32, as_json: bool) -> Outcome {
    runtime::one_thread(async {
        let ways = place.some_ways(flags).await?;
        let mut rows = Vec::new();
        let mut is_dead = false;
        for (name, way) in &ways {
            let answers = try_out(way, tries).await;
            is_dead |= answers.gets.is_empty();
            rows.push(json!({
                "context": name, "server": way.name(), "tries": 2 * tries, "failed": answers.failed,
                "getP50": quantile(&answers.gets, 0.5), "getP99": quantile(&answers.gets, 0.99),
                "patchP50": quantile(&answers.patches, 0.5), "patchP99": quantile(&answers.patches, 0.99),
            }));
        }
        terminal::print(&if as_json {
            format!("{:#}\n", serde_json::Value::from(rows))
        } else {
            table(&rows)
        });
        terminal::complain("(PATCHes were dry: nothing was changed)");
        if is_dead { Err(Failure::Verdict(1)) } else { Ok(()) }
    })
}

/// As people in an emergency would: one request after the other, over connections that stay.
async fn try_out(way: &dyn Api, tries: u32) -> Answers {
    let mut answers = Answers::default();
    let nobody = jail::patch(&[], Some("verify"));
    let patch = Ask::patch(format!("{}?dryRun=All", jail::path()), MERGE, nobody);
    for _ in 0..tries {
        for (ask, into) in [
            (Ask::get("/api/v1/namespaces/kube-system"), &mut answers.gets),
            (patch.clone(), &mut answers.patches),
        ] {
            match way.ask(ask, WITHIN).await {
                Ok(answer) => into.push(answer.took.as_secs_f64()),
                Err(why) => {
                    tracing::info!(%why, "a try failed");
                    answers.failed += 1;
                }
            }
        }
    }
    answers.gets.sort_by(f64::total_cmp);
    answers.patches.sort_by(f64::total_cmp);
    answers
}

/// Of sorted values; none: null.
fn quantile(sorted: &[f64], of: f64) -> Option<f64> {
    let at = (of * sorted.len() as f64).ceil() as usize;
    sorted.get(at.saturating_sub(1)).copied()
}

fn table(rows: &[serde_json::Value]) -> String {
    let mut text = format!(
        "{:<48}{:>7}{:>8}{:>11}{:>11}{:>11}{:>11}\n",
        "SERVER", "TRIES", "FAILED", "GET p50", "GET p99", "PATCH p50", "PATCH p99"
    );
    for row in rows {
        let time = |field: &str| {
            row[field].as_f64().map_or("-".to_owned(), |seconds| format!("{:.1} ms", seconds * 1_000.0))
        };
        text.push_str(&format!(
            "{:<48}{:>7}{:>8}{:>11}{:>11}{:>11}{:>11}\n",
            row["server"].as_str().unwrap_or_default(),
            row["tries"],
            row["failed"],
            time("getP50"),
            time("getP99"),
            time("patchP50"),
            time("patchP99"),
        ));
    }
    text
}
