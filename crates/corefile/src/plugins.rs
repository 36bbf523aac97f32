//! Which directive is read by what.

use crate::report::Report;
use crate::server::{Server, bind};
use crate::tree::Directive;
use crate::{
    answering, arguments, cache, endpoints, forward, hosts, kubernetes, rewrite, template, unsupported,
};

/// Plugins that may stand in a block more than once.
const REPEATABLE: [&str; 6] = ["forward", "rewrite", "template", "log", "bind", "dnstap"];

pub(crate) fn read(directives: &[Directive], server: &mut Server, report: &mut Report) {
    for (at, directive) in directives.iter().enumerate() {
        let name = directive.name.text.as_str();
        let twice = directives[..at].iter().any(|other| other.name.text == name);
        if twice && !REPEATABLE.contains(&name) {
            report.refuse(
                &directive.name,
                "stands in this block already",
                "put everything for it in one place",
            );
            continue;
        }
        one(directive, server, report);
    }
}

fn one(directive: &Directive, server: &mut Server, report: &mut Report) {
    match directive.name.text.as_str() {
        "any" => server.any = answering::any(directive, report),
        "autopath" => server.autopath = answering::autopath(directive, report),
        "bind" => bind(directive, server, report),
        "bufsize" => server.bufsize = answering::bufsize(directive, report),
        "cache" => server.cache = Some(cache::read(directive, report)),
        "dnstap" => server.dnstap = answering::dnstap(directive, report),
        "errors" => server.errors = answering::errors(directive, report),
        "forward" => server.forwards.extend(forward::read(directive, report)),
        "health" => server.health = endpoints::health(directive, report),
        "hosts" => server.hosts = Some(hosts::read(directive, report)),
        "kubernetes" => server.kubernetes = Some(kubernetes::read(directive, report)),
        "loadbalance" => server.loadbalance = answering::loadbalance(directive, report),
        "log" => server.log = Some(answering::log(directive, server.log.take(), report)),
        "loop" => server.loop_check = arguments::none(directive, report),
        "prometheus" => server.prometheus = endpoints::prometheus(directive, report),
        "ready" => server.ready = endpoints::ready(directive, report),
        "reload" => server.reload = endpoints::reload(directive, report),
        "rewrite" => server.rewrites.extend(rewrite::read(directive, report)),
        "template" => server.templates.extend(template::read(directive, report)),
        "debug" | "minimal" | "multisocket" | "root" => unsupported::without_effect(directive, report),
        _ => unsupported::refuse(directive, report),
    }
}
