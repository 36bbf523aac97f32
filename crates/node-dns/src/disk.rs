//! The zone on disk: a snapshot and a log of changes after it.
