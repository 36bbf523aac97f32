//! What could not be accepted, and what was accepted without effect.

use crate::lexer::Word;
use crate::place::Place;
use crate::server::Corefile;

/// One thing that is wrong or not supported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: `{word}`: {what}; {advice}")]
pub struct Refusal {
    /// Where it stands.
    pub place: Place,
    /// The word that it is about.
    pub word: String,
    /// What is wrong with it.
    pub what: String,
    /// What to do.
    pub advice: String,
}

/// All refusals of a Corefile, one a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct Refusals(pub Vec<Refusal>);

/// Accepted, but it changes nothing here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: `{word}`: {why}")]
pub struct Note {
    /// Where it stands.
    pub place: Place,
    /// The word that it is about.
    pub word: String,
    /// Why it has no effect.
    pub why: String,
}

/// Collects both while the file is read, so that a user sees everything at once.
#[derive(Debug, Default)]
pub(crate) struct Report {
    refusals: Vec<Refusal>,
    notes: Vec<Note>,
}

/// A message about each of so many words is enough; past it the file is something else.
const REFUSALS_MAX: usize = 64;

impl Report {
    pub(crate) fn refuse(&mut self, word: &Word, what: impl Into<String>, advice: impl Into<String>) {
        if self.refusals.len() < REFUSALS_MAX {
            self.refusals.push(Refusal {
                place: word.place.clone(),
                word: word.text.clone(),
                what: what.into(),
                advice: advice.into(),
            });
        }
    }

    pub(crate) fn note(&mut self, word: &Word, why: impl Into<String>) {
        if self.notes.len() < REFUSALS_MAX {
            self.notes.push(Note { place: word.place.clone(), word: word.text.clone(), why: why.into() });
        }
    }

    pub(crate) fn finish(self, mut corefile: Corefile) -> Result<Corefile, Refusals> {
        if !self.refusals.is_empty() {
            return Err(Refusals(self.refusals));
        }
        corefile.notes = self.notes;
        Ok(corefile)
    }
}
