// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! What HotSpot tells debuggers about its own structures: the table `gHotSpotVMStructs`, which libjvm exports for them.

use std::ffi::{CStr, c_char, c_void};
use std::ptr;

/// Where a thread keeps the monitors that it holds and nobody else wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LockStack {
    /// From the thread's structure to the 32 bits that say how far the stack is filled.
    pub(crate) top: u32,
    /// What they say when it is empty.
    pub(crate) empty: u32,
}

impl LockStack {
    /// `None`: this JVM has none, or does not tell.
    pub(crate) fn of_this_jvm() -> Option<Self> {
        let table = VmStructs::find()?;
        let stack = table.offset(c"JavaThread", c"_lock_stack")?;
        let top = table.offset(c"LockStack", c"_top")?;
        let base = table.offset(c"LockStack", c"_base[0]")?;
        Some(Self {
            top: u32::try_from(stack.checked_add(top)?).ok()?,
            empty: u32::try_from(stack.checked_add(base)?).ok()?,
        })
    }
}

/// The table, and how its entries are laid out, which it tells itself.
struct VmStructs {
    entries: *const u8,
    stride: u64,
    type_name: u64,
    field_name: u64,
    offset: u64,
}

impl VmStructs {
    fn find() -> Option<Self> {
        let jvm = Jvm::open()?;
        Some(Self {
            entries: ptr::with_exposed_provenance(
                usize::try_from(jvm.word(c"gHotSpotVMStructs")?).ok()?,
            ),
            stride: jvm.word(c"gHotSpotVMStructEntryArrayStride")?,
            type_name: jvm.word(c"gHotSpotVMStructEntryTypeNameOffset")?,
            field_name: jvm.word(c"gHotSpotVMStructEntryFieldNameOffset")?,
            offset: jvm.word(c"gHotSpotVMStructEntryOffsetOffset")?,
        })
    }

    /// The offset of a field that is not static.
    fn offset(&self, type_name: &CStr, field_name: &CStr) -> Option<u64> {
        let mut entry = self.entries;
        if entry.is_null() {
            return None;
        }
        loop {
            // SAFETY: entry points into the table, whose layout the JVM tells; an entry without a type ends it.
            unsafe {
                let found_type = self.text(entry, self.type_name)?;
                if found_type == type_name && self.text(entry, self.field_name) == Some(field_name)
                {
                    return Some(entry.add(self.offset as usize).cast::<u64>().read());
                }
                entry = entry.add(self.stride as usize);
            }
        }
    }

    /// # Safety
    ///
    /// `entry` is one of the table.
    unsafe fn text(&self, entry: *const u8, at: u64) -> Option<&'static CStr> {
        // SAFETY: the field holds null or a string of the JVM's static data.
        unsafe {
            let text = entry.add(at as usize).cast::<*const c_char>().read();
            (!text.is_null()).then(|| CStr::from_ptr(text))
        }
    }
}

/// The JVM's library, which is loaded already.
struct Jvm(*mut c_void);

impl Jvm {
    fn open() -> Option<Self> {
        // SAFETY: loads nothing; only asks for what is there.
        let handle =
            unsafe { libc::dlopen(c"libjvm.so".as_ptr(), libc::RTLD_LAZY | libc::RTLD_NOLOAD) };
        (!handle.is_null()).then_some(Self(handle))
    }

    /// The 64 bits at an exported symbol.
    fn word(&self, symbol: &CStr) -> Option<u64> {
        // SAFETY: all symbols that are asked for name 64 bits of static data.
        unsafe {
            let address = libc::dlsym(self.0, symbol.as_ptr()).cast::<u64>();
            (!address.is_null()).then(|| address.read())
        }
    }
}

impl Drop for Jvm {
    fn drop(&mut self) {
        // SAFETY: gives back what `open` took; the JVM stays loaded.
        unsafe { libc::dlclose(self.0) };
    }
}
