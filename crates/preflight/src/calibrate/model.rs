//! From points to coefficients.

use std::collections::BTreeMap;

use api_cost::fit::{Line, line};
use api_cost::{Cluster, Coefficients, CostModel, CostModelKind, Fit, PerAnswer, Spread};
use workload_profile::ApiVersion;

use super::Point;
use super::fan_out::{FanOut, LARGE_BYTES, SMALL_BYTES, WATCHERS};

/// A line that explains less than this is no line.
const R_SQUARED_MIN: f64 = 0.95;
/// Batches of which the middle half differs by more than this part of their median say nothing.
const SPREAD_MAX: f64 = 0.8;
/// A cost cannot be further from the shipped one than this factor, up or down: something else was measured.
const FACTOR_MAX: f64 = 20.0;
/// By how many bytes the large write is larger.
const BALLAST_BYTES: f64 = (LARGE_BYTES - SMALL_BYTES) as f64;

/// Everything that was measured.
#[derive(Debug, Clone, Default)]
pub struct Measured {
    /// By experiment.
    pub points: Vec<(&'static str, Point)>,
    /// Writes.
    pub(super) fan_out: Option<FanOut>,
    /// CPU seconds of the collector for each byte that is allocated.
    pub collector: f64,
    /// Sentences: what was not measured, and why.
    pub left_out: Vec<String>,
}

/// One coefficient in the table for people.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its name in the model's file.
    pub name: &'static str,
    /// The shipped one.
    pub shipped: f64,
    /// What was measured, if it was.
    pub measured: Option<f64>,
    /// Of the line, if there is one.
    pub r_squared: Option<f64>,
    /// Why the shipped one stays.
    pub refused: Option<&'static str>,
}

struct Fitting<'a> {
    measured: &'a Measured,
    rows: Vec<Row>,
    fits: BTreeMap<String, Fit>,
}

pub(super) fn fit(measured: &Measured, cluster: &Cluster) -> (CostModel, Vec<Row>) {
    let mut fitting = Fitting { measured, rows: Vec::new(), fits: BTreeMap::new() };
    let coefficients = fitting.coefficients(cluster);
    let Fitting { rows, fits, .. } = fitting;
    let model = CostModel {
        api_version: ApiVersion::V1,
        kind: CostModelKind::CostModel,
        version: cluster.version,
        spread: Spread::Calibrated,
        source: Some("plimsoll preflight calibrate".to_owned()),
        coefficients,
        fits,
    };
    (model, rows)
}

impl Fitting<'_> {
    fn coefficients(&mut self, cluster: &Cluster) -> Coefficients {
        let mut of = Coefficients::SHIPPED;
        let pods = cluster.resources.get("pods").map_or(0.0, |pods| pods.objects.at(cluster.nodes));
        let get_bytes = self.point("get").map_or(0.0, |point| point.bytes);
        of.request = self.single("request", of.request, self.y("get").map(|y| y - get_bytes * of.list.json));
        of.get_from_etcd = self.single("getFromEtcd", of.get_from_etcd, self.y("etcd-over-cache"));
        of.consistent_read =
            self.single("consistentRead", of.consistent_read, self.y("consistent-over-cached"));
        of.list = self.answers(of.request, of.list);
        let each = |y: Option<f64>| y.map(|y| y / pods.max(1.0));
        of.scan_object =
            self.single("scanObject", of.scan_object, each(self.y("scan").map(|y| y - of.request)));
        let page = self.point("page-small").zip(self.y("page-small"));
        let page = page.map(|(point, y)| y - of.request - of.consistent_read - point.bytes * of.list.json);
        of.page_object = self.single("pageObject", of.page_object, each(page));
        of.watch_list_object = self.single(
            "watchListObject",
            of.watch_list_object,
            each(self.y("watch-list-none").map(|y| y - of.request)),
        );
        of.watch_list = self.initial_events(&of, pods);
        self.writes(&mut of);
        self.deliveries(&mut of);
        if let Some(point) = self.point("many-json").filter(|point| point.bytes > 0.0) {
            of.allocated_per_byte =
                self.single("allocatedPerByte", of.allocated_per_byte, Some(point.allocated / point.bytes));
        }
        of
    }

    /// The slope over bytes, through nothing, a few objects and many.
    fn answers(&mut self, request: f64, shipped: PerAnswer) -> PerAnswer {
        let mut one = |name: &'static str, few: &str, many: &str, shipped: f64| {
            let points: Option<Vec<(f64, f64)>> =
                [few, many].into_iter().map(|name| Some((self.point(name)?.bytes, self.y(name)?))).collect();
            let Some(mut points) = points else { return self.single(name, shipped, None) };
            points.push((0.0, request));
            self.slope(name, shipped, line(&points))
        };
        PerAnswer {
            json: one("list.json", "few-json", "many-json", shipped.json),
            protobuf: one("list.protobuf", "few-protobuf", "many-protobuf", shipped.protobuf),
            table: one("list.table", "few-table", "many-table", shipped.table),
            metadata_json: one(
                "list.metadataJson",
                "few-metadata-json",
                "many-metadata-json",
                shipped.metadata_json,
            ),
            metadata_protobuf: one(
                "list.metadataProtobuf",
                "few-metadata-protobuf",
                "many-metadata-protobuf",
                shipped.metadata_protobuf,
            ),
        }
    }

    fn initial_events(&mut self, of: &Coefficients, pods: f64) -> PerAnswer {
        let shipped = Coefficients::SHIPPED.watch_list;
        let mut one = |name: &'static str, experiment: &str, shipped: f64| {
            let rest = self
                .point(experiment)
                .zip(self.y(experiment))
                .map(|(point, y)| (y - of.request - pods * of.watch_list_object) / point.bytes.max(1.0));
            self.single(name, shipped, rest)
        };
        let json = one("watchList.json", "watch-list-json", shipped.json);
        let protobuf = one("watchList.protobuf", "watch-list-protobuf", shipped.protobuf);
        // The other forms are not asked for: they are to a LIST's as these two are.
        PerAnswer {
            json,
            protobuf,
            table: of.list.table * json / of.list.json,
            metadata_json: of.list.metadata_json * json / of.list.json,
            metadata_protobuf: of.list.metadata_protobuf * protobuf / of.list.protobuf,
        }
    }

    /// Of the ConfigMap of our own, if one was written, beside the reads.
    fn writes(&mut self, of: &mut Coefficients) {
        if !self.measured.points.iter().any(|(name, _)| *name == "write-small") {
            return;
        }
        let (small, large) = (self.y("write-small"), self.y("write-large"));
        let byte = small.zip(large).map(|(small, large)| (large - small) / BALLAST_BYTES);
        of.write_byte = self.single("writeByte", of.write_byte, byte);
        let write = small.map(|small| small - of.request - of.write_byte * f64::from(SMALL_BYTES));
        of.write = self.single("write", of.write, write);
    }

    /// What watchers add to a write, beside the writes just before.
    fn deliveries(&mut self, of: &mut Coefficients) {
        let Some(fan_out) = &self.measured.fan_out else { return };
        let each = |watched: &Point, alone: &Point| {
            (self.measured.total(watched) - self.measured.total(alone)) / f64::from(WATCHERS)
        };
        let small = each(&fan_out.small_watched, &fan_out.small);
        let large = each(&fan_out.large_watched, &fan_out.large);
        let dropped = each(&fan_out.small_dropped, &fan_out.small);
        of.event_byte = self.single("eventByte", of.event_byte, Some((large - small) / BALLAST_BYTES));
        of.event = self.single("event", of.event, Some(small - of.event_byte * f64::from(SMALL_BYTES)));
        of.event_dropped = self.single("eventDropped", of.event_dropped, Some(dropped));
    }

    fn point(&self, name: &str) -> Option<Point> {
        let found = self.measured.points.iter().find(|(known, _)| *known == name);
        found.map(|(_, point)| *point).filter(|point| point.requests > 0 && point.spread <= SPREAD_MAX)
    }

    fn y(&self, name: &str) -> Option<f64> {
        self.point(name).map(|point| self.measured.total(&point))
    }

    fn single(&mut self, name: &'static str, shipped: f64, measured: Option<f64>) -> f64 {
        self.take(name, shipped, measured, None)
    }

    fn slope(&mut self, name: &'static str, shipped: f64, line: Option<Line>) -> f64 {
        let Some(line) = line else { return self.take(name, shipped, None, None) };
        let taken = self.take(name, shipped, Some(line.slope), Some(line.r_squared));
        let samples = u32::try_from(line.points).unwrap_or(0);
        self.fits.insert(name.to_owned(), Fit { slope: line.slope, r_squared: line.r_squared, samples });
        taken
    }

    fn take(
        &mut self,
        name: &'static str,
        shipped: f64,
        measured: Option<f64>,
        r_squared: Option<f64>,
    ) -> f64 {
        let refused = match measured {
            None => Some("it could not be measured"),
            Some(value) if !value.is_finite() || value <= 0.0 => {
                Some("nothing of it could be seen above the noise")
            }
            Some(value) if value > shipped * FACTOR_MAX || value < shipped / FACTOR_MAX => {
                Some("it is too far from any server known")
            }
            Some(_) if r_squared.is_some_and(|r_squared| r_squared < R_SQUARED_MIN) => {
                Some("the points are on no line")
            }
            Some(_) => None,
        };
        self.rows.push(Row { name, shipped, measured, r_squared, refused });
        measured.filter(|_| refused.is_none()).unwrap_or(shipped)
    }
}

impl Measured {
    /// CPU seconds of one request, with the collector's part.
    #[must_use]
    pub fn total(&self, point: &Point) -> f64 {
        point.cpu + self.collector * point.allocated
    }
}
