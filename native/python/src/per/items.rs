//! What the engine encodes: borrowed Python objects.
use super::{CRITICALITIES, Schema};
use crate::class::Class;
use freehold_per::{self as per, BitString, Criticality, NodeId, Wrong};
use pyo3::ffi;
use pyo3::prelude::*;

pub(super) type Item = *mut ffi::PyObject;

/// What the engine encodes: borrowed Python objects, all kept alive by the one that was given.
pub(super) struct Shown<'s, 'py> {
    pub(super) py: Python<'py>,
    pub(super) schema: &'s Schema,
}

#[inline]
pub(super) fn exactly(item: Item, class: *mut ffi::PyTypeObject) -> bool {
    // SAFETY: `item` is a live object.
    unsafe { ffi::Py_TYPE(item) == class }
}

#[inline]
pub(super) fn tuple_count(item: Item) -> Option<usize> {
    // SAFETY: the size is asked of a tuple only.
    unsafe { (ffi::PyTuple_Check(item) != 0).then(|| ffi::PyTuple_Size(item) as usize) }
}

/// Borrowed items of a pair.
#[inline]
pub(super) fn pair(item: Item) -> Option<(Item, Item)> {
    // SAFETY: it is a tuple of two.
    (tuple_count(item) == Some(2)).then(|| unsafe { (ffi::PyTuple_GetItem(item, 0), ffi::PyTuple_GetItem(item, 1)) })
}

#[inline]
pub(super) fn bytes_of<'a>(item: Item) -> Option<&'a [u8]> {
    // SAFETY: the buffer of a bytes object lives as long as it; the encoder drops it before its caller's values can go.
    unsafe {
        (ffi::PyBytes_Check(item) != 0).then(|| {
            std::slice::from_raw_parts(
                ffi::PyBytes_AsString(item).cast::<u8>().cast_const(),
                ffi::PyBytes_Size(item) as usize,
            )
        })
    }
}

#[inline]
pub(super) fn text_of<'a>(item: Item) -> Option<&'a str> {
    // SAFETY: as in `bytes_of`; Python hands out UTF-8.
    unsafe {
        if ffi::PyUnicode_Check(item) == 0 {
            return None;
        }
        let mut size = 0;
        let data = ffi::PyUnicode_AsUTF8AndSize(item, &mut size);
        if data.is_null() {
            ffi::PyErr_Clear();
            return None;
        }
        Some(std::str::from_utf8_unchecked(std::slice::from_raw_parts(data.cast::<u8>(), size as usize)))
    }
}

#[inline]
pub(super) fn integer_of(item: Item) -> Result<i64, Wrong> {
    // SAFETY: asked of an int only; an overflow is cleared.
    unsafe {
        if !exactly(item, &raw mut ffi::PyLong_Type) && (ffi::PyLong_Check(item) == 0 || ffi::PyBool_Check(item) != 0) {
            return Err("an int is expected");
        }
        let value = ffi::PyLong_AsLongLong(item);
        if value == -1 && !ffi::PyErr_Occurred().is_null() {
            ffi::PyErr_Clear();
            return Err("a number of more than 63 bits");
        }
        Ok(value)
    }
}

/// None where it is negative or of more than 64 bits.
#[inline]
pub(super) fn unsigned_of(item: Item) -> Result<Option<u64>, Wrong> {
    // SAFETY: asked of an int only; an overflow is cleared.
    unsafe {
        if ffi::PyLong_Check(item) == 0 {
            return Err("an int is expected");
        }
        let value = ffi::PyLong_AsUnsignedLongLong(item);
        if value == u64::MAX && !ffi::PyErr_Occurred().is_null() {
            ffi::PyErr_Clear();
            return Ok(None);
        }
        Ok(Some(value))
    }
}

pub(super) fn criticality_of(item: Item) -> Result<Criticality, Wrong> {
    let index = text_of(item).and_then(|name| CRITICALITIES.iter().position(|each| *each == name));
    index.and_then(|index| Criticality::from_index(index as u64)).ok_or("a criticality is expected")
}

impl per::Source for Shown<'_, '_> {
    type Item = Item;
    type Frame = (Item, *const Class);

    #[inline]
    fn integer(&self, item: Item) -> Result<i64, Wrong> {
        integer_of(item)
    }

    fn unsigned(&self, item: Item) -> Result<u64, Wrong> {
        unsigned_of(item)?.ok_or("a number of more than 64 bits")
    }

    fn boolean(&self, item: Item) -> Result<bool, Wrong> {
        // SAFETY: True and False are single objects.
        unsafe {
            match item {
                _ if item == ffi::Py_True() => Ok(true),
                _ if item == ffi::Py_False() => Ok(false),
                _ => Err("a bool is expected"),
            }
        }
    }

    fn bits(&self, item: Item) -> Result<BitString, Wrong> {
        let (value, count) = pair(item).ok_or("(value, number of bits) is expected")?;
        let count = usize::try_from(integer_of(count)?).map_err(|_| "a negative number of bits")?;
        match unsigned_of(value)? {
            Some(short) if count < 64 && short >> count != 0 => Err("a BIT STRING's value does not fit its bits"),
            Some(short) if count <= 64 => Ok(BitString::Short(short, count as u32)),
            _ if count <= 64 || count > 1 << 24 => Err("a BIT STRING's value does not fit its bits"),
            _ => self.long_bits(value, count),
        }
    }

    #[inline]
    fn octets(&self, item: Item) -> Option<&[u8]> {
        bytes_of(item)
    }

    fn is_bits(&self, item: Item) -> bool {
        pair(item).is_some_and(|(value, _)| integer_of(value).is_ok())
    }

    fn text(&self, item: Item) -> Result<&str, Wrong> {
        text_of(item).ok_or("a str is expected")
    }

    fn oid(&self, item: Item) -> Result<Vec<u64>, Wrong> {
        let arcs = (0..self.count(item)?)
            .map(|index| u64::try_from(integer_of(self.at(item, index)?)?).map_err(|_| "a negative arc"));
        arcs.collect()
    }

    #[inline]
    fn name(&self, item: Item, names: &[per::NameId]) -> Option<usize> {
        let same = names.iter().position(|name| self.schema.names[*name as usize].as_ptr() == item);
        same.or_else(|| {
            let text = text_of(item)?;
            names.iter().position(|name| *self.schema.schema.names[*name as usize] == *text)
        })
    }

    fn unknown_name(&self, item: Item) -> Result<usize, Wrong> {
        let index = text_of(item).and_then(|text| text.strip_prefix("unknown:")?.parse().ok());
        index.ok_or("a name the schema does not know")
    }

    #[inline]
    fn choice(&self, item: Item) -> Result<(Item, Item), Wrong> {
        pair(item).ok_or("(name, value) is expected")
    }

    fn unknown_choice(&self, item: Item) -> Option<(usize, &[u8])> {
        let (index, octets) = pair(item)?;
        Some((usize::try_from(integer_of(index).ok()?).ok()?, bytes_of(octets)?))
    }

    fn unknown_ie(&self, item: Item) -> Result<(u16, Criticality, &[u8]), Wrong> {
        let class = &self.schema.kit.unknown_ie;
        if !class.is_class_of(item) {
            return Err("an UnknownIe is expected");
        }
        let id = u16::try_from(integer_of(class.field(item, 0))?).map_err(|_| "an IE id of more than 16 bits")?;
        Ok((id, criticality_of(class.field(item, 1))?, bytes_of(class.field(item, 2)).ok_or("octets are expected")?))
    }

    fn unknown_extension(&self, item: Item) -> Result<(i64, &[u8]), Wrong> {
        let (index, octets) = pair(item).ok_or("(index, octets) is expected")?;
        Ok((integer_of(index)?, bytes_of(octets).ok_or("octets are expected")?))
    }

    #[inline]
    fn count(&self, item: Item) -> Result<usize, Wrong> {
        // SAFETY: the size is asked of a list only.
        if unsafe { ffi::PyList_Check(item) } != 0 {
            return Ok(unsafe { ffi::PyList_Size(item) } as usize);
        }
        tuple_count(item).ok_or("a list is expected")
    }

    #[inline]
    fn at(&self, item: Item, index: usize) -> Result<Item, Wrong> {
        // SAFETY: `item` is a list or tuple, as `count` found; an index beyond its end gives null and an error, cleared.
        unsafe {
            let index = index as ffi::Py_ssize_t;
            let found = if ffi::PyList_Check(item) != 0 {
                ffi::PyList_GetItem(item, index)
            } else {
                ffi::PyTuple_GetItem(item, index)
            };
            if found.is_null() {
                ffi::PyErr_Clear();
                return Err("a list that changed");
            }
            Ok(found)
        }
    }

    #[inline]
    fn open(&self, item: Item, structure: NodeId) -> Result<Self::Frame, Wrong> {
        let class = self.schema.classes[structure as usize].get(self.py);
        match class {
            Some(class) if class.is_class_of(item) => Ok((item, std::ptr::from_ref(class))),
            _ => Err("a value of another class is expected"),
        }
    }

    #[inline]
    fn field(&self, frame: Self::Frame, slot: u32) -> Option<Item> {
        // SAFETY: the class outlives the encoder; `open` checked that the item is of it.
        let value = unsafe { &*frame.1 }.field(frame.0, slot as usize);
        // SAFETY: None is a single object; a slot that was never set is null.
        (!value.is_null() && value != unsafe { ffi::Py_None() }).then_some(value)
    }

    fn equals(&self, item: Item, default: &per::Default) -> bool {
        match default {
            per::Default::Int(value) => integer_of(item) == Ok(*value),
            per::Default::Bool(value) => self.boolean(item) == Ok(*value),
            per::Default::Text(name) => self.name(item, &[*name]).is_some(),
        }
    }
}

impl Shown<'_, '_> {
    fn long_bits(&self, value: Item, count: usize) -> Result<BitString, Wrong> {
        if !exactly(value, &raw mut ffi::PyLong_Type) {
            return Err("an int is expected");
        }
        // SAFETY: a borrowed, live int; of that very class, so that shifting it runs no code of its own.
        let value = unsafe { Bound::from_borrowed_ptr(self.py, value) };
        let fits = "a BIT STRING's value does not fit its bits";
        let unused = count.wrapping_neg() % 8;
        let shifted = if unused == 0 { value } else { value.lshift(unused).map_err(|_| fits)? };
        let octets =
            self.schema.kit.to_bytes.bind(self.py).call1((shifted, count.div_ceil(8), "big")).map_err(|_| fits)?;
        Ok(BitString::Long(octets.extract::<Vec<u8>>().map_err(|_| fits)?, count))
    }
}
