//! Everything that is not the cluster's: upstreams, cache, hosts, rewrite.
