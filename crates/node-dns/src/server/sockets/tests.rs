//! Real sockets on loopback.

use super::*;

fn check(asked: &str, threads: usize) {
    let sockets = Sockets::bind(asked.parse().unwrap(), threads).unwrap();
    assert_ne!(sockets.address.port(), 0);
    assert_eq!(sockets.udp.len(), threads);
    assert_eq!(sockets.tcp.local_addr().unwrap(), sockets.address);
    for udp in &sockets.udp {
        assert_eq!(udp.local_addr().unwrap(), sockets.address);
    }
    let again = Sockets::bind(sockets.address, 1).unwrap_err();
    assert!(matches!(again, ListenError::InUse(_)), "{again}");
}

#[test]
fn a_free_port_for_both_protocols_that_nobody_else_gets() {
    check("127.0.0.1:0", 1);
    check("127.0.0.1:0", 4);
    check("0.0.0.0:0", 2);
    check("[::1]:0", 2);
    check("[::]:0", 2);
}

#[test]
fn says_what_to_do() {
    let failed = Sockets::bind("192.0.2.1:0".parse().unwrap(), 1).unwrap_err();
    assert!(failed.to_string().contains("no address of this machine"), "{failed}");
}
