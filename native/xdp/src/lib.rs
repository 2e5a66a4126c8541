//! The fast path in the kernel: loads the program, fills its records, and reads what it counted.
//!
//! It only accelerates. Every packet the program does not take goes up to [`freehold_userplane::Upf`], which is complete.
mod datapath;
mod hiding;
mod interfaces;
mod kept;
mod links;
mod live;
mod loading;
mod measure;
mod meters;
mod record;
mod settings;
mod sys;
mod way;

pub use datapath::{Datapath, Hook, Kept, Plan, Pool, Programs, left_seed};
pub use hiding::{Connection, Hiding};
pub use interfaces::{Passage, classifiers, passages_of};
pub use live::{Live, live};
pub use measure::{Load, Measured, Objects, load_time, measure};
pub use meters::Meters;
pub use record::Fast;
pub use way::{Hop, MOST_WAYS};
