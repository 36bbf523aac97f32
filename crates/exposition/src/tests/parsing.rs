//! What the parser takes and what it refuses.

use crate::Problem::{self, *};
use crate::{Format, Kind, Limits, parse};

#[test]
fn what_is_wrong_is_named() {
    fn check(format: Format, text: &str, line: usize, problem: Problem) {
        let error = parse(text, format, Limits { line_bytes: 100, labels: 2, samples: 3 }).unwrap_err();
        assert_eq!((error.line, error.problem), (line, problem), "{text}");
    }
    let text = |body: &str, line, problem| check(Format::Text, body, line, problem);
    text("a 1", 1, Unfinished);
    text("a 1\nb", 2, Unfinished);
    text("1a 1\n", 1, Name);
    text("{x=\"1\"} 1\n", 1, Name);
    text("ä 1\n", 1, Name);
    text("a{1x=\"1\"} 1\n", 1, LabelName);
    text("a{x:y=\"1\"} 1\n", 1, LabelName);
    text("a{,} 1\n", 1, LabelName);
    text("a{x=1} 1\n", 1, Labels);
    text("a{x=\"1} 1\n", 1, Labels);
    text("a{x=\"1\" y=\"2\"} 1\n", 1, Labels);
    text("a{x=\"1\"\n", 1, Labels);
    text("a{x=\"1\",x=\"2\"} 1\n", 1, LabelTwice);
    text("a{x=\"1\",y=\"2\",z=\"3\"} 1\n", 1, LabelLimit);
    text("a{x=\"\\t\"} 1\n", 1, Escape);
    text("# HELP a b\\\"c\n", 1, Escape);
    text("a\n", 1, Shape);
    text("a{x=\"1\"}\n", 1, Shape);
    text("a one\n", 1, Value);
    text("a 0x1\n", 1, Value);
    text("a infinity\n", 1, Value);
    text("a 1 soon\n", 1, Timestamp);
    text("a 1 1.5\n", 1, Timestamp);
    text("a 1 1 1\n", 1, Shape);
    text("# TYPE a info\n", 1, Type);
    text("# TYPE a\n", 1, Type);
    text("# HELP 1a\n", 1, Name);
    text("# HELP a x\n# HELP a y\n", 2, Metadata);
    text("# HELP a x\na 1\n# TYPE a gauge\n", 3, Metadata);
    text("a 1\nb 1\na{x=\"1\"} 1\n", 3, Interleaved);
    text("# TYPE a gauge\n# TYPE b gauge\n# HELP a x\n", 3, Interleaved);
    text("# TYPE a histogram\na 1\n", 2, Interleaved);
    text("a{x=\"1\",y=\"2\"} 1\na{y=\"2\",x=\"1\"} 2\n", 2, SeriesTwice);
    text("a 1\nb 1\nc 1\nd 1\n", 4, SampleLimit);
    text(&format!("a 1\n# {}\n", "x".repeat(100)), 2, LineLimit);

    let openmetrics = |body: &str, line, problem| check(Format::OpenMetrics, body, line, problem);
    openmetrics("", 1, NoEnd);
    openmetrics("a 1\n", 1, NoEnd);
    openmetrics("# EOF\na 1\n", 2, AfterEnd);
    openmetrics("# EOF", 1, Unfinished);
    openmetrics("\n# EOF\n", 1, Name);
    openmetrics("# hello\n# EOF\n", 1, Foreign);
    openmetrics("#HELP a b\n# EOF\n", 1, Foreign);
    openmetrics("# TYPE a untyped\n# EOF\n", 1, Type);
    openmetrics("a  1\n# EOF\n", 1, Value);
    openmetrics("a{x=\"1\",} 1\n# EOF\n", 1, Labels);
    openmetrics("a{x=\"1\"}1\n# EOF\n", 1, Shape);
    openmetrics("# TYPE a counter\na 1\n# EOF\n", 2, Interleaved);
    openmetrics("a 1 # 1\n# EOF\n", 1, Labels);
    openmetrics("a 1 # {x=\"1\"} one\n# EOF\n", 1, Value);
}

#[test]
fn what_is_right_is_read() {
    /// family (kind) help: name{labels} value @timestamp
    fn check(format: Format, text: &str, expected: &[&str]) {
        let families = parse(text, format, Limits::default()).unwrap();
        let mut lines = Vec::new();
        for family in &families {
            let (name, kind) = (family.name, family.kind.word(Format::OpenMetrics));
            lines.push(format!("{name} ({kind}) {}{}", family.help, family.unit));
            for sample in &family.samples {
                let at = sample.timestamp.map(|at| format!(" @{at}")).unwrap_or_default();
                lines.push(format!("{}{:?} {}{at}", sample.name, sample.labels, sample.value));
            }
        }
        assert_eq!(lines, expected, "{text}");
    }
    let text = |body: &str, expected: &[&str]| check(Format::Text, body, expected);
    text("", &[]);
    text("\n  \n# a comment\n#\n#HELPLESS\n", &[]);
    text("# HELP a\n", &["a (unknown) "]);
    text("# HELP a b \\\\ c\\n\n# TYPE a gauge\n", &["a (gauge) b \\ c\n"]);
    text("a 1\n", &["a (unknown) ", "a[] 1"]);
    text("a{} -1.5e+06\n", &["a (unknown) ", "a[] -1500000"]);
    text(
        " a { x = \"1\" , y = \"2\" , }\t2 1500 \n",
        &["a (unknown) ", "a[(\"x\", \"1\"), (\"y\", \"2\")] 2 @1.5"],
    );
    text("a{x=\"}\\\"{\\n\\\\\"} NaN\n", &["a (unknown) ", "a[(\"x\", \"}\\\"{\\n\\\\\")] NaN"]);
    text("a +Inf\nb -Inf\n", &["a (unknown) ", "a[] inf", "b (unknown) ", "b[] -inf"]);
    text(
        "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_sum 1\nh_count 1\n",
        &["h (histogram) ", "h_bucket[(\"le\", \"1\")] 1", "h_sum[] 1", "h_count[] 1"],
    );
    text("# TYPE a_total counter\na_total 1\n", &["a_total (counter) ", "a_total[] 1"]);

    let openmetrics = |body: &str, expected: &[&str]| check(Format::OpenMetrics, body, expected);
    openmetrics("# EOF\n", &[]);
    openmetrics(
        "# TYPE a counter\n# UNIT a bytes\na_total 1 2.5 # {t=\"1\"} 0.5 3\na_created 2\n# EOF\n",
        &["a (counter) bytes", "a_total[] 1 @2.5", "a_created[] 2"],
    );
    openmetrics("# TYPE b info\nb_info{v=\"1\"} 1\n# EOF\n", &["b (info) ", "b_info[(\"v\", \"1\")] 1"]);
    openmetrics("# HELP a say \\\"hi\\\"\n# EOF\n", &["a (unknown) say \"hi\""]);
}

#[test]
fn names_in_text() {
    fn check(format: Format, body: &str, expected: &str) {
        assert_eq!(parse(body, format, Limits::default()).unwrap()[0].text_name(), expected);
    }
    check(Format::OpenMetrics, "# TYPE a counter\n# EOF\n", "a_total");
    check(Format::Text, "# TYPE a_total counter\n", "a_total");
    check(Format::OpenMetrics, "# TYPE a info\n# EOF\n", "a_info");
    check(Format::OpenMetrics, "# TYPE a_total gauge\n# EOF\n", "a_total");
    assert_eq!(Kind::default(), Kind::Unknown);
}
