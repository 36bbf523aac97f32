//! Whether the API servers are well again. Pure: looks go in.

use std::collections::VecDeque;
use std::time::Duration;

use crate::limits::{GOOD_LOOKS, GOOD_TAKES};

/// The last looks at all API servers.
#[derive(Debug, Clone, Default)]
pub struct Wellness {
    looks: VecDeque<Option<Duration>>,
}

impl Wellness {
    /// The slowest of all servers; `None`: one of them is not ready, did not answer, or not in time.
    pub fn look(&mut self, slowest: Option<Duration>) {
        if self.looks.len() == GOOD_LOOKS {
            self.looks.pop_front();
        }
        self.looks.push_back(slowest);
    }

    /// Whether [`GOOD_LOOKS`] looks in a row were good.
    pub fn is_well(&self) -> bool {
        self.looks.len() == GOOD_LOOKS && self.looks.iter().all(|look| is_good(*look))
    }

    /// Whether the last look was bad: a first look alone says that somebody is drowning, not that nobody is.
    pub fn is_bad_now(&self) -> bool {
        self.looks.back().is_some_and(|look| !is_good(*look))
    }

    /// "41 ms", "no answer".
    pub fn last(&self) -> String {
        match self.looks.back() {
            Some(Some(took)) => format!("{} ms", took.as_millis()),
            Some(None) => "no answer".to_owned(),
            None => "not looked at".to_owned(),
        }
    }
}

fn is_good(look: Option<Duration>) -> bool {
    look.is_some_and(|took| took <= GOOD_TAKES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_is_five_seconds_without_a_bad_look() {
        // One character is a look: a good one, a slow one, none.
        let check = |looks: &str, expected: bool| {
            let mut wellness = Wellness::default();
            for look in looks.chars() {
                wellness.look(match look {
                    'g' => Some(Duration::from_millis(100)),
                    's' => Some(Duration::from_millis(101)),
                    _ => None,
                });
            }
            assert_eq!(wellness.is_well(), expected, "{looks}");
        };
        check("", false);
        check("ggggggggg", false);
        check("gggggggggg", true);
        check("ssgggggggggg", true);
        check("gggggggggs", false);
        check("ggggngggggggggg", true);
        check("ggggngggggggg", false);
        check("ggggggggggn", false);
    }
}
