//! The shipped coefficients.

use super::{Coefficients, PerAnswer};

impl Coefficients {
    /// kube-apiserver 1.36 on the testbed's machine with 30,000 pods (`bench/preflight-shapes.sh` prints such a run).
    pub const SHIPPED: Self = Self {
        request: 0.6e-3,
        consistent_read: 0.9e-3,
        get_from_etcd: 0.5e-3,
        scan_object: 0.9e-6,
        page_object: 1.2e-6,
        watch_list_object: 0.75e-6,
        etcd_object: 19e-6,
        etcd_byte: 7.9e-9,
        list: PerAnswer {
            json: 13.8e-9,
            protobuf: 10.7e-9,
            table: 21.6e-9,
            metadata_json: 9.4e-9,
            metadata_protobuf: 4.4e-9,
        },
        watch_list: PerAnswer {
            json: 22e-9,
            protobuf: 14e-9,
            table: 22e-9,
            metadata_json: 15e-9,
            metadata_protobuf: 9e-9,
        },
        gzip_byte: 0.0,
        write: 3.8e-3,
        write_byte: 50e-9,
        event: 1e-6,
        event_byte: 4.7e-9,
        event_dropped: 4.5e-6,
        etcd_cpu_get: 0.45e-3,
        etcd_cpu_object: 9.5e-6,
        etcd_cpu_write: 1.1e-3,
        allocated_per_byte: 1.8,
        allocated_per_etcd_object: 37_000.0,
        resident_per_stored_byte: 11.0,
        lock_object: 0.08e-6,
        idle_per_stored_gigabyte: 0.13,
    };
}
