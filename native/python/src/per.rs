//! Python's values for the PER engine: instances are filled slot by slot, without a call, in the layout their class was found to have.
use freehold_per::{self as per, BitString, Criticality, Node, NodeId, Place, Stop, Wrong};
use pyo3::exceptions::{PyAttributeError, PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyDict, PyInt, PyList, PyString, PyTuple, PyType};
use std::borrow::Cow;
use std::collections::HashMap;
use std::ffi::c_void;
use std::sync::RwLock;

const CRITICALITIES: [&str; 3] = ["reject", "ignore", "notify"];
const KINDS: [&str; 3] = ["initiatingMessage", "successfulOutcome", "unsuccessfulOutcome"];

/// A class whose instances are made by writing their slots.
struct Class {
    class: Py<PyType>,
    allocate: ffi::allocfunc,
    offsets: Box<[usize]>,
    defaults: Box<[Py<PyAny>]>,
}

impl Class {
    /// Finds where an instance keeps each field: one is built of distinct objects, and they are looked for in its memory.
    fn new(class: Bound<'_, PyType>, fields: &[&str], defaults: Vec<Py<PyAny>>) -> PyResult<Self> {
        let py = class.py();
        let object = py.import("builtins")?.getattr("object")?;
        let marks = fields.iter().map(|_| object.call0()).collect::<PyResult<Vec<_>>>()?;
        let arguments = PyDict::new(py);
        for (field, mark) in fields.iter().zip(&marks) {
            arguments.set_item(field, mark)?;
        }
        let sample = class.call((), Some(&arguments))?;
        let words = class.getattr("__basicsize__")?.extract::<usize>()? / size_of::<usize>();
        let flags = unsafe { ffi::PyType_GetFlags(class.as_type_ptr()) };
        if flags & ffi::Py_TPFLAGS_HAVE_GC != 0 {
            return Err(PyTypeError::new_err(format!("{class} is tracked by the garbage collector")));
        }
        // SAFETY: an instance is at least __basicsize__ bytes of pointer-aligned memory; words are only compared, never followed.
        let memory = unsafe { std::slice::from_raw_parts(sample.as_ptr().cast::<usize>(), words) };
        let mut offsets = Vec::with_capacity(fields.len());
        for mark in &marks {
            let found = memory.iter().position(|word| *word == mark.as_ptr() as usize);
            offsets.push(found.ok_or_else(|| PyTypeError::new_err(format!("{class} has a layout that is not known")))?);
        }
        // SAFETY: every heap type has an allocation slot.
        let slot = unsafe { ffi::PyType_GetSlot(class.as_type_ptr(), ffi::Py_tp_alloc) };
        if slot.is_null() {
            return Err(PyTypeError::new_err(format!("{class} cannot be allocated")));
        }
        // SAFETY: Py_tp_alloc holds an allocfunc.
        let allocate = unsafe { std::mem::transmute::<*mut c_void, ffi::allocfunc>(slot) };
        Ok(Class { class: class.unbind(), allocate, offsets: offsets.into(), defaults: defaults.into() })
    }

    /// A class of `codecs.asn1.values`, its fields as it names them.
    fn known(class: &Bound<'_, PyAny>) -> PyResult<Self> {
        let class = class.cast::<PyType>()?.clone();
        let py = class.py();
        let fields = class.getattr("__struct_fields__")?.extract::<Vec<String>>()?;
        let defaults = fields.iter().map(|_| py.None()).collect();
        Class::new(class, &fields.iter().map(String::as_str).collect::<Vec<_>>(), defaults)
    }

    #[inline]
    fn pointer(&self) -> *mut ffi::PyTypeObject {
        self.class.as_ptr().cast()
    }

    #[inline]
    fn begin<'c, 'py>(&'c self, py: Python<'py>) -> Result<Filling<'c, 'py>, Stop> {
        // SAFETY: `allocate` is the class's own; it returns a new reference to zeroed memory, or null.
        let object = unsafe { Bound::from_owned_ptr_or_opt(py, (self.allocate)(self.pointer(), 0)) };
        object.map(|object| Filling { object, class: self }).ok_or(Stop::Builder)
    }

    fn build<'py, const N: usize>(
        &self,
        py: Python<'py>,
        values: [Bound<'py, PyAny>; N],
    ) -> Result<Bound<'py, PyAny>, Stop> {
        let mut filling = self.begin(py)?;
        values.into_iter().enumerate().for_each(|(slot, value)| filling.set(slot, value));
        Ok(filling.finish())
    }

    #[inline]
    fn is_class_of(&self, item: *mut ffi::PyObject) -> bool {
        // SAFETY: `item` is a live object.
        unsafe { ffi::Py_TYPE(item) == self.pointer() }
    }

    /// Borrowed field of an instance of exactly this class.
    #[inline]
    fn field(&self, item: *mut ffi::PyObject, slot: usize) -> *mut ffi::PyObject {
        // SAFETY: callers checked the class; the offset was found in its instances.
        unsafe { *item.cast::<*mut ffi::PyObject>().add(self.offsets[slot]) }
    }
}

/// An instance whose slots are being filled.
struct Filling<'c, 'py> {
    object: Bound<'py, PyAny>,
    class: &'c Class,
}

impl<'py> Filling<'_, 'py> {
    #[inline]
    fn set(&mut self, slot: usize, value: Bound<'py, PyAny>) {
        // SAFETY: the offset lies within the instance, which nothing else has seen yet; a value put twice is released.
        unsafe {
            let place = self.object.as_ptr().cast::<*mut ffi::PyObject>().add(self.class.offsets[slot]);
            let before = std::mem::replace(&mut *place, value.into_ptr());
            ffi::Py_XDECREF(before);
        }
    }

    #[inline]
    fn finish(self) -> Bound<'py, PyAny> {
        for (offset, default) in self.class.offsets.iter().zip(&self.class.defaults) {
            // SAFETY: as in `set`.
            unsafe {
                let place = self.object.as_ptr().cast::<*mut ffi::PyObject>().add(*offset);
                if (*place).is_null() {
                    ffi::Py_INCREF(default.as_ptr());
                    *place = default.as_ptr();
                }
            }
        }
        self.object
    }
}

/// The classes of `codecs.asn1.values`.
struct Kit {
    unknown_ie: Class,
    decoded: Class,
    fault: Class,
    header: Class,
    error: Py<PyAny>,
    nothing: Py<PyAny>,
    to_bytes: Py<PyAny>,
}

/// One ASN.1 protocol: its tables, and the Python classes made of them on first use.
#[pyclass(frozen, module = "freehold._native.per")]
struct Schema {
    schema: per::Schema,
    module: String,
    make_class: Py<PyAny>,
    kit: Kit,
    names: Box<[Py<PyString>]>,
    classes: Box<[PyOnceLock<Class>]>,
    by_type: RwLock<HashMap<usize, NodeId>>,
    messages: HashMap<NodeId, usize>,
    headers: Box<[Py<PyAny>]>,
    identifiers: Vec<(u16, Py<PyString>)>,
}

fn criticality_name(py: Python<'_>, criticality: Criticality) -> Bound<'_, PyAny> {
    PyString::intern(py, CRITICALITIES[criticality as usize]).into_any()
}

fn whole(py: Python<'_>, value: i64) -> Bound<'_, PyAny> {
    PyInt::new(py, value).into_any()
}

fn tuple_of<'py, const N: usize>(py: Python<'py>, values: [Bound<'py, PyAny>; N]) -> Result<Bound<'py, PyAny>, Stop> {
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
struct Values<'s, 'py> {
    py: Python<'py>,
    schema: &'s Schema,
}

struct Items<'py> {
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
        self.schema.class(self.py, structure).map_err(|_| Stop::Builder)?.begin(self.py)
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

    fn unknown_extensions(&mut self, extensions: &[(usize, Cow<'_, [u8]>)]) -> Result<Self::Value, Stop> {
        let values = extensions
            .iter()
            .map(|(index, octets)| tuple_of(self.py, [whole(self.py, *index as i64), self.octets(octets)?]));
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
    }
}

type Item = *mut ffi::PyObject;

/// What the engine encodes: borrowed Python objects, all kept alive by the one that was given.
struct Shown<'s, 'py> {
    py: Python<'py>,
    schema: &'s Schema,
}

#[inline]
fn exactly(item: Item, class: *mut ffi::PyTypeObject) -> bool {
    // SAFETY: `item` is a live object.
    unsafe { ffi::Py_TYPE(item) == class }
}

#[inline]
fn tuple_count(item: Item) -> Option<usize> {
    // SAFETY: the size is asked of a tuple only.
    unsafe { (ffi::PyTuple_Check(item) != 0).then(|| ffi::PyTuple_Size(item) as usize) }
}

/// Borrowed items of a pair.
#[inline]
fn pair(item: Item) -> Option<(Item, Item)> {
    // SAFETY: it is a tuple of two.
    (tuple_count(item) == Some(2)).then(|| unsafe { (ffi::PyTuple_GetItem(item, 0), ffi::PyTuple_GetItem(item, 1)) })
}

#[inline]
fn bytes_of<'a>(item: Item) -> Option<&'a [u8]> {
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
fn text_of<'a>(item: Item) -> Option<&'a str> {
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
fn integer_of(item: Item) -> Result<i64, Wrong> {
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
fn unsigned_of(item: Item) -> Result<Option<u64>, Wrong> {
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

fn criticality_of(item: Item) -> Result<Criticality, Wrong> {
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
        let index = text_of(item).and_then(|text| text.strip_prefix("unknown:")?.parse::<u16>().ok());
        index.map(usize::from).ok_or("a name the schema does not know")
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

    fn unknown_extension(&self, item: Item) -> Result<(usize, &[u8]), Wrong> {
        self.unknown_choice(item).ok_or("(index, octets) is expected")
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
        // SAFETY: a borrowed, live int.
        let value = unsafe { Bound::from_borrowed_ptr(self.py, value) };
        let fits = "a BIT STRING's value does not fit its bits";
        let unused = count.wrapping_neg() % 8;
        let shifted = if unused == 0 { value } else { value.lshift(unused).map_err(|_| fits)? };
        let octets =
            self.schema.kit.to_bytes.bind(self.py).call1((shifted, count.div_ceil(8), "big")).map_err(|_| fits)?;
        Ok(BitString::Long(octets.extract::<Vec<u8>>().map_err(|_| fits)?, count))
    }
}

impl Schema {
    /// The class of a structure, made on first use.
    #[inline]
    fn class(&self, py: Python<'_>, node: NodeId) -> PyResult<&Class> {
        match self.classes[node as usize].get(py) {
            Some(class) => Ok(class),
            None => self.classes[node as usize].get_or_try_init(py, || self.make(py, node)),
        }
    }

    #[cold]
    fn make(&self, py: Python<'_>, node: NodeId) -> PyResult<Class> {
        let structure = self.schema.structure(node).ok_or_else(|| PyTypeError::new_err("not a structure"))?;
        let mut defaults = Vec::with_capacity(structure.fields.len());
        let mut fields = Vec::with_capacity(structure.fields.len());
        for (field, (required, default)) in structure.fields.iter().zip(structure.requirements()) {
            let default = self.default(py, default);
            fields.push((&**field, required, default.clone_ref(py)));
            defaults.push(default);
        }
        let message = self.messages.get(&node).map(|at| {
            let message = &self.schema.messages[*at];
            (message.procedure_code, KINDS[message.kind as usize], CRITICALITIES[message.criticality as usize])
        });
        let class =
            self.make_class.bind(py).call1((&self.module, &*structure.name, fields, message))?.cast_into::<PyType>()?;
        let names = structure.fields.iter().map(|field| &**field).collect::<Vec<_>>();
        let made = Class::new(class, &names, defaults)?;
        self.by_type
            .write()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .insert(made.class.as_ptr() as usize, node);
        Ok(made)
    }

    fn default(&self, py: Python<'_>, default: Option<&per::Default>) -> Py<PyAny> {
        match default {
            None => py.None(),
            Some(per::Default::Int(value)) => whole(py, *value).unbind(),
            Some(per::Default::Bool(value)) => pyo3::types::PyBool::new(py, *value).to_owned().into_any().unbind(),
            Some(per::Default::Text(name)) => self.names[*name as usize].clone_ref(py).into_any(),
        }
    }

    fn node_of(&self, class: *mut ffi::PyTypeObject) -> Option<NodeId> {
        self.by_type.read().unwrap_or_else(|poisoned| poisoned.into_inner()).get(&(class as usize)).copied()
    }

    fn place(&self, place: Place) -> String {
        match self.schema.structure(place.structure) {
            Some(structure) => {
                format!("{}.{}", structure.name, structure.fields.get(place.slot as usize).map_or("", |field| field))
            }
            None => String::new(),
        }
    }

    fn fault<'py>(&self, py: Python<'py>, fault: &per::Fault) -> Result<Bound<'py, PyAny>, Stop> {
        let cause = match fault.cause {
            per::Cause::TransferSyntax => "transfer-syntax-error",
            per::Cause::AbstractSyntaxReject => "abstract-syntax-error-reject",
            per::Cause::AbstractSyntaxIgnoreAndNotify => "abstract-syntax-error-ignore-and-notify",
            per::Cause::FalselyConstructed => "abstract-syntax-error-falsely-constructed-message",
        };
        let error = fault.error.map(|error| match error {
            per::NotUnderstood::NotUnderstood => "not-understood",
            per::NotUnderstood::Missing => "missing",
        });
        let none = || py.None().into_bound(py);
        let text = |text: &str| PyString::intern(py, text).into_any();
        self.kit.fault.build(
            py,
            [
                text(cause),
                criticality_name(py, fault.action),
                fault.ie.map_or_else(none, |ie| whole(py, ie.into())),
                error.map_or_else(none, text),
                PyString::new(py, &fault.place.map_or_else(String::new, |place| self.place(place))).into_any(),
                text(fault.detail),
            ],
        )
    }

    fn faults<'py>(&self, py: Python<'py>, faults: &[per::Fault]) -> PyResult<Bound<'py, PyAny>> {
        let values =
            faults.iter().map(|fault| self.fault(py, fault)).collect::<Result<Vec<_>, Stop>>().map_err(no_memory)?;
        Ok(PyTuple::new(py, values)?.into_any())
    }

    fn header<'py>(
        &self,
        py: Python<'py>,
        outcome: &per::Outcome<Bound<'py, PyAny>>,
    ) -> Result<Bound<'py, PyAny>, Stop> {
        let known = outcome.known.as_ref().filter(|message| message.criticality == outcome.criticality);
        if let Some(at) = known.and_then(|message| self.messages.get(&message.node)) {
            return Ok(self.headers[*at].bind(py).clone());
        }
        if !outcome.header {
            return Ok(py.None().into_bound(py));
        }
        header(py, &self.kit.header, outcome.procedure_code, outcome.kind, outcome.criticality)
    }

    fn found<'py>(&self, py: Python<'py>, octets: &[u8]) -> PyResult<Bound<'py, PyAny>> {
        let ids = self.identifiers.iter().map(|(id, _)| *id).collect::<Vec<_>>();
        let found = per::Outcome::<()>::identifiers(&self.schema, octets, &ids);
        let named = PyDict::new(py);
        for ((_, name), value) in self.identifiers.iter().zip(found) {
            if let Some(value) = value {
                named.set_item(name, value)?;
            }
        }
        Ok(named.into_any())
    }

    fn wrong(&self, py: Python<'_>, wrong: Wrong, place: Place) -> PyErr {
        let text = format!("{}: {wrong}", self.place(place));
        self.kit.error.bind(py).call1((text,)).map_or_else(|error| error, PyErr::from_value)
    }
}

fn header<'py>(
    py: Python<'py>,
    class: &Class,
    procedure_code: u8,
    kind: u8,
    criticality: Criticality,
) -> Result<Bound<'py, PyAny>, Stop> {
    let kind = PyString::intern(py, KINDS[usize::from(kind)]).into_any();
    class.build(py, [whole(py, procedure_code.into()), kind, criticality_name(py, criticality)])
}

fn no_memory(_: Stop) -> PyErr {
    pyo3::exceptions::PyMemoryError::new_err("no memory for a decoded value")
}

#[pymethods]
impl Schema {
    /// `kit` is (UnknownIe, Decoded, Fault, Header, error class, empty mapping); `identifiers` names the UE identifier IEs by id.
    #[new]
    fn new(
        py: Python<'_>,
        table: &[u8],
        module: String,
        make_class: Py<PyAny>,
        kit: &Bound<'_, PyTuple>,
        identifiers: Vec<(u16, String)>,
    ) -> PyResult<Self> {
        let schema = per::Schema::load(table).map_err(PyValueError::new_err)?;
        let kit = Kit {
            unknown_ie: Class::known(&kit.get_item(0)?)?,
            decoded: Class::known(&kit.get_item(1)?)?,
            fault: Class::known(&kit.get_item(2)?)?,
            header: Class::known(&kit.get_item(3)?)?,
            error: kit.get_item(4)?.unbind(),
            nothing: kit.get_item(5)?.unbind(),
            to_bytes: py.get_type::<PyInt>().getattr("to_bytes")?.unbind(),
        };
        let headers = schema.messages.iter().map(|message| {
            let made = header(py, &kit.header, message.procedure_code, message.kind, message.criticality);
            made.map(Bound::unbind).map_err(no_memory)
        });
        Ok(Schema {
            headers: headers.collect::<PyResult<_>>()?,
            messages: schema.messages.iter().enumerate().map(|(at, message)| (message.node, at)).collect(),
            names: schema.names.iter().map(|name| PyString::intern(py, name).unbind()).collect(),
            classes: schema.nodes.iter().map(|_| PyOnceLock::new()).collect(),
            by_type: RwLock::default(),
            identifiers: identifiers.into_iter().map(|(id, name)| (id, PyString::intern(py, &name).unbind())).collect(),
            schema,
            module,
            make_class,
            kit,
        })
    }

    /// The class of the SEQUENCE `name`, or the names of the ENUMERATED `name`, or None for another type.
    fn type_named<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
        let Some(node) = self.schema.types.get(name) else {
            return Err(PyAttributeError::new_err(format!("module {:?} has no attribute {name:?}", self.module)));
        };
        match self.schema.node(*node) {
            Node::Struct(_) => Ok(self.class(py, *node)?.class.bind(py).clone().into_any()),
            Node::Enum(enumeration) => {
                let names = enumeration.names.iter().map(|name| self.names[*name as usize].bind(py));
                Ok(PyTuple::new(py, names.collect::<Vec<_>>())?.into_any())
            }
            _ => Ok(py.None().into_bound(py)),
        }
    }

    /// The class of the message of a procedure code and kind, or None.
    fn message_class<'py>(
        &self,
        py: Python<'py>,
        procedure_code: u8,
        kind: &str,
    ) -> PyResult<Option<Bound<'py, PyType>>> {
        let kind = KINDS.iter().position(|each| *each == kind);
        let found = kind.and_then(|kind| self.schema.message(procedure_code, kind as u8));
        found.map(|message| Ok(self.class(py, message.node)?.class.bind(py).clone())).transpose()
    }

    /// The names of all types.
    fn names(&self) -> Vec<&str> {
        let mut names = self.schema.types.keys().map(String::as_str).collect::<Vec<_>>();
        names.sort_unstable();
        names
    }

    /// Reads one PDU: a Decoded.
    #[pyo3(signature = (octets, /))]
    fn decode<'py>(&self, py: Python<'py>, octets: &Bound<'py, PyBytes>) -> PyResult<Bound<'py, PyAny>> {
        let octets = octets.as_bytes();
        let mut decoder = per::Decoder::new(&self.schema, Values { py, schema: self }, octets.len());
        let mut outcome = decoder.pdu(octets).map_err(|stop| PyErr::take(py).unwrap_or_else(|| no_memory(stop)))?;
        let (faults, identifiers) = if decoder.faults.is_empty() {
            (PyTuple::empty(py).into_any(), self.kit.nothing.bind(py).clone())
        } else {
            (self.faults(py, &decoder.faults)?, self.found(py, octets)?)
        };
        let header = self.header(py, &outcome).map_err(no_memory)?;
        let message = outcome.message.take().unwrap_or_else(|| py.None().into_bound(py));
        self.kit.decoded.build(py, [message, faults, header, identifiers]).map_err(no_memory)
    }

    /// Writes one PDU.
    #[pyo3(signature = (message, /))]
    fn encode<'py>(&self, py: Python<'py>, message: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
        let node = self.node_of(message.get_type_ptr());
        let Some(at) = node.and_then(|node| self.messages.get(&node)) else {
            return Err(PyTypeError::new_err(format!("{} is not a message of {}", message.get_type(), self.module)));
        };
        let mut encoder = per::Encoder::new(&self.schema, Shown { py, schema: self });
        let octets = encoder.pdu(&self.schema.messages[*at], message.as_ptr());
        octets.map(|octets| PyBytes::new(py, &octets)).map_err(|(wrong, place)| self.wrong(py, wrong, place))
    }

    /// Reads one SEQUENCE that travels alone: (value or None, faults).
    #[pyo3(signature = (class, octets, /))]
    fn decode_as<'py>(
        &self,
        py: Python<'py>,
        class: &Bound<'py, PyType>,
        octets: &Bound<'py, PyBytes>,
    ) -> PyResult<(Option<Bound<'py, PyAny>>, Bound<'py, PyAny>)> {
        let Some(node) = self.node_of(class.as_type_ptr()) else {
            return Err(PyTypeError::new_err(format!("{class} is not a type of {}", self.module)));
        };
        let octets = octets.as_bytes();
        let mut decoder = per::Decoder::new(&self.schema, Values { py, schema: self }, octets.len());
        let value = decoder.alone(octets, node).map_err(|stop| PyErr::take(py).unwrap_or_else(|| no_memory(stop)))?;
        Ok((value, self.faults(py, &decoder.faults)?))
    }

    /// Writes one SEQUENCE that travels alone.
    #[pyo3(signature = (value, /))]
    fn encode_value<'py>(&self, py: Python<'py>, value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
        let Some(node) = self.node_of(value.get_type_ptr()) else {
            return Err(PyTypeError::new_err(format!("{} is not a type of {}", value.get_type(), self.module)));
        };
        let mut encoder = per::Encoder::new(&self.schema, Shown { py, schema: self });
        let octets = encoder.alone(value.as_ptr(), node);
        octets.map(|octets| PyBytes::new(py, &octets)).map_err(|(wrong, place)| self.wrong(py, wrong, place))
    }
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Schema>()
}
