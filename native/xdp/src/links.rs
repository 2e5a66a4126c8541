//! What joins a program to devices.
//!
//! Where there is a BPF file system, each link has a name there: when this process dies, the program goes on, and the next
//! process puts its own in its place without a moment between.

use crate::kept::Names;
use crate::loading::told;
use aya::programs::links::{FdLink, PinnedLink};
use aya::programs::tc::{SchedClassifierLink, TcAttachType, qdisc_add_clsact};
use aya::programs::xdp::XdpLink;
use aya::programs::{SchedClassifier, Xdp, XdpFlags};
use std::ffi::CStr;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

const NAMES: [&str; 3] = ["xdp", "generic", "tc"];

/// What holds a program to a device; it lets go when it is dropped, unless a name holds it too.
#[expect(dead_code, reason = "held, and let go of")]
enum Link {
    Received(XdpLink),
    Classified(SchedClassifierLink),
    Named(FdLink, PathBuf),
}

/// The links of one program.
#[derive(Default)]
pub struct Links {
    held: Vec<Link>,
    names: Option<Arc<Names>>,
}

/// The link that an earlier process left; those of other hooks are taken away.
fn left(names: &Names, device: u32, hook: &str) -> Option<FdLink> {
    for other in NAMES.iter().filter(|name| **name != hook) {
        let _ = std::fs::remove_file(names.link(device, other));
    }
    PinnedLink::from_pin(names.link(device, hook)).ok().map(FdLink::from)
}

fn name_of(device: u32) -> io::Result<String> {
    let mut name = [0; libc::IF_NAMESIZE];
    // SAFETY: the buffer is as long as a name may be.
    if unsafe { libc::if_indextoname(device, name.as_mut_ptr()) }.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel ends it with a zero.
    Ok(unsafe { CStr::from_ptr(name.as_ptr()) }.to_string_lossy().into_owned())
}

impl Links {
    /// Links with names, where there are some.
    pub fn named(names: Option<Arc<Names>>) -> Self {
        Self { held: Vec::new(), names }
    }

    /// Whether the program stays when this process dies.
    pub fn stay(&self) -> bool {
        !self.held.is_empty() && self.held.iter().all(|link| matches!(link, Link::Named(..)))
    }

    /// Has a device's packets meet the program as they are received: in its driver, or `generic` right after it.
    pub fn receive(&mut self, program: &mut Xdp, device: u32, generic: bool) -> io::Result<()> {
        let hook = if generic { "generic" } else { "xdp" };
        let earlier = self.names.as_ref().and_then(|names| XdpLink::try_from(left(names, device, hook)?).ok());
        let replaced = earlier.and_then(|link| program.attach_to_link(link).ok());
        let flags = if generic { XdpFlags::SKB_MODE } else { XdpFlags::DRV_MODE };
        let place = self.free(device, hook, replaced.is_some());
        let link = match replaced {
            Some(link) => Ok(link),
            None => program.attach_to_if_index(device, flags),
        };
        let link = link.and_then(|link| program.take_link(link)).map_err(|error| told(&error))?;
        self.held.push(match place {
            Some(place) => hold(FdLink::try_from(link).map_err(|error| told(&error))?, place)?,
            None => Link::Received(link),
        });
        Ok(())
    }

    /// Has a device's packets meet the program where the host's stack begins.
    pub fn classify(&mut self, program: &mut SchedClassifier, device: u32) -> io::Result<()> {
        let earlier =
            self.names.as_ref().and_then(|names| SchedClassifierLink::try_from(left(names, device, "tc")?).ok());
        let replaced = earlier.and_then(|link| program.attach_to_link(link).ok());
        let place = self.free(device, "tc", replaced.is_some());
        let name = name_of(device)?;
        let link = match replaced {
            Some(link) => Ok(link),
            None => {
                let _ = qdisc_add_clsact(&name); // kernels before 6.6 need it; it may be there
                program.attach(&name, TcAttachType::Ingress)
            }
        };
        let link = link.and_then(|link| program.take_link(link)).map_err(|error| told(&error))?;
        self.held.push(match place {
            Some(place) => hold(FdLink::try_from(link).map_err(|error| told(&error))?, place)?,
            None => Link::Classified(link),
        });
        Ok(())
    }

    /// The name for a link: what is there and was not replaced is in nobody's use.
    fn free(&self, device: u32, hook: &str, replaced: bool) -> Option<PathBuf> {
        let place = self.names.as_ref()?.link(device, hook);
        if !replaced {
            let _ = std::fs::remove_file(&place);
        }
        Some(place)
    }

    /// Leaves the program where it has a name, for the next process to take over.
    pub fn leave(&mut self) {
        self.held.clear();
    }

    /// Takes the program from every device.
    pub fn detach(&mut self) {
        for link in self.held.drain(..) {
            if let Link::Named(_, place) = link {
                let _ = std::fs::remove_file(place);
            }
        }
    }
}

/// A link with its name, the one it has already or a new one.
fn hold(link: FdLink, place: PathBuf) -> io::Result<Link> {
    if place.exists() {
        return Ok(Link::Named(link, place));
    }
    let pinned = link.pin(&place).map_err(|error| told(&error))?;
    Ok(Link::Named(pinned.into(), place))
}
