//! What a handler is asked.

use http::header;

use crate::Reply;

/// Answers requests. Called on an executor thread: it must be quick (a few milliseconds); what takes longer belongs into
/// [`crate::Body::Chunks`], which is pulled piece by piece with a yield between two pieces.
pub trait Handler: Send + Sync + 'static {
    /// The answer to `request`. A panic costs this connection only and shows as status 500.
    fn handle(&self, request: &Request) -> Reply;
}

impl<F: Fn(&Request) -> Reply + Send + Sync + 'static> Handler for F {
    fn handle(&self, request: &Request) -> Reply {
        self(request)
    }
}

/// The method of a request, as far as this endpoint tells them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// `GET`
    Get,
    /// `HEAD`: answer as to `GET`; the server drops the body without pulling it.
    Head,
    /// `POST`
    Post,
    /// Everything else.
    Other,
}

/// One request, without its body (which is not read).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The path, not decoded: "/metrics".
    pub path: String,
    /// What follows the question mark, not decoded; empty without one.
    pub query: String,
    /// The `Accept` header; empty without one.
    pub accept: String,
    /// Whether the client takes gzip. The server compresses; a handler only needs this to choose ready-made bytes.
    pub accepts_gzip: bool,
}

impl Request {
    /// A `GET` of `path`, as tests and internal callers make it.
    pub fn get(path: &str) -> Self {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        Self {
            method: Method::Get,
            path: path.to_owned(),
            query: query.to_owned(),
            accept: String::new(),
            accepts_gzip: false,
        }
    }

    /// The value of `name` in the query, not decoded.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .find(|(key, _)| *key == name)
            .map(|(_, v)| v)
    }

    /// Whether the client asks for OpenMetrics.
    pub fn wants_openmetrics(&self) -> bool {
        self.accept.contains("application/openmetrics-text")
    }

    pub(crate) fn of<B>(request: &http::Request<B>) -> Self {
        let text =
            |name| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Self {
            method: match *request.method() {
                http::Method::GET => Method::Get,
                http::Method::HEAD => Method::Head,
                http::Method::POST => Method::Post,
                _ => Method::Other,
            },
            path: request.uri().path().to_owned(),
            query: request.uri().query().unwrap_or_default().to_owned(),
            accept: text(header::ACCEPT).to_owned(),
            accepts_gzip: accepts_gzip(text(header::ACCEPT_ENCODING)),
        }
    }
}

/// RFC 9110, 12.5.3: gzip is acceptable when it is listed with a weight that is not zero.
fn accepts_gzip(header: &str) -> bool {
    header.split(',').any(|entry| {
        let (coding, weight) = entry.split_once(';').unwrap_or((entry, ""));
        let coding = coding.trim();
        if !coding.eq_ignore_ascii_case("gzip") && coding != "*" {
            return false;
        }
        let weight = weight.trim().trim_start_matches("q=");
        weight.is_empty() || weight.parse::<f32>().is_ok_and(|weight| weight > 0.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_negotiated() {
        let check = |header: &str, expected| assert_eq!(accepts_gzip(header), expected, "{header}");
        check("", false);
        check("gzip", true);
        check("deflate, gzip;q=0.5", true);
        check("gzip;q=0", false);
        check("gzip; q=0.0", false);
        check("*", true);
        check("identity", false);
        check("GZIP", true);
        check("gzip;q=abc", false);
    }

    #[test]
    fn query_parameters() {
        let check =
            |path: &str, expected| assert_eq!(Request::get(path).parameter("collect"), expected, "{path}");
        check("/metrics", None);
        check("/metrics?collect=cpu", Some("cpu"));
        check("/metrics?a=b&collect=", Some(""));
        check("/metrics?collect", None);
    }
}
