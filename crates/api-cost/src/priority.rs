//! The priority level of a workload.

use workload_profile::Workload;

/// Sum of the shares of the default levels (`apis/flowcontrol/bootstrap/default.go`).
const SHARES: u32 = 245;

/// A default priority level, as far as a forecast needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// Its name.
    pub name: &'static str,
    shares: u32,
    /// Seats that the level keeps when others borrow, in percent of its nominal ones.
    kept_percent: u32,
}

const SYSTEM: Level = Level { name: "system", shares: 30, kept_percent: 67 };
const WORKLOAD_HIGH: Level = Level { name: "workload-high", shares: 40, kept_percent: 50 };
const WORKLOAD_LOW: Level = Level { name: "workload-low", shares: 100, kept_percent: 10 };
const GLOBAL_DEFAULT: Level = Level { name: "global-default", shares: 20, kept_percent: 50 };
/// What the others keep when all of them lend: 25 + 73 + 50 + 49 + 24 + 24 + 13 of 600, without one of them.
const KEPT_OF_600: f64 = 258.0;

impl Level {
    /// By the default flow schemas: service accounts of kube-system have the controllers' level, other service accounts
    /// `workload-low`, nodes `system`, everybody else `global-default`.
    #[must_use]
    pub fn of_workload(workload: &Workload) -> Self {
        let user = workload.user.as_deref().unwrap_or_default();
        let namespace = workload
            .namespace
            .as_deref()
            .or_else(|| user.strip_prefix("system:serviceaccount:")?.split(':').next());
        if user.starts_with("system:node:") {
            return SYSTEM;
        }
        match namespace {
            Some("kube-system") => WORKLOAD_HIGH,
            None if !user.is_empty() => GLOBAL_DEFAULT,
            Some(_) | None => WORKLOAD_LOW,
        }
    }

    /// Of ordinary service accounts.
    #[must_use]
    pub fn workload_low() -> Self {
        WORKLOAD_LOW
    }

    /// Whether the controller manager, the scheduler or the kubelets wait in it, too.
    #[must_use]
    pub fn is_control_planes(self) -> bool {
        matches!(self.name, "workload-high" | "system")
    }

    /// Seats of the level on one API server with that many in all.
    #[must_use]
    pub fn nominal_seats(self, total: u32) -> u32 {
        (total * self.shares).div_ceil(SHARES)
    }

    /// Seats that it can have when all others lend what they may.
    #[must_use]
    pub fn most_seats(self, total: u32) -> u32 {
        let kept = f64::from(self.nominal_seats(total) * self.kept_percent) / 100.0;
        let others = (KEPT_OF_600 * f64::from(total) / 600.0 - kept).max(0.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and total")]
        let most = (f64::from(total) - others).max(1.0) as u32;
        most
    }

    /// `maxSeats` of one request in it (`apf_controller.go`): 15 % of the nominal seats, and at most its nominal seats over
    /// the hand of its shuffle sharding (6).
    #[must_use]
    pub fn max_seats(self, total: u32) -> u32 {
        let nominal = self.nominal_seats(total);
        (nominal * 15).div_ceil(100).min(nominal / 6).max(1)
    }
}
