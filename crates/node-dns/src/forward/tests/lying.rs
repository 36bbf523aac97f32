//! Replies that are not the answer: ignored, whatever they say, and the right one still counts.

use super::upstream::{Shape, code, shaped};
use super::*;

/// What the liar sends before the right answer.
fn lies(query: &Received) -> Vec<(&'static str, Vec<u8>)> {
    let right = answer(query, 66);
    let with = |at: usize, change: fn(u8) -> u8| {
        let mut lie = right.clone();
        lie[at] = change(lie[at]);
        lie
    };
    let mut other = Vec::new();
    let name = Name::parse("other.example.").unwrap();
    let header = query.message().header();
    let flags = header.flags.of_response();
    Builder::query(header.id, flags, &name, RecordType::A, Class::IN, None, &mut other).finish();
    let question_end = 12 + query.message().question_bytes().len();
    let mut two_questions = right.clone();
    two_questions[5] = 2;
    let mut no_question = vec![right[0], right[1], 0x84, 0x00, 0, 0, 0, 0, 0, 0, 0, 0];
    no_question.truncate(12);
    vec![
        ("another id", with(0, |octet| octet ^ 0x55)),
        ("a query", with(2, |octet| octet & 0x7f)),
        ("another operation", with(2, |octet| octet | 0x20)),
        ("another question", other),
        ("another type", with(question_end - 3, |octet| octet ^ 0x10)),
        ("another class", with(question_end - 1, |octet| octet ^ 0x02)),
        ("nothing", Vec::new()),
        ("half a header", right[..7].to_vec()),
        ("half a question", right[..15].to_vec()),
        ("half a record", right[..question_end + 9].to_vec()),
        ("records that are not there", with(7, |_| 200)),
        ("two questions", two_questions),
        ("success without a question", no_question),
        ("noise", vec![0xff; 600]),
    ]
}

#[tokio::test]
async fn lies_are_ignored() {
    let count = 14;
    for index in 0..count {
        let upstream = Upstream::new(move |query| {
            let mut sent = vec![lies(query)[index].1.clone()];
            sent.push(answer(query, 1));
            sent
        })
        .await;
        let forwarder = forwarder(".:53 {\nforward . {}\n}", &[&upstream]);
        let reply = ask(&forwarder, "a.example.").await;
        assert_eq!(records(&reply.message), ["a.example. 192.0.2.1"], "lie {index}");
        assert_eq!(forwarder.shared.metrics.wrong_replies.get(), 1, "lie {index}");
        assert_eq!(upstream.count(), 1, "lie {index}");
    }
}

#[tokio::test]
async fn a_flood_of_lies_ends_the_attempt() {
    let liar = Upstream::new(|query| vec![lies(query)[0].1.clone(); 40]).await;
    let good = Upstream::new(|query| vec![answer(query, 2)]).await;
    let forwarder = forwarder(".:53 {\nforward . {} {} {\npolicy sequential\n}\n}", &[&liar, &good]);
    assert_eq!(records(&ask(&forwarder, "a.example.").await.message), ["a.example. 192.0.2.2"]);
}

#[tokio::test]
async fn from_another_address() {
    // Whoever sees the query answers from a socket of his own.
    let upstream = Upstream::new(|query| {
        let forger = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        forger.send_to(&answer(query, 66), query.from).unwrap();
        vec![answer(query, 1)]
    })
    .await;
    let forwarder = forwarder(".:53 {\nforward . {}\n}", &[&upstream]);
    for index in 0..5 {
        let name = format!("n{index}.example.");
        assert_eq!(records(&ask(&forwarder, &name).await.message), [format!("{name} 192.0.2.1")]);
    }
}

#[tokio::test]
async fn another_case() {
    let in_lower_case = |query: &Received, last: u8| {
        let mut reply = answer(query, last);
        let end = 12 + query.message().question_bytes().len() - 4;
        reply[12..end].make_ascii_lowercase();
        reply
    };
    // A forger cannot know the case; he has no say over TCP.
    let forged =
        Upstream::new(move |query| vec![if query.tcp { answer(query, 1) } else { in_lower_case(query, 66) }])
            .await;
    let first = forwarder(".:53 {\nforward . {}\n}", &[&forged]);
    let name = "a-name-with-many-letters-whose-case-is-drawn.example.";
    assert_eq!(records(&ask(&first, name).await.message), [format!("{name} 192.0.2.1")]);
    // A server that never keeps the case is believed when it shows so over TCP, and from then on over UDP.
    let lower = Upstream::new(move |query| vec![in_lower_case(query, 2)]).await;
    let second = forwarder(".:53 {\nforward . {}\n}", &[&lower]);
    for index in 0..3 {
        let name = format!("{index}-{name}");
        assert_eq!(records(&ask(&second, &name).await.message), [format!("{name} 192.0.2.2")]);
    }
    assert_eq!(lower.received().iter().filter(|query| query.tcp).count(), 1);
}

#[tokio::test]
async fn a_lie_on_a_connection_ends_it() {
    let liar = Upstream::new(|query| vec![lies(query)[0].1.clone()]).await;
    let good = Upstream::new(|query| vec![answer(query, 2)]).await;
    let forwarder =
        forwarder(".:53 {\nforward . {} {} {\npolicy sequential\nforce_tcp\n}\n}", &[&liar, &good]);
    assert_eq!(records(&ask(&forwarder, "a.example.").await.message), ["a.example. 192.0.2.2"]);
}

#[tokio::test]
async fn a_refusal_without_a_question() {
    let upstream = Upstream::new(|query| {
        let mut reply = code(query, Rcode::FORMERR);
        reply.truncate(12);
        reply[4..].fill(0);
        vec![reply]
    })
    .await;
    let forwarder = forwarder(".:53 {\nforward . {}\n}", &[&upstream]);
    assert_eq!(ask(&forwarder, "a.example.").await.outcome.rcode, Rcode::FORMERR);
}

#[tokio::test]
async fn options_of_the_upstream_go_no_further() {
    let upstream = Upstream::new(|query| {
        let opt = Opt { cookie: Some(&[1; 16]), ..Opt::default() };
        vec![shaped(query, &Shape { opt: Some(opt), ..Shape::default() })]
    })
    .await;
    let forwarder = forwarder(".:53 {\ncache\nforward . {}\n}", &[&upstream]);
    // `ask` checks that there is no OPT record.
    ask(&forwarder, "a.example.").await;
    let (message, _) = at_once(&forwarder, "a.example.").unwrap();
    assert_eq!(records(&message).len(), 1);
}
