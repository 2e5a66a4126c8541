//! What joins a program to devices; who lets go of it takes the program away.

use crate::loading::told;
use aya::programs::tc::{SchedClassifierLink, TcAttachType, qdisc_add_clsact};
use aya::programs::xdp::XdpLink;
use aya::programs::{SchedClassifier, Xdp, XdpFlags};
use std::ffi::CStr;
use std::io;

/// The links of one program.
#[derive(Default)]
pub struct Links {
    receiving: Vec<XdpLink>,
    classifying: Vec<SchedClassifierLink>,
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
    /// Has a device's packets meet the program as they are received: in its driver, or `generic` right after it.
    pub fn receive(&mut self, program: &mut Xdp, device: u32, generic: bool) -> io::Result<()> {
        let flags = if generic { XdpFlags::SKB_MODE } else { XdpFlags::DRV_MODE };
        let link = program.attach_to_if_index(device, flags).and_then(|link| program.take_link(link));
        self.receiving.push(link.map_err(|error| told(&error))?);
        Ok(())
    }

    /// Has a device's packets meet the program where the host's stack begins.
    pub fn classify(&mut self, program: &mut SchedClassifier, device: u32) -> io::Result<()> {
        let name = name_of(device)?;
        let _ = qdisc_add_clsact(&name); // kernels before 6.6 need it; it may be there
        let link = program.attach(&name, TcAttachType::Ingress).and_then(|link| program.take_link(link));
        self.classifying.push(link.map_err(|error| told(&error))?);
        Ok(())
    }
}
