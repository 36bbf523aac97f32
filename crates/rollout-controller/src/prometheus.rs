//! One number from the Prometheus HTTP API: an instant query (`GET /api/v1/query`).

use std::time::Duration;

use rollout_plan::Sample;
use serde::Deserialize;

use crate::page::get;
use crate::spec::Query;

/// An answer with one number has some hundred bytes.
const BODY_BYTES_MAX: usize = 64 * 1024;

#[derive(Deserialize)]
struct Answer {
    data: Data,
}

#[derive(Deserialize)]
#[serde(tag = "resultType", content = "result", rename_all = "lowercase")]
enum Data {
    Scalar(Value),
    Vector(Vec<Series>),
}

#[derive(Deserialize)]
struct Series {
    value: Value,
}

/// Seconds since the epoch, and the number as text (`NaN` and `+Inf` among them).
#[derive(Deserialize)]
struct Value(f64, String);

/// Asks; the sample carries the server's time, which the gate judges.
///
/// # Errors
/// A sentence: nobody answers, not in time, not with one number.
pub(crate) async fn ask(query: &Query) -> Result<Sample, String> {
    let path = format!("/api/v1/query?query={}", percent_encoded(&query.query));
    let body = get(&query.address, &path, BODY_BYTES_MAX).await?;
    read(&body)
}

fn read(body: &[u8]) -> Result<Sample, String> {
    let answer: Answer = serde_json::from_slice(body).map_err(|error| format!("not one number: {error}"))?;
    let Value(at, number) = match answer.data {
        Data::Scalar(value) => value,
        Data::Vector(mut series) => match (series.pop(), series.len()) {
            (Some(one), 0) => one.value,
            (None, _) => return Err("the query has no result".into()),
            (Some(_), more) => return Err(format!("the query has {} results: one is needed", more + 1)),
        },
    };
    let value = number.parse().map_err(|_| format!("{number:?} is no number"))?;
    let at = Duration::try_from_secs_f64(at).map_err(|_| format!("{at} is no time"))?;
    Ok(Sample { at, value })
}

fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len() * 3);
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                encoded.push(char::from(byte))
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers() {
        let check = |body: &str, expected: Result<f64, &str>| match (read(body.as_bytes()), expected) {
            (Ok(sample), Ok(value)) => {
                assert!(sample.value == value || value.is_nan() && sample.value.is_nan(), "{body}")
            }
            (Err(said), Err(expected)) => assert!(said.contains(expected), "{body}: {said}"),
            (got, _) => panic!("{body}: {got:?}"),
        };
        let vector = |inner: &str| {
            format!(r#"{{"status":"success","data":{{"resultType":"vector","result":[{inner}]}}}}"#)
        };
        let one = r#"{"metric":{"a":"b"},"value":[1435781451.781,"1.5"]}"#;
        check(&vector(one), Ok(1.5));
        check(&vector(&one.replace("1.5", "NaN")), Ok(f64::NAN));
        check(&vector(&one.replace("1.5", "+Inf")), Ok(f64::INFINITY));
        check(&vector(""), Err("no result"));
        check(&vector(&format!("{one},{one}")), Err("2 results"));
        check(r#"{"status":"success","data":{"resultType":"scalar","result":[1,"2"]}}"#, Ok(2.0));
        check(r#"{"status":"error","error":"parse error"}"#, Err("not one number"));
        check(&vector(&one.replace("1435781451.781", "-1")), Err("is no time"));
        check("<html>", Err("not one number"));
    }

    #[test]
    fn a_query_is_one_part_of_a_path() {
        assert_eq!(percent_encoded("a{b=\"c\"} / 2"), "a%7Bb%3D%22c%22%7D%20%2F%202");
    }
}
