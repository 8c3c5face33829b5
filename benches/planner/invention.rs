//! Seeded curves that look like those of real tweets.
//!
//! - Births over the whole run, more by day than by night (UTC).
//! - Size: log-normal, median 400 impressions, sigma 1.7: the largest of 5,000 has some hundred thousand.
//! - Growth: half of it after a half-life of 80 minutes (median), the rest with a long tail: t^a / (t^a + h^a), a around 1.3; one in ten is
//!   found slowly, by search (half-life half a day, a = 0.8).
//! - Second waves: one tweet in eight, of about the first one's size, half-life three hours, within weeks; one in fifty grows tenfold or more.
//! - Deletions: one in thirty, after four days on average.
//! - Everything comes in whole impressions by chance (Poisson), by bursts (each stretch is off by half) and less at night.

use crate::curve::Curve;
use crate::random::Random;

const MINUTE: f64 = 60.0;
const HOUR: f64 = 3_600.0;
const DAY: f64 = 86_400.0;

/// So much attention, from then on.
struct Wave {
    start: f64,
    size: f64,
    half_life: f64,
    slope: f64,
}

/// So many curves within a run of so many seconds, by birth.
pub(crate) fn curves(seed: u64, tweets: usize, seconds: u32) -> Vec<Curve> {
    let mut random = Random::new(seed);
    let end = f64::from(seconds);
    let mut births: Vec<f64> = (0..tweets).map(|_| birth(&mut random, end)).collect();
    births.sort_by(f64::total_cmp);
    births.into_iter().map(|birth| curve(&mut random, birth, end)).collect()
}

fn birth(random: &mut Random, end: f64) -> f64 {
    loop {
        let moment = random.unit() * (end - HOUR);
        if random.happens(daylight(moment) / 1.6) {
            return moment;
        }
    }
}

/// How awake the world is: 1 on average, most at 15:00.
fn daylight(moment: f64) -> f64 {
    1.0 + 0.6 * ((moment / DAY - 15.0 / 24.0) * std::f64::consts::TAU).cos()
}

fn curve(random: &mut Random, birth: f64, end: f64) -> Curve {
    let waves = waves(random, birth);
    let deleted = if random.happens(1.0 / 30.0) { birth + MINUTE + random.wait(4.0 * DAY) } else { end };
    let last = deleted.min(end);
    let mut points = vec![(birth as u32, 1.0)];
    let (mut now, mut value) = (birth, 1.0);
    while now < last {
        let since = waves.iter().map(|wave| now - wave.start).filter(|since| *since >= 0.0).fold(f64::MAX, f64::min);
        let next_wave = waves.iter().map(|wave| wave.start).filter(|start| *start > now + 1.0).fold(last, f64::min);
        let then = (now + (0.05 * since).clamp(MINUTE, HOUR)).min(next_wave).min(last);
        let expected: f64 = waves.iter().map(|wave| wave.by(then) - wave.by(now)).sum();
        let expected = expected * daylight(now) * random.lognormal(0.88, 0.5);
        value += random.count(expected);
        now = then;
        if now as u32 > points[points.len() - 1].0 {
            points.push((now as u32, value));
        }
    }
    Curve::new(points.into_iter())
}

fn waves(random: &mut Random, birth: f64) -> Vec<Wave> {
    let size = random.lognormal(400.0, 1.7).max(5.0);
    let first = match random.happens(0.1) {
        true => Wave { start: birth, size, half_life: random.lognormal(12.0 * HOUR, 0.5), slope: 0.8 },
        false => {
            let slope = (1.3 + 0.25 * random.normal()).clamp(0.9, 2.0);
            Wave { start: birth, size, half_life: random.lognormal(80.0 * MINUTE, 0.5), slope }
        }
    };
    let mut waves = vec![first];
    let mut again = |random: &mut Random, size: f64| {
        // From six hours to 25 days after birth, early ones oftener.
        let start = birth + 6.0 * HOUR * 100.0f64.powf(random.unit());
        waves.push(Wave { start, size, half_life: random.lognormal(3.0 * HOUR, 0.4), slope: 1.5 });
    };
    if random.happens(0.125) {
        let part = random.lognormal(0.7, 0.8);
        again(random, size * part);
    }
    if random.happens(0.02) {
        let times = 12.0 + 8.0 * random.unit();
        again(random, size * times);
    }
    waves
}

impl Wave {
    /// What it has brought by then.
    fn by(&self, now: f64) -> f64 {
        let age = ((now - self.start) / self.half_life).max(0.0).powf(self.slope);
        self.size * age / (1.0 + age)
    }
}
