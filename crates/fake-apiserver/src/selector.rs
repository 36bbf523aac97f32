//! Label selectors and field selectors.

use crate::error::ApiError;
use crate::kind::Kind;
use crate::store::{Stored, field_text};

/// All requirements must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LabelSelector(Vec<LabelRequirement>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct LabelRequirement {
    key: String,
    operator: Operator,
    values: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    In,
    NotIn,
    Exists,
    DoesNotExist,
    GreaterThan,
    LessThan,
}

/// All requirements must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FieldSelector(Vec<FieldRequirement>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct FieldRequirement {
    path: String,
    value: String,
    equal: bool,
    indexed: bool,
}

/// Both together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Selection {
    pub(crate) labels: LabelSelector,
    pub(crate) fields: FieldSelector,
}

impl Selection {
    pub(crate) fn is_empty(&self) -> bool {
        self.labels.0.is_empty() && self.fields.0.is_empty()
    }

    pub(crate) fn matches(&self, object: &Stored) -> bool {
        self.labels.matches(object) && self.fields.matches(object)
    }
}

impl LabelSelector {
    /// `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>1`
    pub(crate) fn parse(text: &str) -> Result<Self, ApiError> {
        let parts = split_outside_parentheses(text).filter(|part| !part.is_empty());
        parts.map(requirement).collect::<Result<_, _>>().map(Self)
    }

    fn matches(&self, object: &Stored) -> bool {
        self.0.iter().all(|requirement| requirement.matches(object.labels.get(&requirement.key)))
    }
}

impl LabelRequirement {
    fn matches(&self, value: Option<&str>) -> bool {
        let listed = || value.is_some_and(|value| self.values.iter().any(|one| one == value));
        let number = || Some((value?.parse::<i64>().ok()?, self.values.first()?.parse::<i64>().ok()?));
        match self.operator {
            Operator::In => listed(),
            Operator::NotIn => !listed(),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
            Operator::GreaterThan => number().is_some_and(|(value, bound)| value > bound),
            Operator::LessThan => number().is_some_and(|(value, bound)| value < bound),
        }
    }
}

fn split_outside_parentheses(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0i32;
    text.split(move |character| {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        character == ',' && depth == 0
    })
    .map(str::trim)
}

fn requirement(part: &str) -> Result<LabelRequirement, ApiError> {
    let broken = || ApiError::bad_request(format!("unable to parse requirement: {part:?}"));
    let one = |key: &str, operator, value: &str| (key.to_owned(), operator, vec![value.trim().to_owned()]);
    let (key, operator, values) = if let Some(key) = part.strip_prefix('!') {
        (key.to_owned(), Operator::DoesNotExist, Vec::new())
    } else if let Some((left, list)) = part.split_once('(') {
        let list = list.strip_suffix(')').ok_or_else(broken)?;
        let mut words = left.split_whitespace();
        let (key, word) = (words.next().ok_or_else(broken)?, words.next().ok_or_else(broken)?);
        let operator = match word {
            "in" => Operator::In,
            "notin" => Operator::NotIn,
            _ => return Err(broken()),
        };
        (key.to_owned(), operator, list.split(',').map(|value| value.trim().to_owned()).collect())
    } else if let Some((key, value)) = part.split_once("!=") {
        one(key, Operator::NotIn, value)
    } else if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
        one(key, Operator::In, value)
    } else if let Some((key, value)) = part.split_once('>') {
        one(key, Operator::GreaterThan, value)
    } else if let Some((key, value)) = part.split_once('<') {
        one(key, Operator::LessThan, value)
    } else {
        (part.to_owned(), Operator::Exists, Vec::new())
    };
    let key = key.trim().to_owned();
    if key.is_empty()
        || key.contains(|character: char| character.is_whitespace() || "()=!".contains(character))
    {
        return Err(broken());
    }
    Ok(LabelRequirement { key, operator, values })
}

impl FieldSelector {
    /// `metadata.name=x,status.phase!=Running`; only fields that the kind supports.
    pub(crate) fn parse(text: &str, kind: &Kind) -> Result<Self, ApiError> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(|part| field_requirement(part, kind)).collect::<Result<_, _>>().map(Self)
    }

    /// `metadata.name=x` reads one object only.
    pub(crate) fn name(&self) -> Option<&str> {
        let found = self.0.iter().find(|one| one.equal && one.path == "metadata.name")?;
        Some(&found.value)
    }

    /// `metadata.namespace=x` reads one namespace only.
    pub(crate) fn namespace(&self) -> Option<&str> {
        let found = self.0.iter().find(|one| one.equal && one.path == "metadata.namespace")?;
        Some(&found.value)
    }

    fn matches(&self, object: &Stored) -> bool {
        self.0.iter().all(|requirement| requirement.matches(object))
    }
}

impl FieldRequirement {
    fn matches(&self, object: &Stored) -> bool {
        let equal = match self.path.as_str() {
            "metadata.name" => object.name() == self.value,
            "metadata.namespace" => object.namespace() == self.value,
            path if self.indexed => object.fields.get(path).unwrap_or_default() == self.value,
            path => field_text(&object.value(), path) == self.value,
        };
        equal == self.equal
    }
}

fn field_requirement(part: &str, kind: &Kind) -> Result<FieldRequirement, ApiError> {
    let (equal, (path, value)) = if let Some(pair) = part.split_once("!=") {
        (false, pair)
    } else if let Some(pair) = part.split_once("==").or_else(|| part.split_once('=')) {
        (true, pair)
    } else {
        return Err(ApiError::bad_request(format!("invalid selector: '{part}'; can't understand '{part}'")));
    };
    let path = path.trim().to_owned();
    let field = kind.fields.iter().find(|field| field.label == path);
    if field.is_none() && path != "metadata.name" && path != "metadata.namespace" {
        return Err(ApiError::bad_request(format!("field label not supported: {path}")));
    }
    let indexed = field.is_some_and(|field| field.indexed);
    Ok(FieldRequirement { path, value: value.trim().to_owned(), equal, indexed })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod() -> (Kind, Stored) {
        let kind = crate::kind::builtin().into_iter().find(|kind| kind.kind == "Pod").expect("built in");
        let object = json!({"metadata": {"labels": {"app": "web", "tier": "", "weight": "5"}},
            "spec": {"nodeName": "n1", "restartPolicy": "Always"}, "status": {"phase": "Running"}});
        let stored = Stored::new(&kind, "ns/a".into(), 1, &object);
        (kind, stored)
    }

    #[test]
    fn labels() {
        let (_, pod) = pod();
        let rows = [
            ("", true),
            ("app=web", true),
            ("app==web", true),
            ("app = web , tier", true),
            ("app=db", false),
            ("app!=db", true),
            ("none!=x", true),
            ("app in (db, web)", true),
            ("app in (db)", false),
            ("app notin (db,x),tier", true),
            ("none notin (db)", true),
            ("tier", true),
            ("tier=", true),
            ("!tier", false),
            ("!none", true),
            ("weight>4,weight<6", true),
            ("weight>5", false),
        ];
        for (text, expected) in rows {
            let selector = LabelSelector::parse(text).expect(text);
            assert_eq!(selector.matches(&pod), expected, "{text}");
        }
        for text in ["app in web", "app in (web", "=x", "a b", "app near (x)"] {
            assert!(LabelSelector::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn fields() {
        let (kind, pod) = pod();
        let rows = [
            ("metadata.name=a", true),
            ("metadata.name!=a", false),
            ("metadata.namespace=ns,spec.nodeName=n1", true),
            ("spec.nodeName=", false),
            ("status.phase!=Failed", true),
            ("spec.restartPolicy=Always", true),
            ("spec.hostNetwork=false", true),
            ("status.podIP=", true),
        ];
        for (text, expected) in rows {
            let selector = FieldSelector::parse(text, &kind).expect(text);
            assert_eq!(selector.matches(&pod), expected, "{text}");
        }
        for text in ["spec.containers=x", "metadata.name"] {
            assert_eq!(FieldSelector::parse(text, &kind).map_err(|error| error.code), Err(400), "{text}");
        }
    }
}
