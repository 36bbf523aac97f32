//! Rows of declarations, and what is wrong with some.

use super::*;

fn check(declared: &str, obeys_ttl: bool, positive: Span, negative: Span) {
    let client = Client::parse(declared).unwrap();
    assert_eq!(
        (client.obeys_ttl, client.positive, client.negative),
        (obeys_ttl, positive, negative),
        "{declared}"
    );
}

fn refused(declared: &str, why: &str) {
    let error = Client::parse(declared).unwrap_err().to_string();
    assert!(error.contains(why), "{error}");
}

#[test]
fn declarations() {
    check("glibc", false, Span::ZERO, Span::ZERO);
    check("java", false, Span::Seconds(30), Span::Seconds(10));
    check("java=60", false, Span::Seconds(60), Span::Seconds(60));
    check("nscd=600/20", false, Span::Seconds(600), Span::Seconds(20));
    check("pool=forever/0", false, Span::NoLimit, Span::ZERO);
    check("systemd-resolved=ttl", true, Span::ZERO, Span::ZERO);
    check("systemd-resolved=ttl+3600/ttl", true, Span::Seconds(3600), Span::ZERO);
}

#[test]
fn what_is_wrong_is_said() {
    refused("nscd", "nscd=SECONDS");
    refused("nscd", "glibc, musl, go, java");
    refused("nscd=", "\"\" is none of");
    refused("nscd=-1", "\"-1\" is none of");
    refused("nscd=99999999999", "is none of");
    refused("nscd=5/ttl", "or neither");
    refused("=5", "no name");
}
