//! `plimsoll preflight inspect`.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use preflight::inspect::{Inspected, Manifests};

use super::import::write;
use crate::flags::InspectFlags;
use crate::outcome::{Failure, Outcome};
use crate::terminal;

/// One file; a rendered chart of a large platform has some 10 MB.
const FILE_BYTES_MAX: usize = 64 << 20;

pub(crate) fn run(flags: InspectFlags) -> Outcome {
    let mut manifests = Manifests::default();
    for path in &flags.manifests {
        for file in files(path)? {
            let text = text(&file)?;
            manifests.add(&text).map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
        }
    }
    let mut found = manifests.inspect();
    if let Some(name) = &flags.workload {
        found.retain(|inspected| inspected.profile.workload.name.as_deref() == Some(name));
    }
    if found.is_empty() {
        return Err(Failure::usage(
            "there is no workload in it: name manifests with a DaemonSet, Deployment, StatefulSet, Job or CronJob",
        ));
    }
    terminal::print(&found.iter().map(shown).collect::<String>());
    match (&flags.out, &flags.out_dir) {
        (Some(_), _) if found.len() > 1 => Err(Failure::usage(
            "there are several workloads; choose one with --workload NAME, or write all with --out-dir DIR",
        )),
        (Some(file), _) => found.iter().try_for_each(|inspected| write(file, &inspected.profile)),
        (None, Some(folder)) => found.iter().try_for_each(|inspected| {
            let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '-' };
            let name: String = inspected.title.chars().map(plain).take(100).collect();
            write(&folder.join(format!("{name}.yaml")), &inspected.profile)
        }),
        (None, None) => Ok(()),
    }
}

fn files(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    if path == Path::new("-") {
        return Ok(vec![path.to_owned()]);
    }
    let refused = |error| Failure::usage(format!("cannot read {}: {error}", path.display()));
    let mut files = environment::files::oldest_first(path).map_err(refused)?;
    if files != [path] {
        let manifest = |file: &PathBuf| {
            file.extension()
                .is_some_and(|ending| ["yaml", "yml", "json"].iter().any(|known| ending == *known))
        };
        files.retain(manifest);
        files.sort();
    }
    Ok(files)
}

fn text(file: &Path) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let read = match file == Path::new("-") {
        true => std::io::stdin().lock().take(FILE_BYTES_MAX as u64).read_to_end(&mut bytes).map(|_| ()),
        false => environment::files::read_into(file, &mut bytes, FILE_BYTES_MAX),
    };
    read.map_err(|error| Failure::usage(format!("cannot read {}: {error}", file.display())))?;
    String::from_utf8(bytes).map_err(|_| Failure::usage(format!("{} is no text", file.display())))
}

fn shown(inspected: &Inspected) -> String {
    let plain = |text: &str| text.chars().filter(|letter| !letter.is_control()).collect::<String>();
    let mut text = format!("{}: {}\n", plain(&inspected.title), inspected.program);
    if inspected.profile.requests.is_empty() {
        text.push_str("  asks the API server for nothing that its manifests show\n");
    }
    for class in &inspected.profile.requests {
        let every = class.every.map_or_else(|| "at each start".to_owned(), |every| format!("every {every}"));
        let of = format!("{:?}", class.returns).to_lowercase();
        text.push_str(&format!(
            "  {:<36} by each {:?}, {every}, returns {of}\n",
            plain(&class.id),
            class.actor
        ));
    }
    for sentence in &inspected.profile.unknown {
        text.push_str(&format!("  not known: {sentence}\n"));
    }
    text
}
