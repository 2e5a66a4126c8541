//! Glue of `freehold_crypto::pdcp`: a batch is one call, and the interpreter runs other threads meanwhile.
use super::{Octets, fixed, value_error};
use freehold_crypto::pdcp;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// One direction of a radio bearer: its algorithms, keys, identity and header lengths.
#[pyclass(frozen, module = "freehold._native.crypto")]
pub struct PdcpBearer(pdcp::Bearer);

type Pdus<'py> = Vec<(u32, Octets<'py>)>;

/// The octets of a bytes object to write, for the one who has just made it.
///
/// # Safety
/// Nobody else may have seen `made` yet, and it may not be written through two slices.
unsafe fn fresh<'a>(made: &'a Octets<'_>) -> &'a mut [u8] {
    let length = made.as_bytes().len();
    // SAFETY: the object holds `length` initialised octets for as long as `made` lives, and only we know it.
    unsafe { std::slice::from_raw_parts_mut(pyo3::ffi::PyBytes_AsString(made.as_ptr()).cast(), length) }
}

#[pymethods]
impl PdcpBearer {
    #[new]
    #[pyo3(signature = (ciphering, ciphering_key, integrity, integrity_key, bearer, direction, header, sdap=0))]
    #[allow(clippy::too_many_arguments)]
    fn new(
        ciphering: u8,
        ciphering_key: &[u8],
        integrity: Option<u8>,
        integrity_key: &[u8],
        bearer: u8,
        direction: u8,
        header: usize,
        sdap: usize,
    ) -> PyResult<Self> {
        let ciphering_key = fixed("ciphering key", ciphering_key)?;
        let integrity = match integrity {
            Some(identity) => Some((identity, fixed("integrity key", integrity_key)?)),
            None => None,
        };
        let made = pdcp::Configuration { ciphering, ciphering_key, integrity, bearer, direction, header, sdap };
        Ok(Self(pdcp::Bearer::new(&made).map_err(value_error)?))
    }

    fn protect<'py>(&self, py: Python<'py>, pdus: Pdus<'py>) -> PyResult<Vec<Octets<'py>>> {
        let trailer = self.0.trailer();
        let out: Vec<_> = pdus
            .iter()
            .map(|(_, pdu)| {
                let plain = pdu.as_bytes();
                PyBytes::new_with(py, plain.len() + trailer, |octets| {
                    octets[..plain.len()].copy_from_slice(plain);
                    Ok(())
                })
            })
            .collect::<PyResult<_>>()?;
        // SAFETY: each object was made above, is taken once, and is shown to Python only after this function.
        let octets = out.iter().map(|made| unsafe { fresh(made) });
        let mut jobs: Vec<_> = pdus.iter().map(|(count, _)| *count).zip(octets).collect();
        py.detach(|| self.0.protect(&mut jobs)).map_err(value_error)?;
        Ok(out)
    }

    fn unprotect<'py>(&self, py: Python<'py>, pdus: Pdus<'py>) -> Vec<Option<Octets<'py>>> {
        let mut work: Vec<u8> = Vec::with_capacity(pdus.iter().map(|(_, pdu)| pdu.as_bytes().len()).sum());
        pdus.iter().for_each(|(_, pdu)| work.extend_from_slice(pdu.as_bytes()));
        let mut rest = work.as_mut_slice();
        let mut jobs = Vec::with_capacity(pdus.len());
        for (count, pdu) in &pdus {
            let (one, after) = rest.split_at_mut(pdu.as_bytes().len());
            jobs.push((*count, one));
            rest = after;
        }
        let right = py.detach(|| self.0.unprotect(&mut jobs));
        let plain = |octets: &[u8]| PyBytes::new(py, &octets[..octets.len() - self.0.trailer()]);
        right.into_iter().zip(&jobs).map(|(right, (_, octets))| right.then(|| plain(octets))).collect()
    }
}
