//! What operators write.

use super::*;
use crate::families;

#[test]
fn allow_lists() {
    fn check(text: &str, resource: Resource, key: &str, expected: bool) {
        let list = AllowList::parse(text).unwrap();
        let is_allowed = list.of(resource).iter().any(|pattern| pattern.matches(key));
        assert_eq!(is_allowed, expected, "{text} {key}");
    }
    check("", Resource::Pods, "app", false);
    check("pods=[app]", Resource::Pods, "app", true);
    check("pods=[app]", Resource::Pods, "apps", false);
    check("pods=[app]", Resource::Nodes, "app", false);
    check("pods=[]", Resource::Pods, "app", false);
    check("pods=[*]", Resource::Pods, "app", true);
    check(" pods=[ app , team ], nodes=[zone]", Resource::Pods, "team", true);
    check(" pods=[ app , team ], nodes=[zone]", Resource::Nodes, "zone", true);
    check("pods=[app.kubernetes.io/*]", Resource::Pods, "app.kubernetes.io/name", true);
    check("pods=[app.kubernetes.io/*]", Resource::Pods, "app", false);
    check("pods=[*/name]", Resource::Pods, "app.kubernetes.io/name", true);
    check("pods=[a*b]", Resource::Pods, "ab", true);
    check("pods=[ab*b]", Resource::Pods, "ab", false);
    check("*=[team]", Resource::Jobs, "team", true);
    // The list for all goes before any other.
    check("*=[team],pods=[app]", Resource::Pods, "app", false);
}

#[test]
fn allow_lists_that_cannot_be_read() {
    fn check(text: &str, expected: fn(String) -> OptionsError) {
        let error = AllowList::parse(text).unwrap_err();
        assert_eq!(
            std::mem::discriminant(&error),
            std::mem::discriminant(&expected(String::new())),
            "{text}"
        );
    }
    for text in ["pods", "pods=", "pods=app", "=[app]", "pods=[app", "pods=[app],", "pods=[app]nodes=[zone]"]
    {
        check(text, OptionsError::AllowList);
    }
    for text in ["pods=[app,]", "pods=[,app]", "pods=[a[b]", ",pods=[app]", "pods=[a]]"] {
        check(text, OptionsError::AllowList);
    }
    check("pods=[*a*]", OptionsError::Wildcards);
}

#[test]
fn families_are_chosen() {
    fn check(allow: &str, deny: &str, opt_in: &str, name: &str, expected: bool) {
        let [allow, deny, opt_in] = [allow, deny, opt_in].map(|text| FamilyFilter::list(text).unwrap());
        let family = families(Resource::Pods).iter().find(|family| family.name == name).unwrap();
        assert_eq!(FamilyFilter { allow, deny, opt_in }.includes(family), expected, "{name}");
    }
    check("", "", "", "kube_pod_info", true);
    check("kube_pod_info", "", "", "kube_pod_info", true);
    check("^kube_pod_info$", "", "", "kube_pod_info", true);
    check("kube_pod_owner, kube_node_.*", "", "", "kube_pod_info", false);
    check("kube_pod_.*", "", "", "kube_pod_info", true);
    check("", "kube_pod_.*", "", "kube_pod_info", false);
    check("kube_pod_info", "kube_pod_info", "", "kube_pod_info", false);
    check("", "", "", "kube_pod_nodeselectors", false);
    check("kube_pod_.*", "", "", "kube_pod_nodeselectors", false);
    check("", "", "kube_pod_nodeselectors", "kube_pod_nodeselectors", true);
}

#[test]
fn expressions_beyond_a_beginning_are_refused_and_not_guessed() {
    for text in ["kube_(pod|node)_info", "kube_.*_info", "kube_pod_info|kube_node_info", "[a-z]+", ".*info"] {
        assert_eq!(FamilyFilter::list(text), Err(OptionsError::Family(text.to_owned())));
    }
}
