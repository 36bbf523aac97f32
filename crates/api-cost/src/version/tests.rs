//! Versions, as providers write them.

use super::*;

#[test]
fn versions_as_they_are_written() {
    let check = |text: &str, expected: Option<(u32, u32)>| {
        let read = text.parse::<Version>().ok().map(|version| (version.major, version.minor));
        assert_eq!(read, expected, "{text}");
    };
    check("v1.36.3", Some((1, 36)));
    check("1.30", Some((1, 30)));
    check("v1.31+", Some((1, 31)));
    check("v1.29.6-gke.1326000", Some((1, 29)));
    check("v1.30-eks-abc", Some((1, 30)));
    check("", None);
    check("v1", None);
    check("one.two", None);
    check("1.x", None);
}

#[test]
fn unknown_versions_take_the_nearest_and_say_so() {
    let check = |text: &str, expected: (u32, bool)| {
        let nearest = text.parse::<Version>().expect("a version").nearest_known();
        assert_eq!((nearest.version.minor, nearest.marked), expected, "{text}");
    };
    check("1.24", (30, true));
    check("1.30", (30, false));
    check("1.37", (37, false));
    check("1.41", (37, true));
    check("2.0", (37, true));
}
