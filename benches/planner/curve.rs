//! The truth: how many impressions a tweet has at each second of its life. The planner never sees this, only what a read returns.

/// A tweet's impressions over time: straight lines between points.
#[derive(Clone, Debug)]
pub(crate) struct Curve {
    /// Seconds of the run, ascending; the first is the tweet's birth, the last the end of what is known: deletion or the run's end.
    times: Vec<u32>,
    values: Vec<f64>,
    /// For each point, the integral of 1 / value from birth up to it.
    inverse: Vec<f64>,
    /// It never falls.
    ascends: bool,
}

/// A tweet that has grown tenfold within a day, after its first day.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spike {
    /// When its numbers had doubled.
    pub(crate) doubled: u32,
}

const DAY: u32 = 86_400;

impl Curve {
    /// A curve through these points, of which there are two or more, in ascending order of time. A true count of zero is taken for
    /// one, so that a relative error exists.
    pub(crate) fn new(points: impl Iterator<Item = (u32, f64)>) -> Self {
        let (times, values): (Vec<u32>, Vec<f64>) = points.map(|(time, value)| (time, value.max(1.0))).unzip();
        let mut inverse = Vec::with_capacity(times.len());
        let mut sum = 0.0;
        for index in 0..times.len() {
            if index > 0 {
                sum += reciprocal(times[index] - times[index - 1], values[index - 1], values[index]);
            }
            inverse.push(sum);
        }
        let ascends = values.windows(2).all(|pair| pair[0] <= pair[1]);
        Self { times, values, inverse, ascends }
    }

    /// The tweet's birth.
    pub(crate) fn begin(&self) -> u32 {
        self.times[0]
    }

    /// Where its watched life ends.
    pub(crate) fn end(&self) -> u32 {
        self.times[self.times.len() - 1]
    }

    /// Impressions at this second.
    pub(crate) fn at(&self, time: u32) -> f64 {
        let next = self.times.partition_point(|known| *known <= time);
        match next {
            0 => self.values[0],
            next if next == self.times.len() => self.values[next - 1],
            next => {
                let (from, to) = (self.times[next - 1], self.times[next]);
                let part = f64::from(time - from) / f64::from(to - from);
                self.values[next - 1] + part * (self.values[next] - self.values[next - 1])
            }
        }
    }

    /// Seconds between these two moments, each weighted with |shown − true| / true.
    pub(crate) fn error(&self, shown: f64, from: u32, to: u32) -> f64 {
        if to <= from {
            return 0.0;
        }
        let seconds = f64::from(to - from);
        if self.ascends && shown <= self.at(from) {
            return (seconds - shown * (self.inverse_at(to) - self.inverse_at(from))).max(0.0);
        }
        // What falls is rare: stretch by stretch.
        let inner = self.times.iter().copied().filter(|time| *time > from && *time < to);
        let mut begin = from;
        let mut sum = 0.0;
        for end in inner.chain([to]) {
            let middle = self.at(begin + (end - begin) / 2);
            sum += f64::from(end - begin) * (shown - middle).abs() / middle;
            begin = end;
        }
        sum
    }

    fn inverse_at(&self, time: u32) -> f64 {
        let index = self.times.partition_point(|known| *known <= time).max(1) - 1;
        let (from, value) = (self.times[index], self.values[index]);
        self.inverse[index] + reciprocal(time.saturating_sub(from), value, self.at(time))
    }

    /// The first time, after its first day, that it grew tenfold within a day.
    pub(crate) fn spike(&self) -> Option<Spike> {
        let after = self.times.iter().copied().filter(|time| *time >= self.begin() + 2 * DAY);
        let base = after.map(|time| (time, self.at(time - DAY))).find(|(time, base)| self.at(*time) >= 10.0 * base);
        let (top, base) = base?;
        let doubled = (top - DAY..=top).step_by(60).find(|time| self.at(*time) >= 2.0 * base)?;
        Some(Spike { doubled })
    }
}

/// The integral of 1 / value over a straight line.
fn reciprocal(seconds: u32, from: f64, to: f64) -> f64 {
    let slope = to - from;
    if slope.abs() < 1e-9 * from { f64::from(seconds) / from } else { f64::from(seconds) * (to / from).ln() / slope }
}
