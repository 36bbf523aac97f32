//! Where the zone differs from CoreDNS v1.15.0, and why.
