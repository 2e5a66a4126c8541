//! Classes whose instances are made and read without a call, in the layout they were found to have.
use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple, PyType};

/// A class whose instances are made by writing their slots.
pub(crate) struct Class {
    pub(crate) class: Py<PyType>,
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
    pub(crate) fn new(class: Bound<'_, PyType>, fields: &[&str], defaults: Vec<Py<PyAny>>) -> PyResult<Self> {
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

    /// A class by what it declares: its fields, and defaults of the last of them.
    pub(crate) fn declared(class: &Bound<'_, PyType>) -> PyResult<Self> {
        let py = class.py();
        let fields = class.getattr("__struct_fields__")?.extract::<Vec<String>>()?;
        let given = class.getattr("__struct_defaults__")?.extract::<Vec<Py<PyAny>>>()?;
        let mut defaults: Vec<_> = (given.len()..fields.len()).map(|_| py.None()).collect();
        defaults.extend(given);
        Class::new(class.clone(), &fields.iter().map(String::as_str).collect::<Vec<_>>(), defaults)
    }

    #[inline]
    pub(crate) fn pointer(&self) -> *mut ffi::PyTypeObject {
        self.class.as_ptr().cast()
    }

    #[inline]
    pub(crate) fn begin<'c, 'py>(&'c self, py: Python<'py>) -> Option<Filling<'c, 'py>> {
        // SAFETY: the class is not tracked and has no more than its fields: a new reference to memory for them, or null.
        // Every word of the fields is written, and the references that they then hold are counted, all of None's at once.
        unsafe {
            let object = ffi::PyObject_New::<ffi::PyObject>(self.pointer());
            if object.is_null() {
                ffi::PyErr_Clear();
                return None;
            }
            let words = object.cast::<usize>().add(HEAD);
            std::ptr::copy_nonoverlapping(self.template.as_ptr(), words, self.template.len());
            (*ffi::Py_None()).ob_refcnt += self.nones;
            self.others.iter().for_each(|default| ffi::Py_INCREF(default.as_ptr()));
            Some(Filling { object: Bound::from_owned_ptr(py, object), class: self })
        }
    }

    /// An instance with these values in its first fields; None where there is no memory for it.
    pub(crate) fn build<'py>(
        &self,
        py: Python<'py>,
        values: impl IntoIterator<Item = Bound<'py, PyAny>>,
    ) -> Option<Bound<'py, PyAny>> {
        let mut filling = self.begin(py)?;
        values.into_iter().enumerate().for_each(|(slot, value)| filling.set(slot, value));
        Some(filling.finish())
    }

    #[inline]
    pub(crate) fn is_class_of(&self, item: *mut ffi::PyObject) -> bool {
        // SAFETY: `item` is a live object.
        unsafe { ffi::Py_TYPE(item) == self.pointer() }
    }

    /// Borrowed field of an instance of exactly this class.
    #[inline]
    pub(crate) fn field(&self, item: *mut ffi::PyObject, slot: usize) -> *mut ffi::PyObject {
        // SAFETY: callers checked the class; the offset was found in its instances.
        unsafe { *item.cast::<*mut ffi::PyObject>().add(self.offsets[slot]) }
    }
}

/// An instance whose slots are being filled.
pub(crate) struct Filling<'c, 'py> {
    object: Bound<'py, PyAny>,
    class: &'c Class,
}

impl<'py> Filling<'_, 'py> {
    #[inline]
    pub(crate) fn set(&mut self, slot: usize, value: Bound<'py, PyAny>) {
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
    pub(crate) fn finish(self) -> Bound<'py, PyAny> {
        self.object
    }
}

/// A class that tables name. Where it lets it, its instances are made and read by their slots, found when first needed.
pub(crate) struct Kind {
    class: Py<PyType>,
    slots: PyOnceLock<Option<Class>>,
}

impl Kind {
    pub(crate) fn new(class: Py<PyType>) -> Self {
        Kind { class, slots: PyOnceLock::new() }
    }

    /// Its slots; None for a class that looks at its values when it is called, or keeps more than them.
    #[inline]
    fn slots(&self, py: Python<'_>) -> Option<&Class> {
        let found = self.slots.get_or_init(py, || {
            let class = self.class.bind(py);
            let plain = class.hasattr("__post_init__").is_ok_and(|looks| !looks);
            plain.then(|| Class::declared(class).ok()).flatten()
        });
        found.as_ref()
    }

    #[inline]
    pub(crate) fn address(&self) -> usize {
        self.class.as_ptr() as usize
    }

    #[inline]
    pub(crate) fn is_class_of(&self, value: &Bound<'_, PyAny>) -> bool {
        value.get_type_ptr() as usize == self.address()
    }

    /// An instance with these values in its first fields, and defaults in the others.
    #[inline]
    pub(crate) fn build<'py, I>(&self, py: Python<'py>, values: I) -> PyResult<Bound<'py, PyAny>>
    where
        I: IntoIterator<Item = Bound<'py, PyAny>, IntoIter: ExactSizeIterator>,
    {
        let values = values.into_iter();
        match self.slots(py) {
            Some(class) if values.len() <= class.offsets.len() => {
                class.build(py, values).ok_or_else(|| pyo3::exceptions::PyMemoryError::new_err(()))
            }
            _ => self.class.bind(py).call1(PyTuple::new(py, values)?),
        }
    }

    /// An instance with these values in its first fields, one in its last, and defaults in between.
    pub(crate) fn build_ended<'py>(
        &self,
        py: Python<'py>,
        values: Vec<Bound<'py, PyAny>>,
        last: Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        match self.slots(py) {
            Some(class) if values.len() < class.offsets.len() => {
                let mut filling = class.begin(py).ok_or_else(|| pyo3::exceptions::PyMemoryError::new_err(()))?;
                values.into_iter().enumerate().for_each(|(slot, value)| filling.set(slot, value));
                filling.set(class.offsets.len() - 1, last);
                Ok(filling.finish())
            }
            _ => {
                let keywords = PyDict::new(py);
                keywords.set_item(self.class.bind(py).getattr("__struct_fields__")?.get_item(-1)?, last)?;
                self.class.bind(py).call(PyTuple::new(py, values)?, Some(&keywords))
            }
        }
    }

    /// The fields of an instance of exactly this class; `astuple` gives them where the slots are not known.
    #[inline]
    pub(crate) fn fields<'c, 'py>(
        &'c self,
        value: &Bound<'py, PyAny>,
        astuple: &Bound<'py, PyAny>,
    ) -> PyResult<Fields<'c, 'py>> {
        match self.slots(value.py()) {
            Some(class) => Ok(Fields::Slots(value.clone(), class)),
            None => Ok(Fields::Items(astuple.call1((value,))?.cast_into()?)),
        }
    }
}

/// The fields of an instance, or the items of a list.
pub(crate) enum Fields<'c, 'py> {
    Slots(Bound<'py, PyAny>, &'c Class),
    Items(Bound<'py, PyTuple>),
}

impl<'py> Fields<'_, 'py> {
    #[inline]
    pub(crate) fn count(&self) -> usize {
        match self {
            Fields::Slots(_, class) => class.offsets.len(),
            Fields::Items(items) => items.len(),
        }
    }

    /// One of them; None where there are not so many, or it was never set.
    #[inline]
    pub(crate) fn get(&self, at: usize) -> Option<Bound<'py, PyAny>> {
        match self {
            Fields::Slots(value, class) if at < class.offsets.len() => {
                // SAFETY: a field of an instance of this class, which owns a reference to it, or null.
                unsafe { Bound::from_borrowed_ptr_or_opt(value.py(), class.field(value.as_ptr(), at)) }
            }
            Fields::Slots(..) => None,
            Fields::Items(items) => items.get_item(at).ok(),
        }
    }

    #[inline]
    pub(crate) fn is_none(&self, at: usize) -> bool {
        match self {
            Fields::Slots(value, class) => {
                // SAFETY: the address is compared, nothing more.
                at < class.offsets.len() && class.field(value.as_ptr(), at) == unsafe { ffi::Py_None() }
            }
            Fields::Items(items) => items.get_borrowed_item(at).is_ok_and(|field| field.is_none()),
        }
    }
}
