//! POST, PUT, PATCH, DELETE.

use http::HeaderValue;
use hyper::body::Incoming;
use serde_json::{Value, json};

use super::route::Place;
use super::{Api, Asked};
use crate::answer::{self, table};
use crate::error::ApiError;
use crate::media::{self, Accepted, Encoding, View};
use crate::reply::{self, Reply};
use crate::schema::Message;
use crate::store::{Action, Written};
use crate::writes::delete::{self, DeleteOptions};
use crate::writes::{Target, body, create, patch, scale, update};

/// `metav1.Warning` texts are cut to what a header line may hold.
const WARNING_BYTES_MAX: usize = 250;

pub(super) async fn write(
    api: &Api,
    place: &Place,
    asked: &Asked,
    incoming: Incoming,
) -> Result<Reply, ApiError> {
    let text = body::collect(incoming).await?;
    let kind = &place.kind;
    let target = Target {
        store: &api.store,
        graves: &api.graves,
        kind: kind.clone(),
        version: &place.version,
        namespace: &place.namespace,
        name: &place.name,
        subresource: &place.subresource,
        query: &asked.query,
        user_agent: asked.user_agent(),
    };
    if kind.namespaced && place.namespace.is_empty() && asked.method != http::Method::DELETE {
        return Err(ApiError::method_not_allowed());
    }
    // Told before anything is written.
    let accepted = media::negotiate(asked.accept(), kind)?;
    let read = |schema| body::parse(schema, media::of_body(asked.content_type(), Some(kind))?, &text);
    let answer = |code, written: Written, warnings| finish(api, place, accepted, code, &written, warnings);
    match (asked.method.as_str(), place.name.is_empty(), place.subresource.as_str()) {
        ("POST", true, "") => {
            let (written, warnings) = create::create(&target, read(kind.schema)?)?;
            answer(201, written, warnings)
        }
        ("POST", false, "binding") => {
            let binding = read(Message::named("k8s.io.api.core.v1.Binding"))?;
            patch::bind(&target, &binding)?;
            Ok(reply::json(
                201,
                &json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}),
            ))
        }
        ("POST", false, "eviction") => {
            let eviction = body::parse(None, Encoding::Json, &text)?;
            let options = DeleteOptions::read(&target, &eviction["deleteOptions"]);
            delete::delete(&target, &options)?;
            Ok(reply::json(
                201,
                &json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}),
            ))
        }
        ("PUT", false, "" | "status") => {
            let (written, warnings) = update::replace(&target, read(kind.schema)?)?;
            answer(200, written, warnings)
        }
        ("PUT", false, "scale") => {
            let wanted = read(Message::named("k8s.io.api.autoscaling.v1.Scale"))?;
            let (written, _) =
                update::change(&target, |object| Ok(scale::applied(kind, object.clone(), &wanted)))?;
            Ok(reply::json(200, &scale::of(kind, &written.1.value())))
        }
        ("PATCH", false, "" | "status") => {
            let (written, warnings) = patch::patch(&target, asked.content_type().unwrap_or_default(), &text)?;
            let code = if written.0 == Some(Action::Added) { 201 } else { 200 };
            answer(code, written, warnings)
        }
        ("PATCH", false, "scale") => {
            let written = patch::patch_scale(&target, asked.content_type().unwrap_or_default(), &text)?;
            Ok(reply::json(200, &scale::of(kind, &written.1.value())))
        }
        ("DELETE", _, "") => {
            let options = if text.is_empty() {
                Value::Null
            } else {
                let schema = Message::named("k8s.io.apimachinery.pkg.apis.meta.v1.DeleteOptions");
                // DeleteOptions come in protobuf also for kinds that have none.
                body::parse(schema, media::of_body(asked.content_type(), None)?, &text)?
            };
            let options = DeleteOptions::read(&target, &options);
            if place.name.is_empty() {
                return all_deleted(&target, &options);
            }
            let written = delete::delete(&target, &options)?;
            deleted(api, place, accepted, &written)
        }
        _ => Err(ApiError::method_not_allowed()),
    }
}

fn finish(
    api: &Api,
    place: &Place,
    accepted: Accepted,
    code: u16,
    written: &Written,
    warnings: Vec<String>,
) -> Result<Reply, ApiError> {
    let rows = table::View { now: api.store.now(), embed: table::Embed::Metadata };
    let body = answer::single(&place.kind, &place.version, &written.1, accepted, rows)?;
    let mut reply = reply::full(code, accepted.content_type(), body);
    for warning in warnings {
        let short: String = warning.chars().filter(char::is_ascii).take(WARNING_BYTES_MAX).collect();
        let line = format!("299 - \"{}\"", short.replace('"', "\\\""));
        if let Ok(value) = HeaderValue::from_str(&line) {
            reply.headers_mut().append(http::header::WARNING, value);
        }
    }
    Ok(reply)
}

/// The object where it is not gone yet, and for pods always; a `Status` for the rest.
fn deleted(api: &Api, place: &Place, accepted: Accepted, written: &Written) -> Result<Reply, ApiError> {
    let kind = &place.kind;
    if written.0 != Some(Action::Deleted) || kind.is("", "Pod") {
        return finish(api, place, accepted, 200, written, Vec::new());
    }
    let metadata = written.1.metadata();
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
        "details": {"name": place.name, "group": kind.group, "kind": kind.plural, "uid": metadata["uid"]},
    });
    if accepted.encoding == Encoding::Protobuf && accepted.view == View::Whole {
        return Ok(reply::full(200, accepted.content_type(), reply::status_protobuf(&status)));
    }
    Ok(reply::json(200, &status))
}

fn all_deleted(target: &Target<'_>, options: &DeleteOptions) -> Result<Reply, ApiError> {
    let count = delete::delete_collection(target, options)?;
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
        "message": format!("{count} objects"), "details": {"group": target.kind.group, "kind": target.kind.plural},
    });
    Ok(reply::json(200, &status))
}

/// May I? You may: there is no authorization here.
pub(super) async fn review(asked: &Asked, review: &str, incoming: Incoming) -> Result<Reply, ApiError> {
    if asked.method != http::Method::POST {
        return Err(ApiError::method_not_allowed());
    }
    let text = body::collect(incoming).await?;
    let encoding = media::of_body(asked.content_type(), None)?;
    let mut answer = match (review, encoding) {
        // Its spec is a namespace, which changes nothing.
        ("selfsubjectrulesreviews", Encoding::Protobuf) => json!({}),
        _ => body::parse(
            Message::named("k8s.io.api.authorization.v1.SelfSubjectAccessReview"),
            encoding,
            &text,
        )?,
    };
    if !answer.is_object() {
        return Err(ApiError::bad_request("the body is not an object"));
    }
    let (kind, status) = match review {
        "selfsubjectrulesreviews" => {
            let all = json!({"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]});
            let status = json!({"resourceRules": [all], "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}], "incomplete": false});
            ("SelfSubjectRulesReview", status)
        }
        "subjectaccessreviews" => ("SubjectAccessReview", allowed()),
        _ => ("SelfSubjectAccessReview", allowed()),
    };
    answer["kind"] = json!(kind);
    answer["apiVersion"] = json!("authorization.k8s.io/v1");
    answer["status"] = status;
    Ok(reply::json(201, &answer))
}

fn allowed() -> Value {
    json!({"allowed": true, "reason": "this is a test double without authorization"})
}
