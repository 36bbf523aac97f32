//! Rows about rollouts as custom resources: the hub's, and those of a person's own credentials.

use super::{Call, Row, Target, Value, filled, fixed};

/// Objects of one kind that are read at most: 64 rollouts are steered, and one more says that there are too many.
pub const CUSTOM_OBJECTS_MAX: u32 = 65;

/// They are asked for only with `--rollouts-objects`, and by a person's `plimsoll rollout`.
pub const TABLE: [Row; 8] = [
    Row {
        call: Call::CustomList,
        verb: "list",
        method: "GET",
        target: Target::Custom,
        query: &[filled("limit", Value::CustomObjects)],
        when: "The hub leads: rollouts and load lines are what people want. Or a person lists rollouts, with credentials of their own.",
        often: "Of each of the two kinds once in 5 s, over all hubs; once for each command.",
        cost: "At most 65 objects, whatever the cluster's size; no watch is held.",
    },
    Row {
        call: Call::CustomGet,
        verb: "get",
        method: "GET",
        target: Target::CustomObject,
        query: &[],
        when: "A person looks at a rollout, or changes it, with `plimsoll rollout` and credentials of their own.",
        often: "Once for each command; with `-w` once in 2 s.",
        cost: "One object.",
    },
    Row {
        call: Call::CustomSpec,
        verb: "patch",
        method: "PATCH",
        target: Target::CustomObject,
        query: &[fixed("fieldManager", "plimsoll-rollout")],
        when: "A person pauses, resumes, promotes, aborts, retries or freezes a rollout.",
        often: "Once for each command.",
        cost: "One write of one object.",
    },
    Row {
        call: Call::CustomStatus,
        verb: "patch",
        method: "PATCH",
        target: Target::CustomStatus,
        query: &[fixed("fieldManager", "plimsoll-hub")],
        when: "What a rollout is at has changed.",
        often: "Of each rollout once in 5 s, and only if something differs.",
        cost: "One write of one object, whatever the number of nodes.",
    },
    Row {
        call: Call::Event,
        verb: "patch",
        method: "PATCH",
        target: Target::Event,
        query: &[fixed("fieldManager", "plimsoll-hub"), fixed("force", "true")],
        when: "A rollout passes a step, is stopped, is done.",
        often: "With a write of its status at most. Of one rollout and one reason there is one Event, which counts: never one for a node.",
        cost: "One write of an object of 600 bytes, which the API server forgets after an hour.",
    },
    Row {
        call: Call::LeaderGet,
        verb: "get",
        method: "GET",
        target: Target::Leader,
        query: &[],
        when: "Several hubs may run: one of them steers rollouts.",
        often: "Once in 2 to 2.4 s by each hub that does not lead.",
        cost: "One Lease of 300 bytes, through etcd.",
    },
    Row {
        call: Call::LeaderCreate,
        verb: "create",
        method: "POST",
        target: Target::Leases,
        query: &[],
        when: "There is no such Lease yet.",
        often: "Once in the life of a cluster; of several hubs one succeeds (409).",
        cost: "One write.",
    },
    Row {
        call: Call::LeaderPatch,
        verb: "patch",
        method: "PATCH",
        target: Target::Leader,
        query: &[],
        when: "A hub takes the lead or keeps it; with the resourceVersion that it has read, so that of two one succeeds (409).",
        often: "Once in 2 s by the hub that leads.",
        cost: "One write of 300 bytes.",
    },
];
