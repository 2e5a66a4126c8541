//! What the program counts on each interface: bpf/records.h is the same in C.

use crate::loading::told;
use crate::sys::{lookup_each, update_each};
use aya::maps::{MapData, MapInfo, MapType};
use aya::programs::{ProgramInfo, SchedClassifier, TcAttachType, loaded_programs};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};

pub const MAP: &str = "INTERFACES";
pub const PORTS: usize = 2;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
struct One {
    device: u32,
    unused: u32,
    passed: u64,
    dropped: u64,
    redirected: [u64; PORTS],
}

/// What one processor counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Interfaces([One; PORTS]);

/// Packets of one interface: the first three are what was received, the last what others gave it to send.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Passage {
    pub device: u32,
    /// Gone up to the host.
    pub passed: u64,
    pub dropped: u64,
    pub redirected: u64,
    pub transmitted: u64,
}

/// Has the program count what device `device` receives as port `number`'s; counts of another device begin anew.
pub fn name(map: BorrowedFd<'_>, number: u32, device: u32) -> io::Result<()> {
    let mut each: Vec<Interfaces> = lookup_each(map, 0)?;
    let place = number as usize;
    if place >= PORTS || each.iter().all(|one| one.0[place].device == device) {
        return Ok(());
    }
    for one in &mut each {
        one.0[place] = One { device, ..One::default() };
        one.0.iter_mut().for_each(|other| other.redirected[place] = 0);
    }
    update_each(map, 0, &each)
}

fn passages(each: &[Interfaces]) -> Vec<Passage> {
    let total = |count: &dyn Fn(&Interfaces) -> u64| each.iter().map(count).sum();
    let one = |place: usize| Passage {
        device: each.first().map_or(0, |one| one.0[place].device),
        passed: total(&|one| one.0[place].passed),
        dropped: total(&|one| one.0[place].dropped),
        redirected: total(&|one| one.0[place].redirected.iter().sum()),
        transmitted: total(&|one| one.0.iter().map(|from| from.redirected[place]).sum()),
    };
    (0..PORTS).map(one).filter(|one| one.device != 0).collect()
}

fn is_counts(map: &MapInfo) -> bool {
    map.name_as_str() == Some(MAP)
        && map.map_type().is_ok_and(|kind| kind == MapType::PerCpuArray)
        && map.value_size() as usize == size_of::<Interfaces>()
}

fn counted(program: &ProgramInfo) -> io::Result<Vec<Passage>> {
    for id in program.map_ids().map_err(|error| told(&error))?.unwrap_or_default() {
        let Ok(info) = MapInfo::from_id(id) else { continue };
        if is_counts(&info) {
            let map = MapData::from_id(id).map_err(|error| told(&error))?;
            return Ok(passages(&lookup_each::<Interfaces>(map.fd().as_fd(), 0)?));
        }
    }
    Ok(Vec::new())
}

/// What every one of these programs of ours counted, whoever loaded it; other programs count nothing.
pub fn passages_of(programs: &[u32]) -> io::Result<Vec<Passage>> {
    let mut found = Vec::new();
    for program in loaded_programs() {
        let program = program.map_err(|error| told(&error))?;
        if programs.contains(&program.id()) {
            found.extend(counted(&program)?);
        }
    }
    Ok(found)
}

/// The programs at the beginning of the host's stack for an interface of this thread's namespace; before Linux 6.6 none.
pub fn classifiers(name: &str) -> Vec<u32> {
    let found = SchedClassifier::query_tcx(name, TcAttachType::Ingress);
    found.map_or_else(|_| Vec::new(), |(_, programs)| programs.iter().map(ProgramInfo::id).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_counts_are_laid_out_then_they_are_those_of_the_program() {
        assert_eq!(size_of::<Interfaces>(), 80);
    }

    #[test]
    fn when_processors_counted_then_what_one_port_got_is_what_both_gave_it() {
        let counts = |device, passed, redirected| One { device, passed, redirected, ..One::default() };
        let each = [
            Interfaces([counts(3, 1, [0, 5]), counts(7, 2, [4, 0])]),
            Interfaces([counts(3, 10, [0, 1]), counts(7, 0, [0, 2])]),
        ];
        let n3 = Passage { device: 3, passed: 11, dropped: 0, redirected: 6, transmitted: 4 };
        let n6 = Passage { device: 7, passed: 2, dropped: 0, redirected: 6, transmitted: 8 };
        assert_eq!(passages(&each), [n3, n6]);
    }
}
