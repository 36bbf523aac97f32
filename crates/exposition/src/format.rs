//! The two formats, the metric types, and how a client asks for them.

/// A text format.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Format {
    /// Prometheus text 0.0.4: what everybody understands.
    #[default]
    Text,
    /// OpenMetrics 1.0.0.
    OpenMetrics,
}

/// The type of a metric family.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Goes up and down.
    Gauge,
    /// Only goes up.
    Counter,
    /// `_bucket`, `_sum`, `_count`.
    Histogram,
    /// Quantiles, `_sum`, `_count`.
    Summary,
    /// Labels are the content, the value is 1 (OpenMetrics only; a gauge in text).
    Info,
    /// One series per state, the value is 0 or 1 (OpenMetrics only; a gauge in text).
    StateSet,
    /// `untyped` in text, `unknown` in OpenMetrics.
    #[default]
    Unknown,
}

impl Format {
    /// The `Content-Type` of an answer.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }

    /// The format that a client with this `Accept` header likes best (RFC 9110, 12.5.1). A client that asks for neither gets
    /// text: that is what scrapers have always been given. Formats that we do not write (protobuf, OpenMetrics 0.0.1) are
    /// passed over.
    pub fn negotiate(accept: &str) -> Self {
        let ranges = accept.split(',').filter_map(media_range);
        // On equal weight the first one named wins, as in client libraries of Prometheus.
        let best = ranges.reduce(|best, next| if next.1 > best.1 { next } else { best });
        best.map_or(Self::Text, |(format, _)| format)
    }
}

/// One element of an `Accept` header: the format it asks for and its weight in thousandths. `None`: not for us.
fn media_range(range: &str) -> Option<(Format, u16)> {
    let mut parts = range.split(';').map(str::trim);
    let kind = parts.next()?.to_ascii_lowercase();
    let (mut version, mut weight) = ("", 1_000);
    for parameter in parts {
        let (name, value) = parameter.split_once('=')?;
        match name.trim().to_ascii_lowercase().as_str() {
            "version" => version = value.trim().trim_matches('"'),
            "q" => weight = thousandths(value.trim())?,
            _ => {}
        }
    }
    let format = match (kind.as_str(), version) {
        ("application/openmetrics-text", "" | "1.0.0") => Format::OpenMetrics,
        ("text/plain", "" | "0.0.4") | ("text/*" | "*/*", _) => Format::Text,
        _ => return None,
    };
    (weight > 0).then_some((format, weight))
}

/// A `qvalue`: "0" to "1" with at most three decimals. More decimals are tolerated and cut.
fn thousandths(text: &str) -> Option<u16> {
    let value: f32 = text.parse().ok()?;
    if !(0.0..=1.0).contains(&value) {
        return None;
    }
    // Within 0 and 1000 by the check above.
    Some((value * 1_000.0).round() as u16)
}

impl Kind {
    /// The word of the `# TYPE` line.
    pub const fn word(self, format: Format) -> &'static str {
        match (self, format) {
            (Self::Counter, _) => "counter",
            (Self::Histogram, _) => "histogram",
            (Self::Summary, _) => "summary",
            (Self::Info, Format::OpenMetrics) => "info",
            (Self::StateSet, Format::OpenMetrics) => "stateset",
            (Self::Unknown, Format::OpenMetrics) => "unknown",
            (Self::Unknown, Format::Text) => "untyped",
            (Self::Gauge, _) | (Self::Info | Self::StateSet, Format::Text) => "gauge",
        }
    }

    /// The kind that a `# TYPE` line names.
    pub fn from_word(word: &str, format: Format) -> Option<Self> {
        Some(match (word, format) {
            ("gauge", _) => Self::Gauge,
            ("counter", _) => Self::Counter,
            ("histogram", _) => Self::Histogram,
            ("summary", _) => Self::Summary,
            ("untyped", Format::Text) | ("unknown", Format::OpenMetrics) => Self::Unknown,
            ("info", Format::OpenMetrics) => Self::Info,
            ("stateset", Format::OpenMetrics) => Self::StateSet,
            _ => return None,
        })
    }

    /// What may follow the family's name in the name of one of its samples.
    pub(crate) const fn suffixes(self, format: Format) -> &'static [&'static str] {
        match (self, format) {
            (Self::Counter, Format::OpenMetrics) => &["_total", "_created"],
            (Self::Histogram, Format::OpenMetrics) => &["_bucket", "_sum", "_count", "_created"],
            (Self::Histogram, Format::Text) => &["_bucket", "_sum", "_count"],
            (Self::Summary, Format::OpenMetrics) => &["", "_sum", "_count", "_created"],
            (Self::Summary, Format::Text) => &["", "_sum", "_count"],
            (Self::Info, Format::OpenMetrics) => &["_info"],
            _ => &[""],
        }
    }
}
