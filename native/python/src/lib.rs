//! PyO3 glue only: every engine lives in its own pure crate.
use pyo3::prelude::*;

mod class;
mod crypto;
mod datanet;
mod gtpu;
mod nas;
mod per;
mod pfcp;
mod userplane;
mod xdp;

#[pymodule]
mod _native {
    use super::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        add(module, "per", per::register)?;
        add(module, "nas", nas::register)?;
        add(module, "pfcp", pfcp::register)?;
        add(module, "gtpu", gtpu::register)?;
        add(module, "crypto", crypto::register)?;
        add(module, "userplane", userplane::register)?;
        add(module, "xdp", xdp::register)?;
        add(module, "datanet", datanet::register)
    }
}

type Register = fn(&Bound<'_, PyModule>) -> PyResult<()>;

/// Adds the submodule `name`, importable as `freehold._native.<name>`.
fn add(module: &Bound<'_, PyModule>, name: &str, register: Register) -> PyResult<()> {
    let py = module.py();
    let child = PyModule::new(py, name)?;
    register(&child)?;
    module.add_submodule(&child)?;
    py.import("sys")?.getattr("modules")?.set_item(format!("freehold._native.{name}"), child)
}
