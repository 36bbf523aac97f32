//! A kubeadm manifest in, a lifeboat out.

use serde_json::Value;

use super::*;

const MANIFEST: &str = r#"
apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver, namespace: kube-system, labels: {component: kube-apiserver}}
spec:
  containers:
  - command:
    - kube-apiserver
    - --advertise-address=10.0.0.1
    - --allow-privileged=true
    - --authorization-mode=Node,RBAC
    - --client-ca-file=/etc/kubernetes/pki/ca.crt
    - --enable-admission-plugins=NodeRestriction,ValidatingAdmissionWebhook
    - --enable-bootstrap-token-auth=true
    - --etcd-servers=https://127.0.0.1:2379
    - --etcd-cafile=/etc/kubernetes/pki/etcd/ca.crt
    - --requestheader-client-ca-file=/etc/kubernetes/pki/front-proxy-ca.crt
    - --secure-port=6443
    - --service-account-issuer=https://kubernetes.default.svc.cluster.local
    - --service-account-key-file=/etc/kubernetes/pki/sa.pub
    - --service-account-key-file=/etc/kubernetes/pki/old.pub
    - --service-account-signing-key-file=/etc/kubernetes/pki/sa.key
    - --audit-log-path=/var/log/audit.log
    image: registry.k8s.io/kube-apiserver:v1.37.2
    livenessProbe: {httpGet: {path: /livez, port: 6443}}
    name: kube-apiserver
    volumeMounts: [{mountPath: /etc/kubernetes/pki, name: k8s-certs, readOnly: true}]
  hostNetwork: true
  volumes: [{hostPath: {path: /etc/kubernetes/pki}, name: k8s-certs}]
"#;

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

#[test]
fn flags_are_read_as_pflag_reads_them() {
    let running = Running::parse(&words("/bin/kube-apiserver --a=1 --b 2 --c --d=x=y --e"));
    let expected = [("a", "1"), ("b", "2"), ("c", "true"), ("d", "x=y"), ("e", "true")];
    let flags: Vec<(&str, &str)> =
        running.flags.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(flags, expected);
    assert_eq!(running.program, ["/bin/kube-apiserver"]);
    assert_eq!(Running::parse(&words("all kube-apiserver --a")).program, ["all", "kube-apiserver"]);
}

#[test]
fn the_crowd_is_nobody_there_and_etcd_is_the_same() {
    let (_, running) = from_manifest(MANIFEST).expect("a manifest");
    let derived = Running::parse(&derive(&running, &Lifeboat::default()));
    let check = |name: &str, expected: Option<&str>| {
        let values: Vec<&str> = derived
            .flags
            .iter()
            .filter(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
            .collect();
        assert_eq!(values, Vec::from_iter(expected), "{name}");
    };
    check("etcd-servers", Some("https://127.0.0.1:2379"));
    check("etcd-cafile", Some("/etc/kubernetes/pki/etcd/ca.crt"));
    check("authorization-mode", Some("Node,RBAC"));
    check("secure-port", Some("7443"));
    check("endpoint-reconciler-type", Some("none"));
    check("client-ca-file", Some("/etc/kubernetes/plimsoll/authority.crt"));
    check("service-account-key-file", Some("/etc/kubernetes/plimsoll/lifeboat-tokens.pub"));
    check("service-account-signing-key-file", Some("/etc/kubernetes/plimsoll/lifeboat-tokens.key"));
    check("anonymous-auth", Some("false"));
    check("watch-cache", Some("false"));
    check("feature-gates", Some("APIServerIdentity=false,UnknownVersionInteroperabilityProxy=false"));
    check("max-requests-inflight", Some("40"));
    check("audit-log-path", Some("/var/log/audit.log.lifeboat"));
    check("disable-admission-plugins", Some("MutatingAdmissionWebhook,ValidatingAdmissionWebhook"));
    check("enable-admission-plugins", Some("NodeRestriction"));
    for gone in ["advertise-address", "enable-bootstrap-token-auth", "requestheader-client-ca-file"] {
        check(gone, None);
    }
    let with = derive(&running, &Lifeboat { webhooks: true, ..Lifeboat::default() });
    let with = Running::parse(&with);
    assert_eq!(with.get("disable-admission-plugins"), None);
    assert_eq!(with.get("enable-admission-plugins"), Some("NodeRestriction,ValidatingAdmissionWebhook"));
}

#[test]
fn a_static_pod_is_beside_the_other_and_is_not_taken_for_it() {
    let (pod, running) = from_manifest(MANIFEST).expect("a manifest");
    let made = static_pod(&pod, &running, &Lifeboat::default());
    let container = &made["spec"]["containers"][0];
    assert_eq!(container["image"], "registry.k8s.io/kube-apiserver:v1.37.2");
    assert_eq!(container["livenessProbe"], Value::Null);
    assert_eq!(container["resources"]["limits"]["memory"], "512Mi");
    assert_eq!(container["env"][0]["value"], "448MiB");
    assert_eq!(made["metadata"]["labels"]["component"], "kube-apiserver-lifeboat");
    assert_eq!(made["spec"]["volumes"].as_array().map(Vec::len), Some(2));
    assert_eq!(container["volumeMounts"].as_array().map(Vec::len), Some(2));
    assert_eq!(pod["metadata"]["name"], "kube-apiserver");
}

#[test]
fn a_unit_quotes_what_systemd_would_read() {
    let running = Running::parse(&words("/usr/bin/kube-apiserver --a=100% --b=$HOME"));
    let text = unit(&running, &Lifeboat::default());
    assert!(text.contains("--a=100%%") && text.contains("--b=$$HOME"), "{text}");
    assert!(text.contains("MemoryMin=536870912"));
    let spaced =
        Running { program: vec!["k".to_owned()], flags: vec![("a".to_owned(), "x \"y\"".to_owned())] };
    assert!(unit(&spaced, &Lifeboat::default()).contains(r#""--a=x \"y\"""#));
}

#[test]
fn what_is_no_api_server_is_refused() {
    for text in ["", "a: [", "kind: Pod", &MANIFEST.replace("- kube-apiserver\n", "- etcd\n")] {
        assert!(from_manifest(text).is_err(), "{text}");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let check =
        |port: Option<u16>, expected: Result<&str, &str>| match (running_in(folder.path(), port), expected) {
            (Ok(running), Ok(etcd)) => assert_eq!(running.get("etcd-servers"), Some(etcd), "{port:?}"),
            (Err(why), Err(says)) => assert!(why.to_string().contains(says), "{port:?}: {why}"),
            (found, _) => panic!("{port:?}: {found:?}"),
        };
    check(None, Err("no such kube-apiserver"));
    let process = |pid: &str, command: &str| {
        let path = folder.path().join(pid);
        std::fs::create_dir(&path).expect("made");
        std::fs::write(path.join("cmdline"), command.replace(' ', "\0")).expect("written");
    };
    process("1", "/sbin/init");
    process("2", "kube-apiserver --etcd-servers=a");
    process("3", "kube-apiserver --secure-port=7443 --service-account-key-file=/x/lifeboat-tokens.pub");
    check(None, Ok("a"));
    check(Some(6443), Ok("a"));
    check(Some(7443), Err("no such kube-apiserver"));
    process("4", "/usr/bin/kube-apiserver --secure-port=8443 --etcd-servers=b");
    check(None, Err("2 API servers run on this machine"));
    check(Some(8443), Ok("b"));
}

#[test]
fn ranges_are_checked() {
    let check = |range: &str, expected: Option<&str>| {
        let lifeboat = Lifeboat { allowed: vec![range.to_owned()], ..Lifeboat::default() };
        match (nftables(&lifeboat), expected) {
            (Ok(text), Some(expected)) => assert!(text.contains(expected), "{text}"),
            (Err(_), None) => {}
            (found, _) => panic!("{range}: {found:?}"),
        }
    };
    check("10.1.0.0/16", Some("ip saddr 10.1.0.0/16 accept\n        drop"));
    check("fd00::/8", Some("ip6 saddr fd00::/8 accept"));
    check("10.1.2.3", Some("ip saddr 10.1.2.3 accept"));
    check("10.1.0.0/33", None);
    check("10.1.0.0/x", None);
    check("everybody; accept", None);
    assert!(nftables(&Lifeboat::default()).expect("fine").ends_with("        accept\n    }\n}\n"));
}
