//! Two processes, in one.

use std::net::UdpSocket;

use super::*;

const LISTEN: &str = "127.0.0.1:0";

fn handed() -> Handed {
    let sockets = Sockets::bind(LISTEN.parse().unwrap(), 3).unwrap();
    let http = TcpListener::bind(LISTEN).unwrap();
    Handed { sockets: vec![sockets], http: vec![(http.local_addr().unwrap(), http)] }
}

#[tokio::test]
async fn what_waits_in_a_socket_is_read_by_the_new_process() {
    let folder = tempfile::tempdir().unwrap();
    assert!(take(folder.path()).await.unwrap().is_none(), "nobody is there yet");
    let mut door = Door::open(folder.path()).unwrap();
    let old = handed();
    let (address, http) = (old.sockets[0].address, old.http[0].0);
    let client = UdpSocket::bind(LISTEN).unwrap();
    client.send_to(b"a query", address).unwrap();

    let give = async {
        let mut request = door.knock().await.unwrap();
        request.give(&old).await.unwrap();
    };
    let taken = async {
        let taken = take(folder.path()).await.unwrap().unwrap();
        assert_eq!(taken.handed.sockets[0].address, address);
        assert_eq!(taken.handed.sockets[0].udp.len(), 3);
        assert_eq!(taken.handed.http[0].0, http);
        let new = Handed { sockets: taken.handed.sockets.iter().map(clone).collect(), http: Vec::new() };
        taken.serving().await.unwrap();
        new
    };
    let ((), new) = tokio::join!(give, taken);
    drop(old);
    door.close(true);

    let mut buffer = [0; 64];
    let read = new.sockets[0].udp.iter().find_map(|socket| socket.recv(&mut buffer).ok());
    assert_eq!(read, Some(7));
}

#[tokio::test]
async fn a_new_process_that_ends_early_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut door = Door::open(folder.path()).unwrap();
    let old = handed();
    let give = async { door.knock().await.unwrap().give(&old).await };
    let ((), given) = tokio::join!(async { drop(take(folder.path()).await.unwrap()) }, give);
    assert!(given.is_err());
    door.close(false);
    // The door is gone with its process.
    assert!(take(folder.path()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_door_left_behind_is_no_process() {
    let folder = tempfile::tempdir().unwrap();
    // As after a kill: the file stays.
    Door::open(folder.path()).unwrap().close(true);
    tokio::task::yield_now().await;
    assert!(path(folder.path()).exists());
    assert!(take(folder.path()).await.unwrap().is_none());
    Door::open(folder.path()).unwrap().close(false);
}

fn clone(sockets: &Sockets) -> Sockets {
    Sockets {
        address: sockets.address,
        udp: sockets.udp.iter().map(|socket| socket.try_clone().unwrap()).collect(),
        tcp: sockets.tcp.try_clone().unwrap(),
    }
}
