//! What outlives a process: names of links and maps in a BPF file system, in a folder that one process locks.

use aya::maps::{MapData, MapInfo};
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

/// A folder of names that is this process's alone: its lock ends with the process.
#[derive(Debug)]
pub struct Names {
    folder: PathBuf,
    _lock: File,
}

/// A map as it has to be: its name, the octets of a value, how many.
pub type Shape = (&'static str, usize, u32);

impl Names {
    /// None where there is no BPF file system, or where another process that lives has the folder.
    pub fn new(folder: &Path) -> Option<Self> {
        std::fs::create_dir_all(folder).ok()?;
        let lock = File::open(folder).ok()?;
        // SAFETY: a descriptor that is open.
        let locked = unsafe { libc::flock(lock.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } == 0;
        let names = locked.then(|| Self { folder: folder.to_owned(), _lock: lock })?;
        std::fs::create_dir_all(names.maps()).ok()?;
        Some(names)
    }

    /// The name of a link.
    pub fn link(&self, device: u32, hook: &str) -> PathBuf {
        self.folder.join(format!("{device}-{hook}"))
    }

    /// The folder of the maps' names.
    pub fn maps(&self) -> PathBuf {
        self.folder.join("maps")
    }

    /// Whether all maps that an earlier process left are there, each in the shape that this one needs.
    pub fn left(&self, shapes: &[Shape]) -> bool {
        shapes.iter().all(|(name, octets, count)| {
            let found = MapInfo::from_pin(self.maps().join(name));
            found.is_ok_and(|found| (found.value_size() as usize, found.max_entries()) == (*octets, *count))
        })
    }

    /// A map of theirs.
    pub fn map(&self, name: &str) -> io::Result<MapData> {
        MapData::from_pin(self.maps().join(name)).map_err(io::Error::other)
    }

    /// Takes the maps' names away: they go with the last program that has them.
    pub fn forget(&self) {
        for entry in std::fs::read_dir(self.maps()).into_iter().flatten().flatten() {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}
