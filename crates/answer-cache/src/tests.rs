//! What a cache does, as scripts of (time, event, what comes of it); limits and properties beside them.

use std::time::Duration;

use super::*;

mod limits;
mod paced;
mod properties;
mod rows;
mod script;

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

fn name(text: &str) -> Vec<u8> {
    let mut wire = Vec::new();
    for label in text.split('.').filter(|label| !label.is_empty()) {
        wire.push(label.len() as u8);
        wire.extend_from_slice(label.as_bytes());
    }
    wire.push(0);
    wire
}

fn question(name: &[u8], record_type: u16) -> Vec<u8> {
    [name, &record_type.to_be_bytes(), &[0, 1]].concat()
}

fn key(name: &[u8], record_type: u16) -> Key<'_> {
    Key { name, record_type, class: 1, dnssec_ok: false, checking_disabled: false }
}

/// A response with one record, whose TTL stands at the position that is returned.
fn message(name: &[u8], record_type: u16, rcode: u8, ttl: u32) -> (Vec<u8>, u16) {
    let mut message = vec![0xaa, 0xaa, 0x81, 0x80 | rcode, 0, 1, 0, 1, 0, 0, 0, 0];
    message.extend_from_slice(&question(name, record_type));
    message.extend_from_slice(&[0xc0, 12, 0, 1, 0, 1]);
    let at = message.len() as u16;
    message.extend_from_slice(&ttl.to_be_bytes());
    message.extend_from_slice(&[0, 4, 192, 0, 2, 1]);
    (message, at)
}
