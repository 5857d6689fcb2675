//! Scenarios of a day: a price model, paths sampled from it, fewer that stand for all, and what rivals may ask.
