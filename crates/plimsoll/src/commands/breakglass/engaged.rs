//! Engineers who know of each other: by the hubs, without the API server.

use std::time::Duration;

use order_courier::engagement::{BY_BYTES_MAX, LASTS};
use telemetry_export::{FetchError, post};

use crate::commands::orders::{ENGAGED_BY, ENGAGEMENT, RELEASED_BY};
use crate::outcome::Failure;
use crate::terminal;

/// A sentence.
const ANSWER_BYTES_MAX: usize = 4 * 1024;
/// Three times before it is over.
const RENEW: Duration = Duration::from_secs(LASTS.as_secs() / 3);

/// An engagement that hubs know of.
pub(super) struct Engaged {
    hubs: Vec<String>,
    by: String,
}

impl Engaged {
    /// Tells every hub. One that is dead, or of an older version, keeps nobody out.
    ///
    /// # Errors
    /// Somebody else is engaged, and `join` does not say that this is known.
    pub(super) async fn claim(
        hubs: &[String],
        who: &str,
        against: &str,
        join: bool,
    ) -> Result<Self, Failure> {
        // What stands in a query as it is.
        let plain = |c: char| if c.is_ascii_alphanumeric() || "@./_-".contains(c) { c } else { '-' };
        let mut by: String = format!("{who}/against/{against}").chars().map(plain).collect();
        by.truncate(BY_BYTES_MAX);
        let engaged = Self { hubs: hubs.to_vec(), by };
        for hub in &engaged.hubs {
            match engaged.say(hub, ENGAGED_BY).await {
                Ok(()) => {}
                Err(FetchError::Refused { status, body }) if status.as_u16() == 409 => {
                    let says = format!("{hub}: {}", String::from_utf8_lossy(&body).trim());
                    if !join {
                        return Err(Failure::Usage(says));
                    }
                    terminal::print(&format!("{says}; joined\n"));
                }
                Err(error) => {
                    terminal::complain(&format!("{hub} does not know that you are engaged: {error}"))
                }
            }
        }
        Ok(engaged)
    }

    /// Without end.
    pub(super) async fn renew(&self) {
        loop {
            tokio::time::sleep(RENEW).await;
            for hub in &self.hubs {
                // Somebody who was joined holds it, and a hub that is dead holds nothing.
                let _ = self.say(hub, ENGAGED_BY).await;
            }
        }
    }

    pub(super) async fn release(&self) {
        for hub in &self.hubs {
            // It ends by itself.
            let _ = self.say(hub, RELEASED_BY).await;
        }
    }

    async fn say(&self, hub: &str, what: &str) -> Result<(), FetchError> {
        post(hub, &format!("{ENGAGEMENT}?{what}{}", self.by), ANSWER_BYTES_MAX).await.map(drop)
    }
}
