//! The explanation for people.

use std::fmt::{self, Display, Formatter};

use crate::horizon::{Horizon, Line};

/// The three parts of an explanation, line by line, then what follows from it.
impl Display for Horizon {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        writeln!(out, "masking horizon of {}: {}", self.zone, self.horizon)?;
        writeln!(out)?;
        writeln!(out, "1. The control plane is dead, the zone's servers run: {}", self.server)?;
        lines(out, &self.server_lines)?;
        writeln!(out)?;
        writeln!(out, "2. The zone's servers know nothing any more, caches still answer: {}", self.caches)?;
        lines(out, &self.cache_lines)?;
        writeln!(out)?;
        writeln!(out, "3. Everything works again, caches still deny new names: {}", self.negative)?;
        lines(out, &self.negative_lines)?;
        writeln!(out)?;
        self.advice(out)
    }
}

impl Horizon {
    fn advice(&self, out: &mut Formatter<'_>) -> fmt::Result {
        writeln!(out, "What sees through it: {}", self.sight.how)?;
        if let Some(seconds) = self.sight.probe_seconds {
            writeln!(out, "  within {seconds} s, however long caches keep answers")?;
        }
        if let Some(seconds) = self.sight.marked_seconds {
            writeln!(out, "  after {seconds} s in the answers themselves, for clients that send EDNS")?;
        }
        match self.horizon.seconds() {
            Some(seconds) => {
                writeln!(out, "A gate that reads names must wait longer than {seconds} s after each step.")
            }
            None => writeln!(out, "A gate that reads names proves nothing, however long it waits."),
        }
    }
}

fn lines(out: &mut Formatter<'_>, lines: &[Line]) -> fmt::Result {
    let who = lines.iter().map(|line| line.who.chars().count()).max().unwrap_or_default();
    for line in lines {
        let Line { who: name, place, does, adds, total } = line;
        writeln!(out, "   {name:who$}  {does} [{place}]")?;
        writeln!(out, "   {:who$}  + {adds} = {total}", "")?;
    }
    Ok(())
}
