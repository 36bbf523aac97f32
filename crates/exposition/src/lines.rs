//! One line after the other: what each says, checked against the grammar of its format.

mod cursor;

use std::borrow::Cow;

use crate::lines::cursor::Cursor;
use crate::{Format, Kind, Limits};

/// The lines of an exposition. Blank lines and comments, which only text has, are passed over. Ends after the first error.
#[derive(Debug, Clone)]
pub struct Lines<'a> {
    rest: &'a str,
    format: Format,
    limits: Limits,
    line: usize,
    ended: bool,
    failed: bool,
}

/// What a line says.
#[derive(Debug, Clone, PartialEq)]
pub enum Line<'a> {
    /// `# HELP family text`
    Help(&'a str, Cow<'a, str>),
    /// `# TYPE family kind`
    Type(&'a str, Kind),
    /// `# UNIT family unit` (OpenMetrics only)
    Unit(&'a str, &'a str),
    /// `name{label="value"} value`
    Sample(Sample<'a>),
}

/// One sample. An exemplar is checked and dropped.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample<'a> {
    /// With its suffix.
    pub name: &'a str,
    /// In the order of the line.
    pub labels: Vec<(&'a str, Cow<'a, str>)>,
    /// The value.
    pub value: f64,
    /// Seconds since the Unix epoch, where the line has a timestamp.
    pub timestamp: Option<f64>,
}

/// Where and why an exposition is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct ParseError {
    /// Counted from 1.
    pub line: usize,
    /// Why.
    pub problem: Problem,
}

/// Why an exposition is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The body was cut off.
    #[error("the last line has no line break")]
    Unfinished,
    /// The body was cut off.
    #[error("there is no `# EOF` at the end")]
    NoEnd,
    /// `# EOF` was not the last line.
    #[error("something follows `# EOF`")]
    AfterEnd,
    /// OpenMetrics has no blank lines and no comments of other kinds.
    #[error("a line of OpenMetrics is a sample, HELP, TYPE, UNIT or EOF")]
    Foreign,
    /// `[a-zA-Z_:][a-zA-Z0-9_:]*`
    #[error("not the name of a metric")]
    Name,
    /// `[a-zA-Z_][a-zA-Z0-9_]*`
    #[error("not the name of a label")]
    LabelName,
    /// The braces, commas, quotes or escapes are wrong.
    #[error("labels are not of the form {{name=\"value\",…}}")]
    Labels,
    /// A label name came twice.
    #[error("a label is there twice")]
    LabelTwice,
    /// Not a number.
    #[error("not a value")]
    Value,
    /// Not a timestamp.
    #[error("not a timestamp")]
    Timestamp,
    /// Something follows the value, or the spaces between the parts are wrong.
    #[error("not of the form: name, labels, value")]
    Shape,
    /// An unknown word in `# TYPE`.
    #[error("not a type of this format")]
    Type,
    /// `\` before something that needs no escape.
    #[error("not an escape sequence")]
    Escape,
    /// HELP, TYPE or UNIT came twice, or after a sample of the family.
    #[error("metadata twice, or after a sample of its family")]
    Metadata,
    /// A family was left and came again.
    #[error("the lines of a family are not together")]
    Interleaved,
    /// A series came twice.
    #[error("a series is there twice")]
    SeriesTwice,
    /// Over [`Limits::line_bytes`].
    #[error("the line is too long")]
    LineLimit,
    /// Over [`Limits::labels`].
    #[error("too many labels")]
    LabelLimit,
    /// Over [`Limits::samples`].
    #[error("too many samples")]
    SampleLimit,
}

impl<'a> Lines<'a> {
    /// The lines of `text`.
    pub fn new(text: &'a str, format: Format, limits: Limits) -> Self {
        Self { rest: text, format, limits, line: 0, ended: false, failed: false }
    }

    /// The number of the line that was read last, counted from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    fn advance(&mut self) -> Result<Option<Line<'a>>, Problem> {
        while !self.rest.is_empty() {
            self.line += 1;
            let (line, rest) = self.rest.split_once('\n').ok_or(Problem::Unfinished)?;
            self.rest = rest;
            if let Some(line) = self.read(line)? {
                return Ok(Some(line));
            }
        }
        if self.format == Format::OpenMetrics && !self.ended {
            return Err(Problem::NoEnd);
        }
        Ok(None)
    }

    fn read(&mut self, line: &'a str) -> Result<Option<Line<'a>>, Problem> {
        if self.ended {
            return Err(Problem::AfterEnd);
        }
        if line.len() > self.limits.line_bytes {
            return Err(Problem::LineLimit);
        }
        if self.format == Format::OpenMetrics && line == "# EOF" {
            self.ended = true;
            return Ok(None);
        }
        if let Some(comment) = line.strip_prefix('#') {
            return self.comment(comment);
        }
        if line.trim_matches([' ', '\t']).is_empty() && self.format == Format::Text {
            return Ok(None);
        }
        Cursor::new(line, self.format).sample(self.limits.labels).map(|sample| Some(Line::Sample(sample)))
    }

    /// `comment` is what follows the `#`.
    fn comment(&self, comment: &'a str) -> Result<Option<Line<'a>>, Problem> {
        let openmetrics = self.format == Format::OpenMetrics;
        let body = if openmetrics {
            comment.strip_prefix(' ')
        } else {
            Some(comment.trim_start_matches([' ', '\t']))
        };
        let (keyword, rest) = body.ok_or(Problem::Foreign)?.split_once([' ', '\t']).unwrap_or_default();
        let rest = if openmetrics { rest } else { rest.trim_start_matches([' ', '\t']) };
        if !matches!((keyword, openmetrics), ("HELP" | "TYPE", _) | ("UNIT", true)) {
            return if openmetrics { Err(Problem::Foreign) } else { Ok(None) };
        }
        let (family, rest) = rest.split_once([' ', '\t']).unwrap_or((rest, ""));
        if !cursor::is_metric_name(family) {
            return Err(Problem::Name);
        }
        Ok(Some(match keyword {
            "HELP" => Line::Help(family, cursor::unescape(rest, openmetrics)?),
            "TYPE" => Line::Type(family, Kind::from_word(rest.trim(), self.format).ok_or(Problem::Type)?),
            _ => Line::Unit(family, rest),
        }))
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Result<Line<'a>, ParseError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let item =
            self.advance().map_err(|problem| ParseError { line: self.line.max(1), problem }).transpose();
        self.failed = matches!(item, Some(Err(_)));
        item
    }
}
