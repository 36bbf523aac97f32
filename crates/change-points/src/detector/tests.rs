//! Noise of known shape: false alarms are counted, changes are found.

use super::*;

const FLOOR: Floor = Floor { part: 0.5, least: 0.05 };
/// Samples of a day.
const DAY: usize = 11_520;

/// `SplitMix64`, and two of its numbers for a normal one (Box and Muller).
struct Noise(u64);

impl Noise {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        #[expect(clippy::cast_precision_loss, reason = "53 bits are exact")]
        let number = ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1u64 << 53) as f64;
        number
    }

    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

/// A load as API servers have it: a level that swings over the day, noise that is lognormal, and a burst of one sample now and then
/// (somebody's `kubectl get pods -A`, a compaction).
fn usual(noise: &mut Noise, sample: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a sample of some days")]
    let time = sample as f64 / DAY as f64;
    let level = 1.0 + 0.3 * (std::f64::consts::TAU * time).sin();
    let burst = if noise.uniform() < 0.01 { 5.0 } else { 1.0 };
    level * burst * (0.2 * noise.normal()).exp()
}

/// Four streams of 25 days are a hundred days.
#[test]
fn fewer_than_one_false_alarm_in_twenty_days_of_one_stream() {
    let mut alarms = 0;
    for seed in 0..4 {
        let (mut noise, mut detector, mut before) = (Noise(seed), Detector::new(FLOOR), false);
        for sample in 0..25 * DAY {
            let changed = matches!(detector.take(usual(&mut noise, sample)), Verdict::Changed { .. });
            alarms += u32::from(changed && !before);
            before = changed;
        }
    }
    // The hub watches twenty streams: together fewer than one a day.
    assert!(alarms < 5, "{alarms} in 100 days");
}

/// A load of four times what it was is said with the third sample, and one that is back ends it.
#[test]
fn a_change_is_said_with_the_third_sample() {
    let mut missed = 0;
    for seed in 0..200 {
        let (mut noise, mut detector) = (Noise(seed), Detector::new(FLOOR));
        for sample in 0..100 {
            detector.take(usual(&mut noise, sample));
        }
        let mut verdict = Verdict::Unknown;
        for sample in 100..103 {
            verdict = detector.take(4.0 * usual(&mut noise, sample));
        }
        missed += u32::from(!matches!(verdict, Verdict::Changed { .. }));
        assert_eq!(detector.take(1.0), Verdict::Usual);
    }
    assert!(missed < 10, "{missed} of 200");
}

#[test]
fn a_new_level_is_accepted_after_ten_minutes() {
    let mut detector = Detector::new(FLOOR);
    for _ in 0..80 {
        detector.take(1.0);
    }
    let verdicts: Vec<Verdict> = (0..100).map(|_| detector.take(3.0)).collect();
    let changed = Verdict::Changed { from: 1.0, to: 3.0 };
    let rows = [
        (0, Verdict::Usual),
        (1, Verdict::Usual),
        (2, changed),
        (79, changed),
        (80, Verdict::Usual),
        (99, Verdict::Usual),
    ];
    for (at, expected) in rows {
        assert_eq!(verdicts[at], expected, "{at}");
    }
}

#[test]
fn small_changes_and_few_samples_say_nothing() {
    let mut detector = Detector::new(FLOOR);
    for sample in [0.0; 12] {
        assert_eq!(detector.take(sample), Verdict::Unknown);
    }
    for sample in [0.04, 0.04, 0.04, f64::NAN, 0.0] {
        assert!(!matches!(detector.take(sample), Verdict::Changed { .. }), "{sample}");
    }
    detector.take(0.06);
    detector.take(0.06);
    assert!(matches!(detector.take(0.06), Verdict::Changed { .. }));
}

#[test]
fn rates_of_counters() {
    let mut rate = crate::Rate::default();
    let rows = [
        (0.0, 5.0, None),
        (10.0, 25.0, Some(2.0)),
        (10.0, 30.0, None),
        (20.0, 3.0, None),
        (22.0, 9.0, Some(3.0)),
    ];
    for (now, value, expected) in rows {
        assert_eq!(rate.take(now, value), expected, "{value} at {now}");
    }
}
