//! When a resource's file is written again: soon after a change, but never so often that disk or CPU notice.

use std::time::Duration;

use crate::store::State;

/// The shortest time between two writes of one resource.
const INTERVAL_SECONDS_MIN: u64 = 30;
/// The longest while objects change: below the five minutes after which etcd compacts, so that the place to resume from is
/// one that the API server still knows.
const INTERVAL_SECONDS_MAX: u64 = 240;
/// On average a resource's file writes no more than this: a file of 60 MB (about 1,000,000 pods, compressed) once a minute.
const BYTES_PER_SECOND: u64 = 1 << 20;
/// A write may take this share of one CPU: two seconds of writing, then a hundred of rest.
const REST_PER_WRITE: u32 = 50;
/// While the API server is silent there is one more write, not one after the other: a disk that took two seconds rests for ten.
const REST_PER_WRITE_SILENT: u32 = 5;
/// An API server that is silent for this long is gone, or has nothing new: what is known now is what a restart may have to
/// live on, and where it is gone there are no further changes that could make writes follow each other.
const SILENT_SECONDS: u64 = 5;
/// Without a change of an object only the place to resume from moves, about once a minute with the bookmarks.
const RESUME_SECONDS: u64 = 120;

/// What is on disk about one resource.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Written {
    /// [`State::changes`] then.
    pub(crate) changes: u64,
    /// [`State::moves`] then.
    pub(crate) moves: u64,
    /// Size of the file.
    pub(crate) bytes: u64,
    /// How long the write took.
    pub(crate) took: Duration,
    /// When it was, by the monotonic clock.
    pub(crate) at: Duration,
}

/// Whether disk and memory say the same.
pub(crate) fn is_current(written: Option<&Written>, state: &State) -> bool {
    written.is_some_and(|written| written.changes == state.changes && written.moves == state.moves)
}

/// Whether it is time to write.
pub(crate) fn is_due(written: Option<&Written>, state: &State, now: Duration) -> bool {
    let Some(written) = written else { return state.known };
    if is_current(Some(written), state) {
        return false;
    }
    let silent = state.age.is_some_and(|age| age >= Duration::from_secs(SILENT_SECONDS));
    let by_bytes = Duration::from_secs(written.bytes / BYTES_PER_SECOND);
    let rest = by_bytes.max(written.took * if silent { REST_PER_WRITE_SILENT } else { REST_PER_WRITE });
    let least = if silent { SILENT_SECONDS } else { INTERVAL_SECONDS_MIN };
    let rest = rest.clamp(Duration::from_secs(least), Duration::from_secs(INTERVAL_SECONDS_MAX));
    let resume_only = written.changes == state.changes;
    let wait = if resume_only { rest.max(Duration::from_secs(RESUME_SECONDS)) } else { rest };
    now.saturating_sub(written.at) >= wait
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITTEN: Written = Written {
        changes: 5,
        moves: 5,
        bytes: 1_000,
        took: Duration::from_millis(1),
        at: Duration::from_secs(1_000),
    };

    fn state(changes: u64, moves: u64) -> State {
        State { known: true, restored: false, objects: 1, age: None, changes, moves, undecodable: 0 }
    }

    fn silent(changes: u64, moves: u64) -> State {
        State { age: Some(Duration::from_secs(6)), ..state(changes, moves) }
    }

    /// Seconds after the last write at which the next one is due; `None`: never.
    fn due_after(written: Written, state: State) -> Option<u64> {
        (0..1_000).find(|seconds| is_due(Some(&written), &state, written.at + Duration::from_secs(*seconds)))
    }

    #[test]
    fn writes_are_paced() {
        let slow = Written { took: Duration::from_secs(2), ..WRITTEN };
        let large = Written { bytes: 60 << 20, ..WRITTEN };
        let huge = Written { bytes: 6_000 << 20, ..WRITTEN };
        let rows = [
            (WRITTEN, state(5, 5), None),
            (WRITTEN, state(6, 6), Some(30)),
            (WRITTEN, state(5, 6), Some(120)),
            (slow, state(6, 6), Some(100)),
            (large, state(6, 6), Some(60)),
            (huge, state(6, 6), Some(240)),
            (huge, state(5, 6), Some(240)),
            (WRITTEN, silent(6, 6), Some(5)),
            (WRITTEN, silent(5, 6), Some(120)),
            (slow, silent(6, 6), Some(10)),
            (large, silent(6, 6), Some(60)),
        ];
        for (written, state, expected) in rows {
            assert_eq!(due_after(written, state), expected, "{written:?} {state:?}");
        }
    }

    #[test]
    fn what_was_never_written_is_due_once_it_is_known() {
        assert!(is_due(None, &state(0, 0), Duration::ZERO));
        assert!(!is_due(None, &State { known: false, ..state(9, 9) }, Duration::ZERO));
    }
}
