//! The budget towards the API server, the same for every command that has a door to it.

use clap::{ArgAction, Args};

#[derive(Debug, Args)]
pub(crate) struct ApiFlags {
    /// Requests a second to the API server, on average.
    #[arg(long, value_name = "RATE")]
    pub(crate) api_requests_per_second: Option<f64>,
    /// Requests that may follow each other at once.
    #[arg(long, value_name = "COUNT")]
    pub(crate) api_requests_burst: Option<u32>,
    /// Response bytes a second from the API server, on average.
    #[arg(long, value_name = "BYTES")]
    pub(crate) api_response_bytes_per_second: Option<u64>,
    /// LISTs and initial watch-lists at the same time.
    #[arg(long, value_name = "COUNT")]
    pub(crate) api_concurrent_lists: Option<u32>,
    /// Watches open at the same time.
    #[arg(long, value_name = "COUNT")]
    pub(crate) api_open_watches: Option<u32>,
    /// How many clients like this one share the API server: the cap of the backoff grows with it.
    #[arg(long, value_name = "COUNT")]
    pub(crate) api_clients: Option<u32>,
    /// Ask the API server to compress what it sends; `--api-gzip=false`: not.
    #[arg(long, action = ArgAction::Set, default_value_t = true, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) api_gzip: bool,
}
