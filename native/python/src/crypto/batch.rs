//! Glue of what takes many messages in one call. What is made is written in place: no copy but the one into it.
use super::{Octets, bytes, fixed, value_error};
use freehold_crypto::algorithms::{Authenticator, Cipher, Position};
use freehold_crypto::pdcp;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyTuple};

/// The messages of a batch, each with its COUNT.
struct Batch<'py>(Vec<(u32, Octets<'py>)>);

impl<'py> Batch<'py> {
    fn of(messages: &Bound<'py, PyList>) -> PyResult<Self> {
        let one = |item: Bound<'py, PyAny>| {
            let pair = item.cast_into::<PyTuple>()?;
            if pair.len() != 2 {
                return Err(PyValueError::new_err("a message is (COUNT, octets)"));
            }
            Ok((pair.get_item(0)?.extract()?, pair.get_item(1)?.cast_into()?))
        };
        Ok(Self(messages.iter().map(one).collect::<PyResult<_>>()?))
    }

    fn iter(&self) -> impl Iterator<Item = (u32, &[u8])> {
        self.0.iter().map(|(count, octets)| (*count, octets.as_bytes()))
    }
}

/// The octets of a bytes object to write, for the one who has just made it.
///
/// # Safety
/// Nobody else may have seen `made` yet, and it may not be written through two slices. An object of no or one octet
/// may be one that Python shares, so it must not be written at all.
unsafe fn fresh<'a>(made: &'a Octets<'_>) -> &'a mut [u8] {
    let length = made.as_bytes().len();
    // SAFETY: the object holds `length` initialised octets for as long as `made` lives, and only we know it.
    unsafe { std::slice::from_raw_parts_mut(pyo3::ffi::PyBytes_AsString(made.as_ptr()).cast(), length) }
}

#[pyfunction]
pub fn nea_batch<'py>(
    py: Python<'py>,
    algorithm: u8,
    key: &[u8],
    bearer: u8,
    direction: u8,
    messages: &Bound<'py, PyList>,
) -> PyResult<Bound<'py, PyList>> {
    let cipher = Cipher::new(algorithm, fixed("key", key)?).map_err(value_error)?;
    let (at, batch) = (Position::new(0, bearer, direction).map_err(value_error)?, Batch::of(messages)?);
    let made: Vec<_> = batch.iter().map(|(_, octets)| own(py, octets)).collect::<PyResult<_>>()?;
    // SAFETY: `own` made each object for us alone, it is taken once, and shown to Python only after the ciphering.
    let octets = made.iter().map(|made| unsafe { fresh(made) });
    cipher.apply_all(batch.iter().map(|(count, _)| at.with_count(count)).zip(octets));
    PyList::new(py, made)
}

/// A bytes object of our own with these octets; Python shares those of no and of one octet, so that of one is made by
/// a way that does not look for a shared one.
fn own<'py>(py: Python<'py>, octets: &[u8]) -> PyResult<Octets<'py>> {
    if octets.len() > 1 {
        return Ok(bytes(py, octets));
    }
    PyBytes::new_with(py, octets.len(), |out| {
        out.copy_from_slice(octets);
        Ok(())
    })
}

#[pyfunction]
pub fn nia_batch<'py>(
    py: Python<'py>,
    algorithm: u8,
    key: &[u8],
    bearer: u8,
    direction: u8,
    messages: &Bound<'py, PyList>,
) -> PyResult<Bound<'py, PyList>> {
    let authenticator = Authenticator::new(algorithm, fixed("key", key)?).map_err(value_error)?;
    let (at, batch) = (Position::new(0, bearer, direction).map_err(value_error)?, Batch::of(messages)?);
    let macs = authenticator.macs(batch.iter().map(|(count, octets)| (at.with_count(count), octets)));
    PyList::new(py, macs.iter().map(|mac| bytes(py, mac)))
}

/// One direction of a radio bearer: its algorithms, keys, identity and header lengths.
#[pyclass(frozen, module = "freehold._native.crypto")]
pub struct PdcpBearer(pdcp::Bearer);

/// Lengths of PDUs that are one after the other in octets, checked; each as the slice that it is.
fn apart<'a>(octets: &'a mut [u8], lengths: &[usize], counts: &[u32]) -> PyResult<Vec<(u32, &'a mut [u8])>> {
    let mut rest = octets;
    let mut pdus = Vec::with_capacity(lengths.len());
    for (length, count) in lengths.iter().zip(counts) {
        let (one, after) = rest.split_at_mut_checked(*length).ok_or_else(wrong_lengths)?;
        pdus.push((*count, one));
        rest = after;
    }
    if rest.is_empty() && lengths.len() == counts.len() { Ok(pdus) } else { Err(wrong_lengths()) }
}

fn wrong_lengths() -> PyErr {
    PyValueError::new_err("lengths are not those of the octets and of the COUNTs")
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

    fn protect<'py>(&self, py: Python<'py>, pdus: &Bound<'py, PyList>) -> PyResult<Bound<'py, PyList>> {
        let (batch, trailer) = (Batch::of(pdus)?, self.0.trailer());
        let out: Vec<_> = batch.iter().map(|(_, plain)| with_room(py, plain, trailer)).collect::<PyResult<_>>()?;
        // SAFETY: each object was made for us alone, is taken once, and is shown to Python only after this function.
        let octets = out.iter().map(|made| unsafe { fresh(made) });
        let mut jobs: Vec<_> = batch.0.iter().map(|(count, _)| *count).zip(octets).collect();
        py.detach(|| self.0.protect(&mut jobs)).map_err(value_error)?;
        PyList::new(py, out)
    }

    fn unprotect<'py>(&self, py: Python<'py>, pdus: &Bound<'py, PyList>) -> PyResult<Vec<Option<Octets<'py>>>> {
        let batch = Batch::of(pdus)?;
        let mut work: Vec<u8> = Vec::with_capacity(batch.iter().map(|(_, pdu)| pdu.len()).sum());
        batch.iter().for_each(|(_, pdu)| work.extend_from_slice(pdu));
        let (counts, lengths): (Vec<_>, Vec<_>) = batch.iter().map(|(count, pdu)| (count, pdu.len())).unzip();
        let mut jobs = apart(&mut work, &lengths, &counts)?;
        let right = py.detach(|| self.0.unprotect(&mut jobs));
        let plain = |octets: &[u8]| bytes(py, &octets[..octets.len() - self.0.trailer()]);
        Ok(right.into_iter().zip(&jobs).map(|(right, (_, octets))| right.then(|| plain(octets))).collect())
    }

    fn protect_joined<'py>(
        &self,
        py: Python<'py>,
        counts: Vec<u32>,
        lengths: Vec<usize>,
        octets: &[u8],
    ) -> PyResult<Octets<'py>> {
        let trailer = self.0.trailer();
        if lengths.iter().try_fold(0usize, |sum, length| sum.checked_add(*length)) != Some(octets.len()) {
            return Err(wrong_lengths());
        }
        let out = spread(py, octets, &lengths, trailer)?;
        let with_trailers: Vec<_> = lengths.iter().map(|length| length + trailer).collect();
        // SAFETY: the object was made for us alone, and is shown to Python only after this function.
        let mut jobs = apart(unsafe { fresh(&out) }, &with_trailers, &counts)?;
        py.detach(|| self.0.protect(&mut jobs)).map_err(value_error)?;
        Ok(out)
    }

    fn unprotect_joined<'py>(
        &self,
        py: Python<'py>,
        counts: Vec<u32>,
        lengths: Vec<usize>,
        octets: &[u8],
    ) -> PyResult<(Octets<'py>, Vec<bool>)> {
        let out = own(py, octets)?;
        // SAFETY: the object was made for us alone, and is shown to Python only after this function.
        let mut jobs = apart(unsafe { fresh(&out) }, &lengths, &counts)?;
        let right = py.detach(|| self.0.unprotect(&mut jobs));
        jobs.iter_mut().zip(&right).filter(|(_, right)| !**right).for_each(|((_, pdu), _)| pdu.fill(0));
        Ok((out, right))
    }
}

/// A PDU with zeros after it for its MAC-I.
fn with_room<'py>(py: Python<'py>, plain: &[u8], trailer: usize) -> PyResult<Octets<'py>> {
    if trailer == 0 {
        return own(py, plain);
    }
    PyBytes::new_with(py, plain.len() + trailer, |octets| {
        octets[..plain.len()].copy_from_slice(plain);
        Ok(())
    })
}

/// PDUs of these lengths, which are those of all octets, each with zeros after it for its MAC-I.
fn spread<'py>(py: Python<'py>, octets: &[u8], lengths: &[usize], trailer: usize) -> PyResult<Octets<'py>> {
    if trailer == 0 {
        return own(py, octets);
    }
    PyBytes::new_with(py, octets.len() + lengths.len() * trailer, |mut to| {
        let mut from = octets;
        for length in lengths {
            let (pdu, rest) = from.split_at(*length);
            let (place, after) = std::mem::take(&mut to).split_at_mut(length + trailer);
            place[..*length].copy_from_slice(pdu);
            (from, to) = (rest, after);
        }
        Ok(())
    })
}
