//! Discrete-event engine: the world, the policies that decide in it, and the loop that moves it.

pub mod engine;
pub mod forecast;
pub mod policies;
pub mod world;
