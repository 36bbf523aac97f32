//! What the client accepts, and in which encoding a body came.

use crate::error::ApiError;
use crate::kind::Kind;

/// Media type of JSON.
pub(crate) const JSON: &str = "application/json";
/// Media type of Kubernetes' protobuf.
pub(crate) const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Json,
    Protobuf,
}

/// What an answer shows of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum View {
    Whole,
    /// `PartialObjectMetadata`
    Metadata,
    /// `Table`, for people
    Table,
}

/// The first thing that the client accepts and that can be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Accepted {
    pub(crate) encoding: Encoding,
    pub(crate) view: View,
}

impl Accepted {
    /// What is sent when nothing was asked for.
    pub(crate) const PLAIN: Self = Self { encoding: Encoding::Json, view: View::Whole };

    /// `Content-Type` of a whole answer.
    pub(crate) fn content_type(self) -> &'static str {
        match self.encoding {
            Encoding::Json => JSON,
            Encoding::Protobuf => PROTOBUF,
        }
    }

    /// `Content-Type` of a watch.
    pub(crate) fn stream_content_type(self) -> &'static str {
        match self.encoding {
            Encoding::Json => JSON,
            Encoding::Protobuf => "application/vnd.kubernetes.protobuf;stream=watch",
        }
    }
}

/// Chooses by the header `Accept`.
pub(crate) fn negotiate(accept: Option<&str>, kind: &Kind) -> Result<Accepted, ApiError> {
    let Some(accept) = accept.filter(|accept| !accept.trim().is_empty()) else { return Ok(Accepted::PLAIN) };
    let mut offers: Vec<(f32, &str)> =
        accept.split(',').map(|offer| (quality(offer), offer.trim())).collect();
    // Stable: among equals the first wins.
    offers.sort_by(|a, b| b.0.total_cmp(&a.0));
    let found = offers.into_iter().find_map(|(_, offer)| served(offer, kind));
    found.ok_or_else(|| {
        ApiError::not_acceptable(if kind.schema.is_some() {
            "application/json, application/vnd.kubernetes.protobuf"
        } else {
            JSON
        })
    })
}

fn quality(offer: &str) -> f32 {
    parameter(offer, "q").and_then(|q| q.parse().ok()).unwrap_or(1.0)
}

fn parameter<'a>(offer: &'a str, name: &str) -> Option<&'a str> {
    let parameters = offer.split(';').skip(1).filter_map(|part| part.trim().split_once('='));
    parameters.into_iter().find(|(found, _)| found.trim() == name).map(|(_, value)| value.trim())
}

fn served(offer: &str, kind: &Kind) -> Option<Accepted> {
    let encoding = match offer.split(';').next().unwrap_or_default().trim() {
        JSON | "*/*" | "application/*" => Encoding::Json,
        PROTOBUF => Encoding::Protobuf,
        _ => return None,
    };
    let view = match (parameter(offer, "as"), parameter(offer, "g"), parameter(offer, "v")) {
        (None, ..) => View::Whole,
        (Some("PartialObjectMetadata" | "PartialObjectMetadataList"), Some("meta.k8s.io"), Some("v1")) => {
            View::Metadata
        }
        (Some("Table"), Some("meta.k8s.io"), Some("v1" | "v1beta1")) if encoding == Encoding::Json => {
            View::Table
        }
        _ => return None,
    };
    let possible = encoding == Encoding::Json || kind.schema.is_some() || view == View::Metadata;
    possible.then_some(Accepted { encoding, view })
}

/// The encoding of a request's body; JSON when the client does not say.
pub(crate) fn of_body(content_type: Option<&str>, kind: Option<&Kind>) -> Result<Encoding, ApiError> {
    let base = content_type.unwrap_or(JSON).split(';').next().unwrap_or_default().trim();
    match base {
        "" | JSON | "*/*" => Ok(Encoding::Json),
        PROTOBUF if kind.is_none_or(|kind| kind.schema.is_some()) => Ok(Encoding::Protobuf),
        other => Err(ApiError::unsupported_media_type(
            other,
            "application/json, application/vnd.kubernetes.protobuf",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(schema: bool) -> Kind {
        let mut kind = crate::kind::builtin().remove(2);
        if !schema {
            kind.schema = None;
        }
        kind
    }

    #[test]
    fn the_first_that_can_be_served() {
        use Encoding::{Json, Protobuf};
        use View::{Metadata, Table, Whole};
        let rows = [
            (None, true, Some((Json, Whole))),
            (Some(""), true, Some((Json, Whole))),
            (Some("*/*"), true, Some((Json, Whole))),
            (Some("application/json"), true, Some((Json, Whole))),
            (Some("application/vnd.kubernetes.protobuf, application/json"), true, Some((Protobuf, Whole))),
            (Some("application/vnd.kubernetes.protobuf, application/json"), false, Some((Json, Whole))),
            (Some("application/vnd.kubernetes.protobuf"), false, None),
            (Some("application/vnd.kubernetes.protobuf;stream=watch"), true, Some((Protobuf, Whole))),
            (
                Some("application/json;q=0.5,application/vnd.kubernetes.protobuf"),
                true,
                Some((Protobuf, Whole)),
            ),
            (
                Some("application/json;as=Table;v=v1;g=meta.k8s.io,application/json"),
                true,
                Some((Json, Table)),
            ),
            (Some("application/vnd.kubernetes.protobuf;as=Table;v=v1;g=meta.k8s.io"), true, None),
            (
                Some("application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"),
                false,
                Some((Protobuf, Metadata)),
            ),
            (
                Some("application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"),
                true,
                Some((Json, Metadata)),
            ),
            (Some("application/json;as=Nonsense;g=meta.k8s.io;v=v1"), true, None),
            (Some("application/yaml"), true, None),
            (Some("text/html"), true, None),
        ];
        for (accept, schema, expected) in rows {
            let found = negotiate(accept, &kind(schema)).map(|found| (found.encoding, found.view));
            assert_eq!(found.as_ref().ok(), expected.as_ref(), "{accept:?}");
            if let Err(error) = found {
                assert_eq!(error.code, 406);
            }
        }
    }
}
