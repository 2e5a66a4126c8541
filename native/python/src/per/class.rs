//! Classes whose instances are made and read without a call, in the layout they were found to have.
use freehold_per::Stop;
use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyType};

/// A class whose instances are made by writing their slots.
pub(super) struct Class {
    pub(super) class: Py<PyType>,
    offsets: Box<[usize]>,
    /// The words of an instance after its head as they are when no field is set: its defaults, None but for a few.
    template: Box<[usize]>,
    nones: ffi::Py_ssize_t,
    /// The defaults other than None, which own a reference each.
    others: Box<[Py<PyAny>]>,
}

/// Words of an object's head: its count of references and its type.
const HEAD: usize = 2;

impl Class {
    /// Finds where an instance keeps each field: one is built of distinct objects, and they are looked for in its memory.
    pub(super) fn new(class: Bound<'_, PyType>, fields: &[&str], defaults: Vec<Py<PyAny>>) -> PyResult<Self> {
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
        if words != HEAD + fields.len() {
            return Err(PyTypeError::new_err(format!("{class} keeps more than its fields")));
        }
        let mut template = vec![0; fields.len()];
        offsets.iter().zip(&defaults).for_each(|(offset, default)| template[offset - HEAD] = default.as_ptr() as usize);
        let others = defaults.into_iter().filter(|default| !default.is_none(py)).collect::<Box<[_]>>();
        Ok(Class {
            class: class.unbind(),
            offsets: offsets.into(),
            template: template.into(),
            nones: (fields.len() - others.len()) as ffi::Py_ssize_t,
            others,
        })
    }

    /// A class of `codecs.asn1.values`, its fields as it names them.
    pub(super) fn known(class: &Bound<'_, PyAny>) -> PyResult<Self> {
        let class = class.cast::<PyType>()?.clone();
        let py = class.py();
        let fields = class.getattr("__struct_fields__")?.extract::<Vec<String>>()?;
        let defaults = fields.iter().map(|_| py.None()).collect();
        Class::new(class, &fields.iter().map(String::as_str).collect::<Vec<_>>(), defaults)
    }

    #[inline]
    pub(super) fn pointer(&self) -> *mut ffi::PyTypeObject {
        self.class.as_ptr().cast()
    }

    #[inline]
    pub(super) fn begin<'c, 'py>(&'c self, py: Python<'py>) -> Result<Filling<'c, 'py>, Stop> {
        // SAFETY: the class is not tracked and has no more than its fields: a new reference to memory for them, or null.
        // Every word of the fields is written, and the references that they then hold are counted, all of None's at once.
        unsafe {
            let object = ffi::PyObject_New::<ffi::PyObject>(self.pointer());
            if object.is_null() {
                return Err(Stop::Builder);
            }
            let words = object.cast::<usize>().add(HEAD);
            std::ptr::copy_nonoverlapping(self.template.as_ptr(), words, self.template.len());
            (*ffi::Py_None()).ob_refcnt += self.nones;
            self.others.iter().for_each(|default| ffi::Py_INCREF(default.as_ptr()));
            Ok(Filling { object: Bound::from_owned_ptr(py, object), class: self })
        }
    }

    pub(super) fn build<'py, const N: usize>(
        &self,
        py: Python<'py>,
        values: [Bound<'py, PyAny>; N],
    ) -> Result<Bound<'py, PyAny>, Stop> {
        let mut filling = self.begin(py)?;
        values.into_iter().enumerate().for_each(|(slot, value)| filling.set(slot, value));
        Ok(filling.finish())
    }

    #[inline]
    pub(super) fn is_class_of(&self, item: *mut ffi::PyObject) -> bool {
        // SAFETY: `item` is a live object.
        unsafe { ffi::Py_TYPE(item) == self.pointer() }
    }

    /// Borrowed field of an instance of exactly this class.
    #[inline]
    pub(super) fn field(&self, item: *mut ffi::PyObject, slot: usize) -> *mut ffi::PyObject {
        // SAFETY: callers checked the class; the offset was found in its instances.
        unsafe { *item.cast::<*mut ffi::PyObject>().add(self.offsets[slot]) }
    }
}

/// An instance whose slots are being filled.
pub(super) struct Filling<'c, 'py> {
    object: Bound<'py, PyAny>,
    class: &'c Class,
}

impl<'py> Filling<'_, 'py> {
    #[inline]
    pub(super) fn set(&mut self, slot: usize, value: Bound<'py, PyAny>) {
        // SAFETY: the offset lies within the instance, which nothing else has seen yet; what stood there is released.
        unsafe {
            let place = self.object.as_ptr().cast::<*mut ffi::PyObject>().add(self.class.offsets[slot]);
            let before = std::mem::replace(&mut *place, value.into_ptr());
            if before == ffi::Py_None() {
                (*before).ob_refcnt -= 1;
            } else {
                ffi::Py_DECREF(before);
            }
        }
    }

    #[inline]
    pub(super) fn finish(self) -> Bound<'py, PyAny> {
        self.object
    }
}
