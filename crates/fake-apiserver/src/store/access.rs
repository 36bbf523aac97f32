//! The library's access: objects in, objects out, no rules but the shape of a key.

use serde_json::{Value, json};

use super::{Decision, ListFrom, Store};
use crate::error::ApiError;
use crate::kind::Kind;
use crate::selector::{FieldSelector, LabelSelector, Selection};
use crate::{custom, writes};

impl Store {
    /// Creates or replaces an object as it is given, status included; watches see it. What it lacks of `uid`,
    /// `creationTimestamp` and `generation` is filled in. A CustomResourceDefinition begins to be served.
    ///
    /// # Errors
    /// A kind that is not served, no name, a type that the kind's schema does not allow.
    pub fn apply(&self, object: Value) -> Result<Value, ApiError> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (api_version, kind_name) = (text(&object["apiVersion"]), text(&object["kind"]));
        let Some(kind) = self.kind_of(&api_version, &kind_name) else {
            return Err(ApiError::bad_request(format!("no kind {kind_name:?} in {api_version:?}")));
        };
        let mut object = writes::body::through_schema(&kind, object)?.0;
        let (namespace, name) = (text(&object["metadata"]["namespace"]), text(&object["metadata"]["name"]));
        if name.is_empty() || (kind.namespaced && namespace.is_empty()) {
            return Err(ApiError::bad_request("the object has no metadata.name, or no metadata.namespace"));
        }
        let (_, stored) = self.write(&kind, &kind.key(&namespace, &name), |previous| {
            let before = previous.map(|stored| stored.value());
            writes::metadata::carry_over(self, before.as_ref(), &mut object);
            writes::metadata::count_generation(&kind, before.as_ref(), &mut object);
            Ok(Decision::Put(object))
        })?;
        if let Some(served) = custom::kind_from_definition(&kind, &stored.value()) {
            self.serve(served);
        }
        Ok(typed(&kind, &api_version, stored.value()))
    }

    /// Deletes an object at once: no grace, no finalizers, dependents stay. `resource` is "pods" or "deployments.apps".
    ///
    /// # Errors
    /// It is not there.
    pub fn delete(&self, resource: &str, namespace: &str, name: &str) -> Result<(), ApiError> {
        let kind = self.named(resource)?;
        self.write(&kind, &kind.key(namespace, name), |_| Ok(Decision::Delete)).map(drop)
    }

    /// One object.
    pub fn object(&self, resource: &str, namespace: &str, name: &str) -> Option<Value> {
        let kind = self.named(resource).ok()?;
        let stored = self.get(&kind, &kind.key(namespace, name))?;
        Some(typed(&kind, &kind.preferred_api_version(), stored.value()))
    }

    /// All objects of a resource ("pods", "deployments.apps") in a namespace (empty: all) that both selectors match.
    ///
    /// # Errors
    /// A resource that is not served, a selector that cannot be read.
    pub fn objects(
        &self,
        resource: &str,
        namespace: &str,
        labels: &str,
        fields: &str,
    ) -> Result<Vec<Value>, ApiError> {
        let kind = self.named(resource)?;
        let selection =
            Selection { labels: LabelSelector::parse(labels)?, fields: FieldSelector::parse(fields, &kind)? };
        let from = ListFrom { namespace: namespace.to_owned(), ..ListFrom::default() };
        let page = self.list(&kind, &from, &selection)?;
        let api_version = kind.preferred_api_version();
        Ok(page.objects.iter().map(|stored| typed(&kind, &api_version, stored.value())).collect())
    }

    /// How many objects a resource has.
    pub fn count(&self, resource: &str) -> usize {
        let Ok(kind) = self.named(resource) else { return 0 };
        self.state.read().collection(&kind).map_or(0, |collection| collection.objects.len())
    }

    fn named(&self, resource: &str) -> Result<std::sync::Arc<Kind>, ApiError> {
        let (plural, group) = resource.split_once('.').unwrap_or((resource, ""));
        let exact = self.resource(group, plural);
        let any = || self.kinds().into_iter().find(|kind| group.is_empty() && kind.plural == plural);
        exact.or_else(any).ok_or_else(ApiError::no_such_path)
    }
}

/// The object with its kind in front, as answers to single requests have it.
pub(crate) fn typed(kind: &Kind, api_version: &str, mut object: Value) -> Value {
    object["apiVersion"] = json!(api_version);
    object["kind"] = json!(kind.kind);
    object
}
