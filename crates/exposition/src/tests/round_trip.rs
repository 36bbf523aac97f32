//! What is written reads back the same; what is read never panics.

use proptest::prelude::*;

use crate::{Format, Kind, Limits, Writer, parse};

type Labels = Vec<(String, String)>;

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![
        Just(Kind::Gauge),
        Just(Kind::Counter),
        Just(Kind::Info),
        Just(Kind::StateSet),
        Just(Kind::Unknown)
    ]
}

/// Sample labels are unique by the first one.
fn family() -> impl Strategy<Value = (String, Kind, Vec<(Labels, f64)>)> {
    let labels = prop::collection::btree_map("[a-y_][a-z0-9_]{0,5}", any::<String>(), 0..4);
    let samples = prop::collection::vec((labels, prop::num::f64::ANY), 0..5);
    (any::<String>(), kind(), samples).prop_map(|(help, kind, samples)| {
        let numbered = samples.into_iter().enumerate().map(|(i, (labels, value))| {
            let number = ("z".to_owned(), i.to_string());
            (std::iter::once(number).chain(labels).collect(), value)
        });
        (help, kind, numbered.collect())
    })
}

fn same(left: f64, right: f64) -> bool {
    left == right || (left.is_nan() && right.is_nan())
}

proptest! {
    #[test]
    fn round_trip(families in prop::collection::vec(family(), 0..5), openmetrics in any::<bool>()) {
        let format = if openmetrics { Format::OpenMetrics } else { Format::Text };
        let mut out = Vec::new();
        let mut writer = Writer::new(&mut out, format);
        for (i, (help, kind, samples)) in families.iter().enumerate() {
            writer.family(&format!("f{i}"), help, *kind);
            for (labels, value) in samples {
                writer.sample().labels(labels.iter().map(|(k, v)| (k.as_str(), v.as_str()))).value(*value);
            }
        }
        writer.finish();
        let text = String::from_utf8(out).unwrap();
        let read = parse(&text, format, Limits::default()).unwrap();
        prop_assert_eq!(read.len(), families.len());
        for (read, (help, kind, samples)) in read.iter().zip(&families) {
            prop_assert_eq!(read.kind.word(format), kind.word(format));
            prop_assert_eq!(&*read.help, help);
            prop_assert_eq!(read.samples.len(), samples.len());
            for (read, (labels, value)) in read.samples.iter().zip(samples) {
                let read_labels: Labels = read.labels.iter().map(|(k, v)| ((*k).to_owned(), v.to_string())).collect();
                prop_assert_eq!(&read_labels, labels);
                prop_assert!(same(read.value, *value), "{} {}", read.value, value);
            }
        }
    }

    #[test]
    fn parsing_never_panics(text in "[a-c{}=\",# \\\\\n0-9.eEIinfNT]*", openmetrics in any::<bool>()) {
        let format = if openmetrics { Format::OpenMetrics } else { Format::Text };
        let _ = parse(&text, format, Limits::default());
    }

    #[test]
    fn numbers_read_back(bits in any::<u64>(), integer in any::<i32>()) {
        for value in [f64::from_bits(bits), f64::from(integer), f64::from(integer) / 1000.0] {
            let mut out = Vec::new();
            crate::append_number(&mut out, value);
            let read: f64 = std::str::from_utf8(&out).unwrap().parse().unwrap();
            prop_assert!(same(read, value));
        }
    }
}
