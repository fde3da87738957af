//! Has the allocator give memory back to the system.
//!
//! glibc gives a large block a mapping of its own, which goes back with the block. After the first such block is freed it
//! raises the size from which a block counts as large, up to 32 MiB, and keeps what it then carves out of its heaps. Setting
//! the two thresholds, to the values that they start with, ends their growth. What many small blocks leave free between those
//! that are in use goes back when it is asked for. Other allocators are left alone.

/// From this size on a block has a mapping of its own, and a free end of a heap goes back. glibc's first value.
pub const THRESHOLD_BYTES: i32 = 128 * 1024;

/// To be called before other threads are started. Whether the allocator has taken it.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "mallopt is C")]
pub fn give_back_memory() -> bool {
    // SAFETY: mallopt takes two numbers and touches no memory of ours; it locks the heap that it changes.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, THRESHOLD_BYTES) == 1 && libc::mallopt(libc::M_TRIM_THRESHOLD, THRESHOLD_BYTES) == 1
    }
}

/// Gives back the free pages in the midst of the heaps, which takes a few milliseconds. Whether there were any.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "malloc_trim is C")]
pub fn trim() -> bool {
    // SAFETY: malloc_trim takes a number and touches only what is free; it locks each heap while it looks at it.
    unsafe { libc::malloc_trim(0) == 1 }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub const fn give_back_memory() -> bool {
    false
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub const fn trim() -> bool {
    false
}
