//! The `Retry-After` header (RFC 9110, 10.2.3).

use std::time::Duration;

/// A server (or a proxy before it) that says more than ten minutes is asked again after ten: being deaf for a day because of
/// one header is worse than six requests an hour.
pub const SECONDS_MAX: u64 = 600;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The wait that a header value asks for: seconds, or a date (only in the preferred format of RFC 9110) as seen from `wall`,
/// the time since the Unix epoch. `None` for anything else.
pub fn parse(value: &str, wall: Duration) -> Option<Duration> {
    let value = value.trim();
    let seconds = match value.bytes().all(|byte| byte.is_ascii_digit()) {
        true if value.is_empty() => return None,
        // More digits than fit are still a number, and more than the most.
        true => value.parse::<u64>().unwrap_or(u64::MAX),
        false => date(value)?.saturating_sub(wall.as_secs()),
    };
    Some(from_seconds(seconds))
}

/// The wait for a number of seconds, bounded by [`SECONDS_MAX`].
pub fn from_seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds.min(SECONDS_MAX))
}

/// "Sun, 06 Nov 1994 08:49:37 GMT" -> seconds since the epoch.
fn date(text: &str) -> Option<u64> {
    let (_weekday, rest) = text.split_once(", ")?;
    let mut parts = rest.split(' ');
    let day: u64 = parts.next()?.parse().ok()?;
    let month_name = parts.next()?;
    let month = MONTHS.iter().position(|month| *month == month_name)? as u64 + 1;
    let year: u64 = parts.next()?.parse().ok()?;
    let mut clock = parts.next()?.split(':').map(|part| part.parse::<u64>().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    let zone = parts.next()?;
    let sane = zone == "GMT" && (1970..=9999).contains(&year) && (1..=31).contains(&day);
    if !sane || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    Some(days_since_epoch(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second)
}

/// Days from 1970-01-01. Years begin in March here, so that the leap day is the last of its year.
fn days_since_epoch(year: u64, month: u64, day: u64) -> u64 {
    /// Days from 0000-03-01 to 1970-01-01.
    const EPOCH_DAYS: u64 = 719_468;
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year / 4 - year / 100 + year / 400;
    // (153 * m + 2) / 5 is the number of days before month m of a year that begins in March.
    year * 365 + leap_days + (153 * month + 2) / 5 + (day - 1) - EPOCH_DAYS
}
