//! The files of the page, and its data.

use telemetry_export::{Reply, Request, Routes};

use crate::Status;

const HTML: &str = include_str!("../page/index.html");
const STYLE: &str = include_str!("../page/page.css");
const SCRIPT: &str = include_str!("../page/page.js");

/// Nothing from anywhere else, no inline script, no frame around us.
const POLICY: &str =
    "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

pub(crate) fn routes(status: Status) -> Routes {
    Routes::new()
        .get("/", fixed("text/html; charset=utf-8", HTML))
        .get("/page.css", fixed("text/css; charset=utf-8", STYLE))
        .get("/page.js", fixed("text/javascript; charset=utf-8", SCRIPT))
        .get("/status.json", move |_: &Request| {
            Reply::json(status().to_string()).header("cache-control", "no-store")
        })
}

fn fixed(content_type: &'static str, text: &'static str) -> impl Fn(&Request) -> Reply {
    move |_| Reply::ok(content_type, text).header("content-security-policy", POLICY)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;
    use telemetry_export::{Body, Handler};

    use super::*;

    fn check(path: &str, status: u16, content: &str) {
        let routes = routes(Arc::new(|| json!({"hub": {"ready": true}})));
        let reply = routes.handle(&Request::get(path));
        let Body::Full(body) = &reply.body else { panic!("a page is one piece") };
        assert_eq!(reply.status, status, "{path}");
        assert!(String::from_utf8_lossy(body).contains(content), "{path}: no {content}");
    }

    #[test]
    fn every_file_of_the_page_is_there() {
        check("/", 200, "page.js");
        check("/page.css", 200, "--ink");
        check("/page.js", 200, "status.json");
        check("/status.json", 200, r#"{"hub":{"ready":true}}"#);
        check("/nothing", 404, "status.json");
    }

    #[test]
    fn the_page_refers_to_files_that_it_has() {
        let quoted = HTML.split('"').skip(1).step_by(2).filter(|word| word.starts_with("page."));
        for file in quoted {
            check(&format!("/{file}"), 200, "");
        }
    }
}
