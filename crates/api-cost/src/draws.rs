//! What the coefficients could be: lognormal draws from a seed.

use std::f64::consts::TAU;

use crate::coefficients::{Coefficients, PerAnswer};
use crate::uniform::Uniform;

/// A machine is slower or faster as a whole (this part of the variance), and in each thing a little differently.
const COMMON_VARIANCE: f64 = 0.6;

/// The sequence of draws of a seed.
#[derive(Debug, Clone)]
pub(crate) struct Draws {
    uniform: Uniform,
    sigma: f64,
}

impl Draws {
    pub(crate) fn new(seed: u64, sigma: f64) -> Self {
        Self { uniform: Uniform::new(seed), sigma }
    }

    /// The next coefficients.
    pub(crate) fn draw(&mut self, central: &Coefficients) -> Coefficients {
        let common = self.factor(self.sigma * COMMON_VARIANCE.sqrt());
        let own = self.sigma * (1.0 - COMMON_VARIANCE).sqrt();
        let mut next = |value: f64| value * common * self.factor(own);
        Coefficients {
            request: next(central.request),
            consistent_read: next(central.consistent_read),
            get_from_etcd: next(central.get_from_etcd),
            scan_object: next(central.scan_object),
            page_object: next(central.page_object),
            watch_list_object: next(central.watch_list_object),
            etcd_object: next(central.etcd_object),
            etcd_byte: next(central.etcd_byte),
            list: per_answer(&central.list, &mut next),
            watch_list: per_answer(&central.watch_list, &mut next),
            gzip_byte: next(central.gzip_byte),
            write: next(central.write),
            write_byte: next(central.write_byte),
            event: next(central.event),
            event_byte: next(central.event_byte),
            event_dropped: next(central.event_dropped),
            etcd_cpu_get: next(central.etcd_cpu_get),
            etcd_cpu_object: next(central.etcd_cpu_object),
            etcd_cpu_write: next(central.etcd_cpu_write),
            // Allocations repeat to the percent; what stays resident depends on the collector's phase.
            allocated_per_byte: central.allocated_per_byte,
            allocated_per_etcd_object: central.allocated_per_etcd_object,
            resident_per_stored_byte: next(central.resident_per_stored_byte),
            lock_object: next(central.lock_object),
            idle_per_stored_gigabyte: next(central.idle_per_stored_gigabyte),
        }
    }

    fn factor(&mut self, sigma: f64) -> f64 {
        // Box and Muller (1958): a normal variable of two uniform ones; the first is never 0.
        let radius = (-2.0 * (1.0 - self.uniform.next()).ln()).sqrt();
        (sigma * radius * (TAU * self.uniform.next()).cos()).exp()
    }
}

fn per_answer(central: &PerAnswer, next: &mut impl FnMut(f64) -> f64) -> PerAnswer {
    PerAnswer {
        json: next(central.json),
        protobuf: next(central.protobuf),
        table: next(central.table),
        metadata_json: next(central.metadata_json),
        metadata_protobuf: next(central.metadata_protobuf),
    }
}
