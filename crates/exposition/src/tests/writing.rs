//! What the writer writes.

use crate::{Format, Kind, Writer, append, append_number};

#[test]
fn numbers_as_go_prints_them() {
    fn check(value: f64, expected: &str) {
        let mut out = Vec::new();
        append_number(&mut out, value);
        assert_eq!(String::from_utf8(out).unwrap(), expected, "{value:e}");
    }
    // Printed by strconv.FormatFloat(f, 'g', -1, 64); Go's clients write zero without its sign.
    check(0.0, "0");
    check(-0.0, "0");
    check(1.0, "1");
    check(-1.0, "-1");
    check(9.0, "9");
    check(10.0, "10");
    check(999_999.0, "999999");
    check(1e5, "100000");
    check(1e6, "1e+06");
    check(-1e6, "-1e+06");
    check(1_000_001.0, "1.000001e+06");
    check(1_234_567.0, "1.234567e+06");
    check(1_495_800_007.0, "1.495800007e+09");
    check(1.5e9, "1.5e+09");
    check(4_294_967_296.0, "4.294967296e+09");
    check(-62_135_596_800.0, "-6.21355968e+10");
    check(9_007_199_254_740_991.0, "9.007199254740991e+15");
    check(9_007_199_254_740_992.0, "9.007199254740992e+15");
    check(123_456_789_012_345_678.0, "1.2345678901234568e+17");
    check(1e20, "1e+20");
    check(1e21, "1e+21");
    check(1e22, "1e+22");
    check(1e23, "1e+23");
    check(1e100, "1e+100");
    check(0.1, "0.1");
    check(0.25, "0.25");
    check(0.4, "0.4");
    check(1.5, "1.5");
    check(-2.75, "-2.75");
    check(100.125, "100.125");
    check(12_345.678, "12345.678");
    check(123_456.789, "123456.789");
    check(999_999.5, "999999.5");
    check(1_234_567.89, "1.23456789e+06");
    check(0.0001, "0.0001");
    check(0.000_123_45, "0.00012345");
    check(0.000_01, "1e-05");
    check(2.5e-5, "2.5e-05");
    check(1e-7, "1e-07");
    check(1.0 / 3.0, "0.3333333333333333");
    check(5e-324, "5e-324");
    check(f64::MAX, "1.7976931348623157e+308");
    check(f64::INFINITY, "+Inf");
    check(f64::NEG_INFINITY, "-Inf");
    check(f64::NAN, "NaN");
}

#[test]
fn label_values_are_escaped() {
    fn check(value: &str, expected: &str) {
        let mut out = Vec::new();
        append::label_value(&mut out, value);
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
    check("", "");
    check("plain", "plain");
    check("käse/🧀", "käse/🧀");
    check(r#"say "hi""#, r#"say \"hi\""#);
    check(r"C:\temp", r"C:\\temp");
    check("two\nlines", r"two\nlines");
    check("tab\tstays", "tab\tstays");
    check("\\\n\"", r#"\\\n\""#);
    // At every place of a word and of the rest after it, also beside bytes that differ by one.
    for at in 0..20 {
        for (special, escape) in [("\"", "\\\""), ("\\", "\\\\"), ("\n", "\\n")] {
            let (before, after) =
                ("!#[]\u{b}\té".repeat(3).chars().take(at).collect::<String>(), "!#[]\u{b}\t");
            check(&format!("{before}{special}{after}"), &format!("{before}{escape}{after}"));
            check(&format!("{before}{after}"), &format!("{before}{after}"));
        }
    }
}

#[test]
fn headers_follow_the_format() {
    fn check(name: &str, help: &str, kind: Kind, text: &str, openmetrics: &str) {
        for (format, expected) in [(Format::Text, text), (Format::OpenMetrics, openmetrics)] {
            let mut out = Vec::new();
            append::header(&mut out, format, name, help, kind);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }
    let gauge = "# HELP up Help.\n# TYPE up gauge\n";
    check("up", "Help.", Kind::Gauge, gauge, gauge);
    check(
        "restarts_total",
        "Restarts.",
        Kind::Counter,
        "# HELP restarts_total Restarts.\n# TYPE restarts_total counter\n",
        "# HELP restarts Restarts.\n# TYPE restarts counter\n",
    );
    check(
        "build_info",
        "Build.",
        Kind::Info,
        "# HELP build_info Build.\n# TYPE build_info gauge\n",
        "# HELP build Build.\n# TYPE build info\n",
    );
    check(
        "phase",
        "Phase.",
        Kind::StateSet,
        "# HELP phase Phase.\n# TYPE phase gauge\n",
        "# HELP phase Phase.\n# TYPE phase stateset\n",
    );
    check(
        "x",
        "a \"b\" \\ c\nd",
        Kind::Unknown,
        "# HELP x a \"b\" \\\\ c\\nd\n# TYPE x untyped\n",
        "# HELP x a \\\"b\\\" \\\\ c\\nd\n# TYPE x unknown\n",
    );
}

#[test]
fn families_and_samples() {
    fn check(format: Format, write: impl Fn(&mut Writer<'_>), expected: &str) {
        let mut out = Vec::new();
        let mut writer = Writer::new(&mut out, format);
        write(&mut writer);
        writer.finish();
        let text = String::from_utf8(out).unwrap();
        let body: String =
            text.lines().filter(|line| !line.starts_with("# HELP")).map(|l| format!("{l}\n")).collect();
        assert_eq!(body, expected);
    }
    check(Format::Text, |_| (), "");
    check(Format::OpenMetrics, |_| (), "# EOF\n");
    check(Format::Text, |w| w.single("a", "", Kind::Gauge, 0.5), "# TYPE a gauge\na 0.5\n");
    // A counter without its suffix gets it where the format demands it.
    check(Format::Text, |w| w.single("a", "", Kind::Counter, 2.0), "# TYPE a counter\na 2\n");
    let counter = "# TYPE a counter\na_total 2\n# EOF\n";
    check(Format::OpenMetrics, |w| w.single("a", "", Kind::Counter, 2.0), counter);
    check(Format::OpenMetrics, |w| w.single("a_total", "", Kind::Counter, 2.0), counter);
    check(
        Format::Text,
        |w| {
            w.family("a", "", Kind::Gauge);
            w.sample().label("x", "1").label("y", "\"").value(1.0);
            drop(w.sample().label("no", "value"));
            w.sample().labels([("x", "2")]).value(1e6);
        },
        "# TYPE a gauge\na{x=\"1\",y=\"\\\"\"} 1\na{x=\"2\"} 1e+06\n",
    );
    check(
        Format::Text,
        |w| {
            w.family("h", "", Kind::Histogram);
            w.suffixed("_bucket").label("le", "+Inf").value(3.0);
            w.suffixed("_sum").value(0.25);
            w.suffixed("_count").value(3.0);
        },
        "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 3\nh_sum 0.25\nh_count 3\n",
    );
}

#[test]
fn negotiation() {
    fn check(accept: &str, expected: Format) {
        assert_eq!(Format::negotiate(accept), expected, "{accept}");
    }
    check("", Format::Text);
    check("*/*", Format::Text);
    check("text/html", Format::Text);
    check("text/plain", Format::Text);
    check("text/plain;version=0.0.4;q=0.3, */*;q=0.2", Format::Text);
    check("application/openmetrics-text", Format::OpenMetrics);
    check("application/openmetrics-text; version=1.0.0; charset=utf-8", Format::OpenMetrics);
    check("Application/OpenMetrics-Text; Version=\"1.0.0\"", Format::OpenMetrics);
    check("application/openmetrics-text;version=0.0.1", Format::Text);
    check("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.7", Format::Text);
    check("application/openmetrics-text;version=1.0.0;q=0.7,text/plain;q=0.5", Format::OpenMetrics);
    check("text/plain,application/openmetrics-text", Format::Text);
    check("application/openmetrics-text;q=0,text/plain;q=0.1", Format::Text);
    check("application/openmetrics-text;q=nonsense", Format::Text);
    check("application/openmetrics-text;q=7", Format::Text);
    check(",;,=;q", Format::Text);
    // What Prometheus 3 sends.
    check(
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,\
         application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,\
         application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,\
         text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
        Format::OpenMetrics,
    );
}
