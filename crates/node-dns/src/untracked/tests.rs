//! The messages by their frames, and real rules where the kernel takes them.

use super::*;

fn addresses() -> Vec<SocketAddr> {
    vec!["169.254.77.53:5377".parse().unwrap(), "[fd00:77::53]:5377".parse().unwrap()]
}

/// Lengths of the messages of a batch, which must end where the batch does.
fn lengths(batch: &Batch) -> Vec<usize> {
    let (mut rest, mut lengths) = (batch.bytes.as_slice(), Vec::new());
    while let Some(length) = rest.first_chunk::<4>() {
        let length = u32::from_ne_bytes(*length) as usize;
        lengths.push(length);
        rest = &rest[length..];
    }
    assert!(rest.is_empty());
    lengths
}

#[test]
fn a_batch_is_whole_messages() {
    let batch = rules::replace("t", &addresses());
    // A beginning, three words about the table, two chains, two addresses with two protocols and three rules, an end.
    assert_eq!(lengths(&batch).len(), 1 + 3 + 2 + 2 * 2 * 3 + 1);
    assert_eq!(batch.acknowledged, 17);
    assert!(lengths(&batch).iter().all(|length| length % 4 == 0));
    assert_eq!(lengths(&rules::remove("t")).len(), 4);
}

#[test]
fn verdicts_of_the_kernel() {
    let verdict = |code: i32| {
        let mut message = vec![0_u8; 36];
        message[..4].copy_from_slice(&36_u32.to_ne_bytes());
        message[4..6].copy_from_slice(&2_u16.to_ne_bytes());
        message[16..20].copy_from_slice(&code.to_ne_bytes());
        message
    };
    let check = |answer: &[u8], expected: &[i32]| assert_eq!(rules::codes(answer), expected, "{answer:?}");
    check(&[], &[]);
    check(&[1, 0], &[]);
    check(&[0; 64], &[]);
    check(&verdict(0), &[0]);
    check(&[verdict(0), verdict(-17)].concat(), &[0, -17]);
    check(&verdict(0)[..30], &[]);
}

#[test]
fn every_address_is_somebody_elses_too() {
    let refused = Untracked::ensure(&["0.0.0.0:53".parse().unwrap()]).unwrap_err().to_string();
    assert!(refused.contains("--listen instead of 0.0.0.0:53"), "{refused}");
    assert!(Untracked::ensure(&[]).unwrap().is_none());
}

#[test]
fn set_twice_and_removed() {
    match Untracked::ensure(&addresses()) {
        // Where tests run without NET_ADMIN, or without the kernel's module, the sentence is what there is to see.
        Err(refused) => assert!(refused.to_string().contains("leave out --notrack"), "{refused}"),
        Ok(set) => {
            let again = Untracked::ensure(&addresses()).unwrap().unwrap();
            set.unwrap().remove();
            // What is gone already is no error, for the kernel.
            say(&rules::remove(&again.table)).unwrap();
        }
    }
}
