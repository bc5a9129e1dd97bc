//! A script in a Rust program, through bindings that bindgen makes.
#[allow(non_camel_case_types, non_snake_case, non_upper_case_globals, dead_code)]
mod bcc {
    include!("bcc.rs");
}
use bcc::*;
use std::ffi::{CStr, CString};

struct Script(BCCScriptRef);

impl Drop for Script {
    fn drop(&mut self) {
        unsafe { bccDisposeScript(self.0) }
    }
}

type Blend = unsafe extern "C" fn(i32, i32) -> i32;

impl Script {
    fn new(files: &[&str], name: &str) -> Result<Script, String> {
        let script = Script(unsafe { bccCreateScript() });
        for (index, file) in files.iter().enumerate() {
            let path = CString::new(*file).unwrap();
            script.check(match index {
                0 => unsafe { bccReadFile(script.0, path.as_ptr(), 0) },
                _ => unsafe { bccLinkFile(script.0, path.as_ptr(), 0) },
            })?;
        }
        let name = CString::new(name).unwrap();
        script.check(unsafe {
            bccPrepareExecutable(script.0, c"cache".as_ptr(), name.as_ptr(), 0)
        })?;
        Ok(script)
    }

    fn check(&self, result: i32) -> Result<(), String> {
        if result == 0 {
            return Ok(());
        }
        let message = unsafe { CStr::from_ptr(bccGetErrorMessage(self.0)) };
        Err(message.to_string_lossy().into_owned())
    }

    fn blend(&self) -> Option<Blend> {
        let address = unsafe { bccGetFuncAddr(self.0, c"blend".as_ptr()) };
        (!address.is_null()).then(|| unsafe { std::mem::transmute(address) })
    }

    fn is_hit(&self) -> bool {
        let mut report: BCCReport = unsafe { std::mem::zeroed() };
        report.size = std::mem::size_of::<BCCReport>() as _;
        unsafe { bccGetReport(self.0, &mut report) };
        report.cache == BCC_CACHE_HIT as i32
    }
}

fn main() -> Result<(), String> {
    for _ in 0..2 {
        let script = Script::new(&["filter.bc", "vendor.bc"], "filter")?;
        let blend = script.blend().ok_or("no function 'blend'")?;
        let how = if script.is_hit() { "hit" } else { "miss" };
        println!("blend(6, 7) = {}: {how}", unsafe { blend(6, 7) });
    }
    if let Err(message) = Script::new(&["nowhere.bc"], "nowhere") {
        println!("error: {message}");
    }
    Ok(())
}
