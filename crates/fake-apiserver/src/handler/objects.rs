//! GET and LIST.

use serde_json::{Value, json};

use super::route::Place;
use super::{Api, Asked};
use crate::answer;
use crate::answer::list::{Head, ListBody};
use crate::answer::table::{self, Embed};
use crate::error::ApiError;
use crate::media;
use crate::query::Query;
use crate::reply::{self, Reply};
use crate::store::ListFrom;
use crate::transcode::{from_base64, to_base64};
use crate::writes::scale;

pub(super) fn get(api: &Api, place: &Place, asked: &Asked) -> Result<Reply, ApiError> {
    let kind = &place.kind;
    let key = kind.key(&place.namespace, &place.name);
    let found = api.store.get(kind, &key);
    let object = found.ok_or_else(|| ApiError::not_found(&kind.qualified(), &place.name))?;
    if let Some(asked) = asked.query.version()?.filter(|asked| *asked > api.store.version()) {
        return Err(ApiError::too_large_version(asked, api.store.version()));
    }
    if place.subresource == "scale" {
        return Ok(reply::json(200, &scale::of(kind, &object.value())));
    }
    let accepted = media::negotiate(asked.accept(), kind)?;
    let rows = table::View { now: api.store.now(), embed: embed(&asked.query) };
    let body = answer::single(kind, &place.version, &object, accepted, rows)?;
    Ok(reply::full(200, accepted.content_type(), body))
}

/// What the rows of a table carry.
pub(super) fn embed(query: &Query) -> Embed {
    match query.include_object.as_str() {
        "None" => Embed::Nothing,
        "Object" => Embed::Object,
        _ => Embed::Metadata,
    }
}

pub(super) fn list(api: &Api, place: &Place, asked: &Asked) -> Result<Reply, ApiError> {
    let kind = &place.kind;
    let query = &asked.query;
    check_options(query)?;
    let accepted = media::negotiate(asked.accept(), kind)?;
    let selection = query.selection(kind)?;
    let mut from = list_from(api, query)?;
    from.namespace = match (place.namespace.is_empty(), selection.fields.namespace()) {
        (true, Some(namespace)) => namespace.to_owned(),
        _ => place.namespace.clone(),
    };
    let page = api.store.list(kind, &from, &selection).map_err(|error| expired(error, &from, query))?;
    let token = page.next.as_deref().map(|next| encode_token(page.version, next));
    let head = Head { version: page.version, continue_token: token, remaining: page.remaining };
    let body = ListBody::new(
        kind.clone(),
        &place.version,
        accepted,
        page.objects,
        head,
        table::View { now: api.store.now(), embed: embed(query) },
        asked.plan.damage,
    );
    Ok(reply::pieces(accepted.content_type(), body.estimated_bytes(), asked.accepts_gzip(), body))
}

/// Where a LIST begins, by the rules of "Semantics for get and list" of the API concepts.
fn list_from(api: &Api, query: &Query) -> Result<ListFrom, ApiError> {
    let from = ListFrom { limit: query.limit, ..ListFrom::default() };
    if !query.continue_token.is_empty() {
        if query.version()?.is_some_and(|version| version != 0) {
            return Err(ApiError::bad_request(
                "specifying resource version is not allowed when using continue",
            ));
        }
        let (version, start) = decode_token(&query.continue_token)?;
        return Ok(ListFrom { start, version, ..from });
    }
    let version = query.version()?;
    let exact = match query.resource_version_match.as_str() {
        "Exact" => true,
        "NotOlderThan" => false,
        // A limit with a version, but for 0, meant "exact" before there was a word for it.
        _ => query.limit.is_some() && version.is_some_and(|version| version != 0),
    };
    match version {
        None => Ok(from),
        Some(version) if exact => Ok(ListFrom { version: Some(version), ..from }),
        // From the cache: whole, whatever the limit.
        Some(0) => Ok(ListFrom { limit: None, ..from }),
        Some(version) if version > api.store.version() => {
            Err(ApiError::too_large_version(version, api.store.version()))
        }
        Some(_) => Ok(from),
    }
}

/// A continue token that is too old comes back as one that goes on at another version.
fn expired(mut error: ApiError, from: &ListFrom, query: &Query) -> ApiError {
    if error.code == 410 && !query.continue_token.is_empty() {
        let token = json!({"v": TOKEN_VERSION, "rv": -1, "start": from.start});
        error.continue_token = Some(to_base64(token.to_string().as_bytes()));
    }
    error
}

const TOKEN_VERSION: &str = "meta.k8s.io/v1";

fn encode_token(version: u64, start: &str) -> String {
    to_base64(json!({"v": TOKEN_VERSION, "rv": version, "start": start}).to_string().as_bytes())
}

/// (version, first key); `None` for a version stands for now.
fn decode_token(token: &str) -> Result<(Option<u64>, String), ApiError> {
    let broken = || ApiError::bad_request("continue key is not valid");
    let bytes = from_base64(token).ok_or_else(broken)?;
    let token: Value = serde_json::from_slice(&bytes).map_err(|_| broken())?;
    let start = token["start"].as_str().filter(|_| token["v"] == TOKEN_VERSION).ok_or_else(broken)?;
    let version = token["rv"].as_i64().filter(|version| *version != 0).ok_or_else(broken)?;
    Ok((u64::try_from(version).ok(), start.to_owned()))
}

/// `ValidateListOptions`, the part about LISTs.
fn check_options(query: &Query) -> Result<(), ApiError> {
    let matching = query.resource_version_match.as_str();
    if query.send_initial_events.is_some() {
        return Err(invalid_options(
            "sendInitialEvents",
            "Forbidden: sendInitialEvents is forbidden for list",
        ));
    }
    let why = match (matching, query.resource_version.as_str()) {
        ("", _) => return Ok(()),
        (_, "") => "Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided",
        _ if !query.continue_token.is_empty() => {
            "Forbidden: resourceVersionMatch is forbidden when continue is provided"
        }
        ("Exact", "0") => "Forbidden: resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"",
        ("Exact" | "NotOlderThan", _) => return Ok(()),
        _ => "Unsupported value: supported values: \"Exact\", \"NotOlderThan\", \"\"",
    };
    Err(invalid_options("resourceVersionMatch", why))
}

/// 422 about the parameters.
pub(super) fn invalid_options(field: &str, why: &str) -> ApiError {
    ApiError::invalid("ListOptions.meta.k8s.io", "", field, why)
}
