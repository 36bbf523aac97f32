//! Names, and a real interface where the kernel gives one.

use super::*;

#[test]
fn names_that_linux_does_not_take() {
    for name in ["", "a/b", "sixteen-letters-", "a b"] {
        let refused = Interface::ensure(Some(name), &[]).unwrap_err();
        assert!(matches!(refused, InterfaceError::Name(_)), "{refused}");
    }
    assert!(Interface::ensure(None, &[]).unwrap().is_none());
}

#[test]
fn made_twice_and_removed() {
    let listen: Vec<SocketAddr> = vec![
        "169.254.77.53:53".parse().unwrap(),
        "[fd00:77::53]:53".parse().unwrap(),
        "127.0.0.1:53".parse().unwrap(),
    ];
    let there = || std::path::Path::new("/sys/class/net/plimsolltest0").exists();
    match Interface::ensure(Some("plimsolltest0"), &listen) {
        // Where tests run without NET_ADMIN, or without the kernel's module, the sentence is what there is to see.
        Err(
            refused @ (InterfaceError::NotPermitted(_)
            | InterfaceError::NoDummies(_)
            | InterfaceError::Failed(..)),
        ) => {
            assert!(refused.to_string().contains("leave out --interface"));
        }
        Err(refused) => panic!("{refused}"),
        Ok(made) => {
            assert!(there());
            let again = Interface::ensure(Some("plimsolltest0"), &listen).unwrap().unwrap();
            assert!(std::net::UdpSocket::bind("169.254.77.53:0").is_ok());
            again.remove();
            assert!(!there());
            made.unwrap().remove();
        }
    }
}
