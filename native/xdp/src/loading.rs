//! A compiled object in the kernel: its maps and programs by name.

use aya::maps::{Map, MapData};
use aya::programs::{ProgramFd, SchedClassifier, Xdp};
use aya::{Ebpf, EbpfLoader};
use std::error::Error;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

/// What the whole chain of an error says, as one that the glue can hand on.
pub fn told(error: &(dyn Error + 'static)) -> io::Error {
    let chain = std::iter::successors(Some(error), |&error: &&(dyn Error + 'static)| error.source());
    let errno = chain.clone().find_map(|error| error.downcast_ref::<io::Error>()?.raw_os_error());
    if errno == Some(libc::EPERM) {
        return io::Error::from_raw_os_error(libc::EPERM);
    }
    let mut parts: Vec<String> = chain.map(ToString::to_string).collect();
    parts.dedup();
    io::Error::other(parts.join(": "))
}

/// Loads an object, its maps as large as `sizes` says; those that are kept are, or get, names in the folder `kept`.
pub fn load(object: &[u8], sizes: &[(&str, u32)], kept: Option<&Path>) -> io::Result<Ebpf> {
    let mut loader = EbpfLoader::new();
    if let Some(kept) = kept {
        loader.map_pin_path(kept);
    }
    for (name, size) in sizes {
        loader.set_max_entries(name, *size);
    }
    loader.load(object).map_err(|error| told(&error))
}

fn missing(what: &str, name: &str) -> io::Error {
    io::Error::other(format!("no {what} {name}"))
}

/// The XDP program `name`, loaded and verified.
pub fn program<'a>(object: &'a mut Ebpf, name: &str) -> io::Result<&'a mut Xdp> {
    let found = object.program_mut(name).ok_or_else(|| missing("program", name))?;
    let program: &mut Xdp = found.try_into().map_err(|error: aya::programs::ProgramError| told(&error))?;
    if program.fd().is_err() {
        program.load().map_err(|error| told(&error))?;
    }
    Ok(program)
}

/// The program `name` for packets of the host's stack, loaded and verified.
pub fn classifier<'a>(object: &'a mut Ebpf, name: &str) -> io::Result<&'a mut SchedClassifier> {
    let found = object.program_mut(name).ok_or_else(|| missing("program", name))?;
    let program: &mut SchedClassifier = found.try_into().map_err(|error: aya::programs::ProgramError| told(&error))?;
    if program.fd().is_err() {
        program.load().map_err(|error| told(&error))?;
    }
    Ok(program)
}

/// The descriptor of a loaded program.
pub fn descriptor(fd: Result<&ProgramFd, aya::programs::ProgramError>) -> io::Result<OwnedFd> {
    fd.map_err(|error| told(&error))?.as_fd().try_clone_to_owned()
}

fn data(map: &Map) -> Option<&MapData> {
    match map {
        Map::Array(data) | Map::PerCpuArray(data) | Map::DevMap(data) | Map::ProgramArray(data) => Some(data),
        _ => None,
    }
}

/// The map `name`.
pub fn map<'a>(object: &'a Ebpf, name: &str) -> io::Result<BorrowedFd<'a>> {
    let found = object.map(name).and_then(data).ok_or_else(|| missing("map", name))?;
    Ok(found.fd().as_fd())
}
