//! Kubeconfig files that operators really have, and the sentence that each of them gets.

use std::fs;

use rcgen::{CertificateParams, KeyPair, date_time_ymd};

use super::*;

/// 2026-01-01 00:00:00 UTC.
const WALL: Duration = Duration::from_secs(1_767_225_600);

/// A kubeconfig with one cluster, one user with these fields, and one context.
fn kubeconfig(cluster: &str, user: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: here\ncontexts: [{{name: here, context: {{cluster: c, user: u}}}}]\n\
         clusters: [{{name: c, cluster: {{{cluster}}}}}]\nusers: [{{name: u, user: {{{user}}}}}]\n"
    )
}

const SERVER: &str = "server: 'https://127.0.0.1:6443', insecure-skip-tls-verify: true";

/// A kubeconfig whose client certificate is valid within these years, from January to January.
fn with_certificate(folder: &Path, from: i32, to: i32) -> String {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["me".to_owned()]).unwrap();
    params.not_before = date_time_ymd(from, 1, 1);
    params.not_after = date_time_ymd(to, 1, 1);
    fs::write(folder.join("me.crt"), params.self_signed(&key).unwrap().pem()).unwrap();
    fs::write(folder.join("me.key"), key.serialize_pem()).unwrap();
    kubeconfig(SERVER, "client-certificate: me.crt, client-key: me.key")
}

fn exec(command: &str, arguments: &str) -> String {
    format!(
        "exec: {{apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: '{command}', args: [{arguments}]}}"
    )
}

async fn outcome(path: &Path, context: Option<&str>) -> Result<(), ConnectError> {
    let source = Source::Kubeconfig { path: path.to_owned(), context: context.map(str::to_owned) };
    let config = credentials(&source, WALL).await?;
    assert!(!config.default_retry);
    Transport::new(&config).map(|_| ()).map_err(|error| tls(&source, &config, &error))
}

#[tokio::test]
async fn each_mistake_has_its_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let plain = kubeconfig(SERVER, "token: s3cr3t");
    let rows: Vec<(&str, Option<&str>, &str)> = vec![
        (&plain, None, ""),
        (&plain, Some("there"), "has no context \"there\": see kubectl config get-contexts"),
        ("", None, "has no current-context: choose one with kubectl config"),
        (
            "apiVersion: v1\nkind: Config\nusers:\n- name: u\n  user: {token: [s3cr3t}\n",
            None,
            ":5: not a kubeconfig",
        ),
        ("just text s3cr3t", None, "not a kubeconfig"),
    ];
    let generated = [
        (kubeconfig("insecure-skip-tls-verify: true", ""), "the cluster has no server URL"),
        (kubeconfig("server: 'https://a b'", ""), "failed to parse cluster url"),
        (kubeconfig(&format!("{SERVER}, proxy-url: 'http://p:1'"), ""), "proxy-url is not supported"),
        (kubeconfig(&format!("{SERVER}, certificate-authority: gone.crt"), ""), "gone.crt"),
        (kubeconfig(SERVER, "client-certificate-data: '!!', client-key-data: '!!'"), "base64"),
        (kubeconfig("server: 'ftp://a'", ""), "the cluster's server is no URL such as https://host:6443"),
        (
            kubeconfig("server: '127.0.0.1:6443'", ""),
            "the cluster's server is no URL such as https://host:6443",
        ),
        (
            kubeconfig("server: 'https://a', certificate-authority-data: aGVsbG8=", ""),
            "no certificate in PEM",
        ),
        (kubeconfig(SERVER, "token: \"s3cr3t\\nx\""), "the token has line breaks"),
        (
            kubeconfig(SERVER, "").replace("user: u}", "user: v}"),
            "has no user \"v\", which the context names",
        ),
        (kubeconfig(SERVER, "tokenFile: /nonexistent/token"), "token file /nonexistent/token cannot be read"),
        (
            kubeconfig(SERVER, &exec("/nonexistent/plugin", "")),
            "plugin /nonexistent/plugin cannot be started",
        ),
        (kubeconfig(SERVER, &exec("sh", "'-c', 'echo s3cr3t; exit 3'")), "plugin sh failed (exit status: 3)"),
        (kubeconfig(SERVER, &exec("echo", "'s3cr3t'")), "plugin echo printed no ExecCredential"),
        (with_certificate(here, 2025, 2027), ""),
    ];
    let generated = generated.iter().map(|(text, expected)| (text.as_str(), None, *expected));
    for (text, context, expected) in rows.into_iter().chain(generated) {
        let path = here.join("config");
        fs::write(&path, text).unwrap();
        check(&outcome(&path, context).await, &path, expected, text);
    }
}

#[tokio::test]
async fn certificates_that_are_not_valid_now() {
    let folder = tempfile::tempdir().unwrap();
    for (from, to, expected) in [
        (2020, 2025, "expired on Jan  1 00:00:00 2025 +00:00: get a new one"),
        (2027, 2030, "is not valid before Jan  1 00:00:00 2027 +00:00: get a new one"),
    ] {
        let text = with_certificate(folder.path(), from, to);
        let path = folder.path().join("config");
        fs::write(&path, &text).unwrap();
        check(&outcome(&path, None).await, &path, expected, &text);
    }
}

#[tokio::test]
async fn files_that_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let large = folder.path().join("large");
    fs::File::create(&large).unwrap().set_len(KUBECONFIG_BYTES_MAX + 1).unwrap();
    let missing = folder.path().join("missing");
    check(
        &outcome(&missing, None).await,
        &missing,
        "does not exist: give an existing file with --kubeconfig",
        "",
    );
    check(&outcome(&large, None).await, &large, "cannot be read (file too large)", "");
    let odd = folder.path().join("odd");
    fs::write(&odd, [0xFF, 0xFE, 0]).unwrap();
    check(&outcome(&odd, None).await, &odd, "cannot be read (invalid data)", "");
    check(&outcome(folder.path(), None).await, folder.path(), "cannot be read", "");
}

/// A plugin that prints a token which no header can hold makes kube panic; that is the plugin's fault, not the end of us.
#[tokio::test]
async fn a_plugin_that_breaks_kube() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    let answer = r#"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"a\nb"}}"#;
    let printed = folder.path().join("answer");
    fs::write(&printed, answer).unwrap();
    let arguments = format!("'{}'", printed.display());
    fs::write(&path, kubeconfig(SERVER, &exec("cat", &arguments))).unwrap();
    let source = Source::Kubeconfig { path: path.clone(), context: None };
    let opened = open(&source, WALL).await.map(|_| ());
    check(&opened, &path, "kube cannot make an HTTP client of them", "a token with a line break");
}

#[tokio::test]
async fn outside_of_a_pod() {
    if std::env::var_os("KUBERNETES_SERVICE_HOST").is_some() {
        // The test itself runs in a pod.
        return;
    }
    let error = credentials(&Source::InCluster, WALL).await.unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("not running in a pod with a service account"), "{text}");
    assert!(error.is_operators());
}

#[test]
fn the_server_is_shown_without_user_and_path() {
    for (url, expected) in [
        ("https://127.0.0.1:6443", "https://127.0.0.1:6443"),
        ("https://me:s3cr3t@host/prefix", "https://host"),
        ("http://[::1]:80/", "http://[::1]:80"),
    ] {
        assert_eq!(server(&url.parse().unwrap()), expected);
    }
}

/// An empty `expected` means that it works. Every error is one sentence that names the file and shows no secret.
fn check(outcome: &Result<(), ConnectError>, path: &Path, expected: &str, input: &str) {
    let Err(error) = outcome else { return assert_eq!(expected, "", "{input}") };
    let text = error.to_string();
    assert!(!expected.is_empty() && text.contains(expected), "{text:?} for {input}");
    assert!(text.contains(path.to_str().unwrap()), "{text}");
    assert!(!text.contains("s3cr3t") && !text.contains('\n'), "{text}");
}
