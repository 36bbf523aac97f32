//! A table of paths.

use std::sync::Arc;

use crate::{Handler, Method, Reply, Request};

/// Paths and who answers them. An unknown path is told which ones there are, a wrong method which one is right.
#[derive(Default, Clone)]
pub struct Routes {
    entries: Vec<(&'static str, Arc<dyn Handler>)>,
    posts: Vec<(&'static str, Arc<dyn Handler>)>,
}

impl Routes {
    /// No path yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers `GET` and `HEAD` of `path`.
    #[must_use]
    pub fn get(mut self, path: &'static str, handler: impl Handler) -> Self {
        self.entries.push((path, Arc::new(handler)));
        self
    }

    /// Answers `POST` of `path`.
    #[must_use]
    pub fn post(mut self, path: &'static str, handler: impl Handler) -> Self {
        self.posts.push((path, Arc::new(handler)));
        self
    }

    fn find(&self, request: &Request) -> Option<&Arc<dyn Handler>> {
        let table = match request.method {
            Method::Get | Method::Head => &self.entries,
            Method::Post => &self.posts,
            Method::Other => return None,
        };
        entry(table, &request.path)
    }

    fn refuse(&self, path: &str) -> Reply {
        let get = entry(&self.entries, path).map(|_| "GET, HEAD");
        let post = entry(&self.posts, path).map(|_| "POST");
        let allowed: Vec<&str> = get.into_iter().chain(post).collect();
        if allowed.is_empty() {
            let known: Vec<&str> = self.entries.iter().map(|(known, _)| *known).collect();
            return Reply::text(404, format!("nothing at this path; there is {}\n", known.join(", ")));
        }
        let allowed = allowed.join(", ");
        Reply::text(405, format!("this path answers {allowed} only\n")).header("allow", allowed)
    }
}

fn entry<'a>(table: &'a [(&'static str, Arc<dyn Handler>)], path: &str) -> Option<&'a Arc<dyn Handler>> {
    table.iter().find(|(known, _)| *known == path).map(|(_, handler)| handler)
}

impl Handler for Routes {
    fn handle(&self, request: &Request) -> Reply {
        match self.find(request) {
            Some(handler) => handler.handle(request),
            None => self.refuse(&request.path),
        }
    }
}
