//! What is refused: the word, the line, and that the sentence says what to do.

use super::*;

fn refusals(text: &str) -> Vec<Refusal> {
    parse("Corefile", text, &Given).expect_err(text).0
}

/// One line in a block: refused at `word`, with `advice` in the sentence.
fn check(text: &str, word: &str, advice: &str) {
    let found = refusals(&format!(".:53 {{\nerrors\n{text}\n}}\n"));
    assert_eq!(found.len(), 1, "{text}: {found:?}");
    assert_eq!(found[0].word, word, "{text}");
    assert!(found[0].place.line >= 3, "{text}");
    assert!(found[0].to_string().contains(advice), "{text}: {}", found[0]);
}

#[test]
fn plugins() {
    check("etcd skydns.local", "etcd", "forward the zone");
    check("frobnicate", "frobnicate", "misspelling");
    check("file db.example", "file", "zone files are not served");
    check("errors", "errors", "one place");
    check("proxy . 192.0.2.1", "proxy", "use `forward`");
}

#[test]
fn sentence() {
    let found = refusals("a.example {\n  forward . 192.0.2.1\n  dnssec\n}");
    assert_eq!(
        found[0].to_string(),
        "Corefile:3: `dnssec`: this plugin is not supported; remove it: the cluster zone is not signed"
    );
}

#[test]
fn every_refusal_at_once() {
    let found =
        refusals(".:53 {\n forward . example.org\n cache x y z {\n keepttl\n}\n chaos\n}\ntls://. {\n}");
    let lines: Vec<u32> = found.iter().map(|refusal| refusal.place.line).collect();
    assert_eq!(lines, [2, 4, 6, 8]);
}

#[test]
fn options() {
    check("kubernetes {\nendpoint https://192.0.2.1\n}", "endpoint", "the hub does");
    check("kubernetes {\nttl 3601\n}", "3601", "from 0 to 3600");
    check("kubernetes {\npods sometimes\n}", "sometimes", "disabled, insecure or verified");
    check("kubernetes {\nlabels a=b\n}", "labels", "namespaces");
    check("kubernetes a.local b.local in-addr.arpa", "kubernetes", "name one");
    check("kubernetes {\nendpoint_pod_names\n}", "endpoint_pod_names", "remove it");
    check("kubernetes {\nnope\n}", "nope", "it has: ");
    check("kubernetes clus..ter", "clus..ter", "empty label");
    check("forward .", "forward", "resolv.conf");
    check("forward", "forward", "resolv.conf");
    check("forward . dns.example", "dns.example", "IP[:PORT]");
    check("forward . 0.0.0.0", "0.0.0.0", "own address");
    check("forward . 192.0.2.1:0", "192.0.2.1:0", "own address");
    check("forward . https://192.0.2.1", "https://192.0.2.1", "tls://");
    check("forward . 192.0.2.1 {\nnext NXDOMAIN\n}", "next", "failover");
    check("forward . 192.0.2.1 {\nfailover NOERROR\n}", "NOERROR", "remove it");
    check("forward . 192.0.2.1 {\npolicy best\n}", "best", "round_robin");
    check("forward . 192.0.2.1 {\nexpire soon\n}", "soon", "10s");
    check("forward . 192.0.2.1 {\nread_timeout 0\n}", "read_timeout", "100ms");
    check("forward . tls://192.0.2.1%a {\ntls_servername b\n}", "forward", "remove `tls_servername`");
    check(
        "forward . 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16"
            .replace(' ', " 192.0.2.")
            .replace("192.0.2..", ".")
            .as_str(),
        "192.0.2.16",
        "fewer",
    );
    check("cache 0", "0", "from 1");
    check("cache {\nsuccess\n}", "success", "CAPACITY");
    check("cache {\nservfail 6m\n}", "6m", "300s");
    check("cache {\nprefetch 1 1m 95%\n}", "95%", "90%");
    check("cache {\nserve_stale 1h perhaps\n}", "perhaps", "immediate or verify");
    check("cache {\nserve_stale 1h immediate 1500ms\n}", "1500ms", "whole number");
    check("cache {\nserve_stale 8000h\n}", "8000h", "604800s");
    check("cache {\nkeepttl\n}", "keepttl", "remove it");
    check("hosts {\nnonsense here\n}", "nonsense", "ADDRESS NAME");
    check("hosts {\n192.0.2.1 a\nfallthrough_unsupported\n}", "hosts", "add `fallthrough`");
    check("hosts {\nttl 0\n}", "0", "from 1");
    check("rewrite", "rewrite", "rewrite name");
    check("rewrite name a", "name", "FROM TO");
    check("rewrite name regex ( b", "(", "correct it");
    check("rewrite name regex a {1}.b", "a", "parentheses");
    check("rewrite name nearly a b", "a", "substring or regex");
    check("rewrite name suffix a b answer", "answer", "answer auto");
    check("rewrite answer name a b", "answer", "name FROM TO");
    check("rewrite edns0 local set 0xffee 0x61", "edns0", "remove");
    check("rewrite ttl a.example -", "-", "MIN-MAX");
    check("rewrite ttl a.example 5-4", "5-4", "MIN-MAX");
    check("rewrite type A NOPE", "NOPE", "TYPE65");
    check("template IN A {\nanswer \"a 60 IN A 192.0.2.1\"\n}", "answer", "hosts");
    check("template IN", "template", "HINFO");
    check("health {\nlameduck 10m\n}", "10m", "300s");
    check("health 8080", "8080", ":PORT");
    check("loop here", "here", "alone");
    check("autopath /etc/resolv.conf", "/etc/resolv.conf", "@kubernetes");
    check("dnstap tcp://192.0.2.1:6000", "tcp://192.0.2.1:6000", "unix://");
    check("loadbalance weighted", "weighted", "round_robin");
    check("bind /dev/null", "/dev/null", "169.254.20.10");
    check("bufsize 100", "100", "from 512");
}

#[test]
fn syntax() {
    fn whole(text: &str, line: u32, advice: &str) {
        let found = refusals(text);
        assert_eq!(found[0].place.line, line, "{text}: {}", found[0]);
        assert!(found[0].to_string().contains(advice), "{text}: {}", found[0]);
    }
    whole("", 1, ".:53 {");
    whole("# nothing\n", 1, ".:53 {");
    whole(".:53 {\n errors\n", 1, "close it by");
    whole(".:53\nerrors\n", 1, "between `{` and `}`");
    whole("\n{\n}\n", 2, "write for example");
    whole(".:53 {\n}\n}\n", 3, "between `{` and `}`");
    whole(".:0 {\n}", 1, "write for example");
    whole(".:99999 {\n}", 1, "write for example");
    whole("a..b {\n}", 1, "empty label");
    whole("10.0.0.0/33 {\n}", 1, "prefix length");
    whole("https://. {\n}", 1, "plain DNS");
    whole(". {\n}\n.:53 {\n}", 3, "into one block");
    whole("(a) {\n errors\n}\n(a) {\n}\n.:53 {\n}", 4, "its own name");
    whole("(a) {\n errors\n", 1, "close the snippet");
    whole("(a)\n.:53 {\n}", 1, "(name) {");
    whole(".:53 {\n import\n}", 2, "name one snippet");
    whole(".:53 {\n import absent\n}", 2, "absent is not there (asked from Corefile)");
    whole(".:53 {\n import itself\n}", 1, "imports itself");
    whole("(a) {\n import b\n}\n(b) {\n import a\n}\n. {\n import a\n}", 5, "imports itself");
    whole(".:53 {\n forward . {$ABSENT}\n}", 2, "ABSENT is not set");
    whole(".:53 {\n forward . {$LOOP}\n}", 2, "IP[:PORT]");
    let many = "\n import a".repeat(40);
    whole(
        &format!(
            "(a) {{\n errors\n}}\n(b) {{{many}\n}}\n(c) {{{}\n}}\n. {{\n import c\n}}",
            many.replace('a', "b")
        )
        .replace("imbort", "import"),
        43,
        "in all",
    );
    whole(&format!("a {{{}", "\nb {".repeat(20)), 9, "close the braces");
    whole("a {\n{\n}\n}", 2, "name of a plugin");
    whole(&"a".repeat(COREFILE_BYTES_MAX + 1), 1, "shorter");
}
