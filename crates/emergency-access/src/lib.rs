//! The way in that works under overload: levers, credentials, a lifeboat, rehearsals, and a log of all of it.
//!
//! Owns: the ladder of levers and walking it ([`engage`]), the jail ([`jail`]), the hash-chained log ([`audit`]), an authority
//! that is offline and its short-lived certificates ([`authority`]), a second API server for people ([`lifeboat`]),
//! rehearsing all that ([`rehearsal`], [`rehearsing`]), the way back on a cluster ([`recover`], [`metastable`]) and what a cluster
//! lacks beforehand ([`protect`]). Does not know: how a sealed order reaches nodes (`order-courier`), who costs what
//! (`load-watch` says).
//!
//! It asks API servers through a [`way::Way`] of its own, not through the hub's door: it runs on an engineer's machine, with
//! an engineer's credentials, while the hub may be dead. What each lever asks stands in [`lever::Lever`].

pub mod audit;
pub mod authority;
pub mod engage;
pub mod jail;
pub mod kubeconfig;
pub mod lever;
pub mod lifeboat;
pub mod limits;
pub mod metastable;
pub mod offender;
pub mod prepare;
pub mod protect;
pub mod recover;
pub mod rehearsal;
pub mod rehearsing;
pub mod secret;
pub mod share;
pub mod way;
pub mod wellness;

/// A time such as "1h", "30m" or "90s", as people write it.
///
/// # Errors
/// A sentence.
pub fn ttl(text: &str) -> Result<std::time::Duration, String> {
    let parsed =
        text.parse::<jiff::SignedDuration>().ok().and_then(|ttl| std::time::Duration::try_from(ttl).ok());
    match parsed {
        Some(ttl) if (authority::TTL_MIN..=authority::TTL_MAX).contains(&ttl) => Ok(ttl),
        _ => Err("write a time of 1m to 24h".to_owned()),
    }
}
