//! The shipped coefficients.

use super::{Coefficients, PerAnswer};

impl Coefficients {
    /// kube-apiserver 1.37 with 30,000 pods on the testbed's machine, by `plimsoll preflight calibrate`; etcd's, memory's and the
    /// scan of etcd by research on 1.36, which the testbed cannot measure without restarting the server.
    pub const SHIPPED: Self = Self {
        request: 0.95e-3,
        consistent_read: 0.3e-3,
        get_from_etcd: 0.4e-3,
        scan_object: 1.3e-6,
        page_object: 0.7e-6,
        watch_list_object: 1.5e-6,
        etcd_object: 19e-6,
        etcd_byte: 7.9e-9,
        list: PerAnswer {
            json: 15e-9,
            protobuf: 9.8e-9,
            table: 21.6e-9,
            metadata_json: 9e-9,
            metadata_protobuf: 7e-9,
        },
        watch_list: PerAnswer {
            json: 33e-9,
            protobuf: 20e-9,
            table: 45e-9,
            metadata_json: 19e-9,
            metadata_protobuf: 14e-9,
        },
        gzip_byte: 0.0,
        write: 1e-3,
        write_byte: 250e-9,
        event: 30e-6,
        event_byte: 1e-9,
        event_dropped: 4e-6,
        etcd_cpu_get: 0.45e-3,
        etcd_cpu_object: 9.5e-6,
        etcd_cpu_write: 1.1e-3,
        allocated_per_byte: 1.0,
        allocated_per_etcd_object: 37_000.0,
        resident_per_stored_byte: 11.0,
        lock_object: 0.08e-6,
        idle_per_stored_gigabyte: 0.13,
    };
}
