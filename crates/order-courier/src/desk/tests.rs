//! A desk with hands that write down what they did.

use confirmation::SigningKey;
use environment::ManualClock;
use parking_lot::Mutex;

use super::*;
use crate::hands::Doing;
use crate::{Board, board::NotPosted};

const NOW: u64 = 1_800_000_000;

#[derive(Default)]
struct Noting(Mutex<Vec<String>>);

impl Noting {
    fn note(&self, what: String) -> Doing<'_> {
        self.0.lock().push(what.clone());
        Box::pin(async move { Ok(what) })
    }
}

impl Hands for Noting {
    fn stop<'a>(&'a self, workload: &'a str) -> Doing<'a> {
        self.note(format!("stop {workload}"))
    }
    fn revert<'a>(&'a self, workload: &'a str) -> Doing<'a> {
        self.note(format!("revert {workload}"))
    }
    fn cut<'a>(&'a self, whom: &'a str, seconds: u64, _: &'a str) -> Doing<'a> {
        self.note(format!("cut {whom} {seconds}"))
    }
    fn restore<'a>(&'a self, whom: &'a str) -> Doing<'a> {
        self.note(format!("restore {whom}"))
    }
    fn freeze(&self, frozen: bool) -> Doing<'_> {
        self.note(format!("freeze {frozen}"))
    }
}

fn key() -> SigningKey {
    SigningKey::from_seed(&[1; 32]).expect("a key")
}

fn roster() -> Roster {
    Roster::parse(&format!("cluster here\nthreshold 1\nsigner {} ann\n", key().public())).expect("a roster")
}

fn sealed(number: u8, purpose: Purpose, subject: &str) -> String {
    sealed_for("here", number, purpose, subject)
}

fn sealed_for(cluster: &str, number: u8, purpose: Purpose, subject: &str) -> String {
    let order = Order {
        cluster: cluster.to_owned(),
        id: vec![number; 16],
        purpose: purpose.into(),
        subject: subject.to_owned(),
        nodes: Vec::new(),
        not_before: NOW - 60,
        not_after: NOW + 600,
        reason: "a test".to_owned(),
        is_test: false,
    };
    let mut sealed = Sealed::new(&order).expect("fit");
    sealed.sign(&key());
    sealed.to_text()
}

struct World {
    folder: tempfile::TempDir,
    hands: Arc<Noting>,
    clock: Arc<ManualClock>,
}

impl World {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::default());
        clock.set_wall(std::time::Duration::from_secs(NOW));
        Self { folder: tempfile::tempdir().expect("a folder"), hands: Arc::default(), clock }
    }

    fn desk(&self) -> Desk {
        self.desk_of_boot("one")
    }

    fn desk_of_boot(&self, boot: &str) -> Desk {
        let config = Config {
            node: "n1".to_owned(),
            roster: roster(),
            run_dir: self.folder.path().join("run"),
            state_dir: self.folder.path().join("state"),
            boot: boot.to_owned(),
        };
        Desk::open(config, self.hands.clone(), self.clock.clone(), Counts::default()).expect("a desk")
    }

    fn done(&self) -> Vec<String> {
        std::mem::take(&mut self.hands.0.lock())
    }
}

#[tokio::test]
async fn each_purpose_has_its_hand_and_none_is_followed_twice() {
    let world = World::new();
    let mut desk = world.desk();
    let all = [
        sealed(1, Purpose::Stop, "vector"),
        sealed(2, Purpose::Revert, "vector"),
        sealed(3, Purpose::Cut, "logs/DaemonSet/vector"),
        sealed(4, Purpose::Cut, ""),
        sealed(5, Purpose::Restore, ""),
    ];
    for order in &all {
        desk.take(order).await;
    }
    let expected = ["stop vector", "revert vector", "cut logs/DaemonSet/vector 600", "cut  600", "restore "];
    assert_eq!(world.done(), expected);
    // Again, and after a restart.
    desk.take(&all[3]).await;
    let mut desk = world.desk();
    for order in &all {
        desk.take(order).await;
    }
    assert_eq!(world.done(), Vec::<String>::new());
    assert!(desk.outcomes.0.iter().all(|outcome| outcome.result == "done before"));
}

#[tokio::test]
async fn an_order_comes_as_a_file_and_what_came_of_it_lies_beside() {
    let world = World::new();
    let mut desk = world.desk();
    let folder = world.folder.path().join("run").join(FOLDER);
    std::fs::write(folder.join("a.order"), sealed(1, Purpose::Stop, "vector")).expect("written");
    std::fs::write(folder.join("b.order"), "nonsense").expect("written");
    std::fs::write(folder.join("c.txt"), "nonsense").expect("written");
    desk.look(None).await;
    assert_eq!(world.done(), ["stop vector"]);
    let outcomes: Outcomes =
        serde_json::from_slice(&std::fs::read(folder.join(OUTCOMES)).expect("there")).expect("JSON");
    let results: Vec<&str> = outcomes.0.iter().map(|outcome| outcome.result.as_str()).collect();
    assert_eq!(results, ["followed", "refused"]);
    assert!(!folder.join("a.order").exists() && !folder.join("b.order").exists());
}

#[tokio::test]
async fn a_freeze_ends_with_its_order_and_outlives_a_restart() {
    let world = World::new();
    let mut desk = world.desk();
    desk.take(&sealed(1, Purpose::Freeze, "")).await;
    let stop = CancellationToken::new();
    stop.cancel();
    world.desk().run(None, stop.clone()).await;
    assert_eq!(world.done(), ["freeze true", "freeze true"]);
    world.clock.advance(std::time::Duration::from_secs(600));
    world.desk().run(None, stop.clone()).await;
    assert_eq!(world.done(), ["freeze false"]);
    world.desk().run(None, stop).await;
    assert_eq!(world.done(), Vec::<String>::new());
}

#[tokio::test]
async fn a_cut_holds_after_a_reboot_until_its_order_ends() {
    let world = World::new();
    let mut desk = world.desk();
    desk.take(&sealed(1, Purpose::Cut, "logs/DaemonSet/vector")).await;
    desk.take(&sealed(2, Purpose::Cut, "")).await;
    desk.take(&sealed(3, Purpose::Restore, "")).await;
    world.done();
    let look = async |boot: &str| {
        world.desk_of_boot(boot).look(None).await;
        world.done()
    };
    // A restart of the agent is none of the machine.
    assert_eq!(look("one").await, Vec::<String>::new());
    world.clock.advance(std::time::Duration::from_secs(100));
    assert_eq!(look("two").await, ["cut logs/DaemonSet/vector 500"]);
    assert_eq!(look("two").await, Vec::<String>::new());
    world.clock.advance(std::time::Duration::from_secs(500));
    assert_eq!(look("three").await, Vec::<String>::new());
}

#[tokio::test]
async fn with_a_disk_that_takes_nothing_it_closes_and_does_not_open() {
    let world = World::new();
    let mut desk = world.desk();
    // A folder in place of the file: also root cannot write it.
    std::fs::create_dir(world.folder.path().join("state").join(SPENT)).expect("a folder");
    desk.take(&sealed(1, Purpose::Cut, "")).await;
    desk.take(&sealed(2, Purpose::Restore, "")).await;
    assert_eq!(world.done(), ["cut  600"]);
    assert_eq!(desk.outcomes.0[1].result, "failed");
    // What failed was not followed: it may come again.
    std::fs::remove_dir(world.folder.path().join("state").join(SPENT)).expect("gone");
    desk.take(&sealed(2, Purpose::Restore, "")).await;
    assert_eq!(world.done(), ["restore "]);
}

#[test]
fn a_hub_hands_on_what_nodes_would_follow_and_remembers_it() {
    let world = World::new();
    let file = world.folder.path().join("orders");
    let open = || Board::open(roster(), Some(file.clone()), world.clock.clone()).expect("a board");
    let board = open();
    let cut = sealed(1, Purpose::Cut, "");
    assert!(board.post(&cut).is_ok());
    assert!(board.post(&cut).is_ok(), "again is no error");
    let foreign = sealed_for("elsewhere", 2, Purpose::Cut, "");
    for bad in [foreign.as_str(), "plimsoll-order:00"] {
        assert!(matches!(board.post(bad), Err(NotPosted::Refused(_))));
    }
    assert_eq!(open().orders().len(), 1);
    world.clock.advance(std::time::Duration::from_secs(600));
    assert_eq!(board.orders().len() + open().orders().len(), 0);
}
