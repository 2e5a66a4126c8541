//! The fast path in the kernel: loads the XDP program, fills its records, and reads what it counted.
//!
//! It only accelerates. Every packet the program does not take goes up to [`freehold_userplane::Upf`], which is complete.
mod datapath;
mod loading;
mod measure;
mod meters;
mod record;
mod sys;

pub use datapath::{Datapath, Plan};
pub use measure::{Measured, load_time, measure};
pub use meters::Meters;
pub use record::{Fast, Hop};
