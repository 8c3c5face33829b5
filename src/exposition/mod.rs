//! From numbers to bytes: the text of the families, its compression, the choice of a format. Built when data changes, not when
//! somebody scrapes.

mod page;

pub use page::{Page, Segment};
