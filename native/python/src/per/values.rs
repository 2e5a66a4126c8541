//! What the engine decodes to: Python objects.
use super::{CRITICALITIES, Schema};
use crate::class::Filling;
use freehold_per::{self as per, Criticality, NodeId, Stop};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyInt, PyList, PyString, PyTuple};
use std::borrow::Cow;

pub(super) fn criticality_name(py: Python<'_>, criticality: Criticality) -> Bound<'_, PyAny> {
    PyString::intern(py, CRITICALITIES[criticality as usize]).into_any()
}

pub(super) fn whole(py: Python<'_>, value: i64) -> Bound<'_, PyAny> {
    PyInt::new(py, value).into_any()
}

pub(super) fn tuple_of<'py, const N: usize>(
    py: Python<'py>,
    values: [Bound<'py, PyAny>; N],
) -> Result<Bound<'py, PyAny>, Stop> {
    // SAFETY: a new tuple of N empty places, each of which takes over one reference.
    unsafe {
        let tuple = ffi::PyTuple_New(N as ffi::Py_ssize_t);
        if tuple.is_null() {
            return Err(Stop::Builder);
        }
        for (place, value) in values.into_iter().enumerate() {
            ffi::PyTuple_SetItem(tuple, place as ffi::Py_ssize_t, value.into_ptr());
        }
        Ok(Bound::from_owned_ptr(py, tuple))
    }
}

/// What the engine builds: Python objects.
pub(super) struct Values<'s, 'py> {
    pub(super) py: Python<'py>,
    pub(super) schema: &'s Schema,
}

pub(super) struct Items<'py> {
    list: Bound<'py, PyAny>,
    filled: usize,
    count: usize,
}

impl<'s, 'py> per::Build for Values<'s, 'py> {
    type Value = Bound<'py, PyAny>;
    type Frame = Filling<'s, 'py>;
    type List = Items<'py>;

    #[inline]
    fn integer(&mut self, value: i64) -> Result<Self::Value, Stop> {
        // SAFETY: a new reference, or null without memory.
        unsafe { Bound::from_owned_ptr_or_opt(self.py, ffi::PyLong_FromLongLong(value)) }.ok_or(Stop::Builder)
    }

    fn unsigned(&mut self, value: u64) -> Result<Self::Value, Stop> {
        // SAFETY: as in `integer`.
        unsafe { Bound::from_owned_ptr_or_opt(self.py, ffi::PyLong_FromUnsignedLongLong(value)) }.ok_or(Stop::Builder)
    }

    fn boolean(&mut self, value: bool) -> Result<Self::Value, Stop> {
        Ok(pyo3::types::PyBool::new(self.py, value).to_owned().into_any())
    }

    fn null(&mut self) -> Result<Self::Value, Stop> {
        self.boolean(true)
    }

    #[inline]
    fn bits(&mut self, value: u64, count: u32) -> Result<Self::Value, Stop> {
        let value = self.unsigned(value)?;
        let count = self.integer(i64::from(count))?;
        tuple_of(self.py, [value, count])
    }

    fn long_bits(&mut self, octets: &[u8], count: usize) -> Result<Self::Value, Stop> {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digits = octets.iter().flat_map(|octet| [DIGITS[usize::from(octet >> 4)], DIGITS[usize::from(octet & 15)]]);
        let text = digits.chain(std::iter::once(0)).collect::<Vec<u8>>();
        // SAFETY: the digits end with a zero octet; a power of two as base has no limit of digits.
        let value = unsafe {
            Bound::from_owned_ptr_or_opt(
                self.py,
                ffi::PyLong_FromString(text.as_ptr().cast(), std::ptr::null_mut(), 16),
            )
        };
        let value = value.ok_or(Stop::Builder)?;
        let value = match octets.len() * 8 - count {
            0 => value,
            unused => value.rshift(unused).map_err(|_| Stop::Builder)?,
        };
        let count = self.integer(count as i64)?;
        tuple_of(self.py, [value, count])
    }

    #[inline]
    fn octets(&mut self, octets: &[u8]) -> Result<Self::Value, Stop> {
        // SAFETY: copies the octets; a new reference, or null without memory.
        let bytes = unsafe { ffi::PyBytes_FromStringAndSize(octets.as_ptr().cast(), octets.len() as ffi::Py_ssize_t) };
        unsafe { Bound::from_owned_ptr_or_opt(self.py, bytes) }.ok_or(Stop::Builder)
    }

    fn text(&mut self, text: &str) -> Result<Self::Value, Stop> {
        Ok(PyString::new(self.py, text).into_any())
    }

    fn oid(&mut self, arcs: &[u64]) -> Result<Self::Value, Stop> {
        PyTuple::new(self.py, arcs).map(Bound::into_any).map_err(|_| Stop::Builder)
    }

    #[inline]
    fn name(&mut self, name: per::NameId) -> Result<Self::Value, Stop> {
        Ok(self.schema.names[name as usize].bind(self.py).clone().into_any())
    }

    fn unknown_name(&mut self, index: usize) -> Result<Self::Value, Stop> {
        self.text(&format!("unknown:{index}"))
    }

    #[inline]
    fn choice(&mut self, name: per::NameId, value: Self::Value) -> Result<Self::Value, Stop> {
        let name = self.name(name)?;
        tuple_of(self.py, [name, value])
    }

    fn unknown_choice(&mut self, index: usize, octets: &[u8]) -> Result<Self::Value, Stop> {
        let value = tuple_of(self.py, [whole(self.py, index as i64), self.octets(octets)?])?;
        tuple_of(self.py, [PyString::intern(self.py, "unknown").into_any(), value])
    }

    fn unknown_single(&mut self, id: u16, criticality: Criticality, octets: &[u8]) -> Result<Self::Value, Stop> {
        let value = self.unknown_ie(id, criticality, octets)?;
        tuple_of(self.py, [PyString::intern(self.py, "unknown").into_any(), value])
    }

    #[inline]
    fn list(&mut self, count: usize) -> Result<Self::List, Stop> {
        // SAFETY: a new list whose places are filled before anyone sees it, or null without memory.
        let list = unsafe { Bound::from_owned_ptr_or_opt(self.py, ffi::PyList_New(count as ffi::Py_ssize_t)) };
        list.map(|list| Items { list, filled: 0, count }).ok_or(Stop::Builder)
    }

    #[inline]
    fn push(&mut self, items: &mut Self::List, value: Self::Value) -> Result<(), Stop> {
        // SAFETY: a place below `count` takes over the reference; beyond it the list grows by a copy of it.
        let failed = unsafe {
            if items.filled < items.count {
                ffi::PyList_SetItem(items.list.as_ptr(), items.filled as ffi::Py_ssize_t, value.into_ptr())
            } else {
                ffi::PyList_Append(items.list.as_ptr(), value.as_ptr())
            }
        };
        items.filled += 1;
        if failed == 0 { Ok(()) } else { Err(Stop::Builder) }
    }

    fn close_list(&mut self, items: Self::List) -> Result<Self::Value, Stop> {
        Ok(items.list)
    }

    #[inline]
    fn open(&mut self, structure: NodeId) -> Result<Self::Frame, Stop> {
        match self.schema.class(self.py, structure) {
            Ok(class) => class.begin(self.py).ok_or(Stop::Builder),
            Err(error) => {
                error.restore(self.py);
                Err(Stop::Builder)
            }
        }
    }

    #[inline]
    fn set(&mut self, frame: &mut Self::Frame, slot: u32, value: Self::Value) {
        frame.set(slot as usize, value);
    }

    #[inline]
    fn close(&mut self, frame: Self::Frame) -> Result<Self::Value, Stop> {
        Ok(frame.finish())
    }

    fn unknown_ies(&mut self, ies: &[(u16, Criticality, Cow<'_, [u8]>)]) -> Result<Self::Value, Stop> {
        let values = ies
            .iter()
            .map(|(id, criticality, octets)| self.unknown_ie(*id, *criticality, octets))
            .collect::<Result<Vec<_>, Stop>>()?;
        PyList::new(self.py, values).map(Bound::into_any).map_err(|_| Stop::Builder)
    }

    fn unknown_extensions(&mut self, extensions: &[(i64, Cow<'_, [u8]>)]) -> Result<Self::Value, Stop> {
        let values =
            extensions.iter().map(|(index, octets)| tuple_of(self.py, [whole(self.py, *index), self.octets(octets)?]));
        let values = values.collect::<Result<Vec<_>, Stop>>()?;
        PyList::new(self.py, values).map(Bound::into_any).map_err(|_| Stop::Builder)
    }
}

impl<'py> Values<'_, 'py> {
    fn unknown_ie(&mut self, id: u16, criticality: Criticality, octets: &[u8]) -> Result<Bound<'py, PyAny>, Stop> {
        let octets = per::Build::octets(self, octets)?;
        self.schema
            .kit
            .unknown_ie
            .build(self.py, [whole(self.py, id.into()), criticality_name(self.py, criticality), octets])
            .ok_or(Stop::Builder)
    }
}
