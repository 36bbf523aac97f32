//! What `certs init` and `certs renew` leave behind.
