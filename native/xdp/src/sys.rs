//! The bpf system call where the loader has no word for it, and arrays shared with the kernel.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr::NonNull;

const MAP_LOOKUP: i32 = 1;
const MAP_UPDATE: i32 = 2;
const TEST_RUN: i32 = 10;
const TEST_RUN_SIZE: usize = 80;
const LIVE_FRAMES: u64 = 1 << 1;
const BATCH: u64 = 64;

/// A system call's attributes: every member is a word or two halves of one (linux/bpf.h).
type Attributes = [u64; 16];

fn bpf(command: i32, attributes: &mut Attributes, size: usize) -> io::Result<()> {
    // SAFETY: the kernel reads and writes `size` octets of `attributes`, and what they point to, which callers keep alive.
    let done = unsafe { libc::syscall(libc::SYS_bpf, command, attributes.as_mut_ptr(), size) };
    if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

fn element(command: i32, map: BorrowedFd<'_>, key: u32, value: *mut u8) -> io::Result<()> {
    let mut attributes = [0; 16];
    attributes[..3].copy_from_slice(&[map.as_raw_fd() as u64, (&raw const key) as u64, value as u64]);
    bpf(command, &mut attributes, 32)
}

/// Puts `value` at `key` of a map whose values are as large.
pub fn update<T: Copy>(map: BorrowedFd<'_>, key: u32, mut value: T) -> io::Result<()> {
    element(MAP_UPDATE, map, key, (&raw mut value).cast())
}

/// The value at `key` of a map whose values are as large.
pub fn lookup<T: Copy>(map: BorrowedFd<'_>, key: u32, mut value: T) -> io::Result<T> {
    element(MAP_LOOKUP, map, key, (&raw mut value).cast())?;
    Ok(value)
}

/// Seconds of the program's coarse clock.
pub fn coarse_s() -> u32 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the kernel fills `time`.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC_COARSE, &raw mut time) };
    (((time.tv_sec as u64) * 1_000_000_000 + time.tv_nsec as u64) >> 30) as u32
}

/// The value of each processor at `key` of a map whose values are as large, a multiple of eight octets.
pub fn lookup_each<T: Copy + Default>(map: BorrowedFd<'_>, key: u32) -> io::Result<Vec<T>> {
    let mut values = vec![T::default(); possible_processors()?];
    element(MAP_LOOKUP, map, key, values.as_mut_ptr().cast())?;
    Ok(values)
}

/// Puts a value of each possible processor at `key`.
pub fn update_each<T: Copy>(map: BorrowedFd<'_>, key: u32, values: &[T]) -> io::Result<()> {
    if values.len() != possible_processors()? {
        return Err(io::Error::from(io::ErrorKind::InvalidInput));
    }
    element(MAP_UPDATE, map, key, values.as_ptr().cast_mut().cast())
}

/// The sum of what each processor counted at `key`.
pub fn total(map: BorrowedFd<'_>, key: u32) -> io::Result<u64> {
    Ok(lookup_each::<u64>(map, key)?.iter().fold(0, |sum, value| sum.wrapping_add(*value)))
}

fn possible_processors() -> io::Result<usize> {
    let text = std::fs::read_to_string("/sys/devices/system/cpu/possible")?;
    let last = text.trim().rsplit(['-', ',']).next().and_then(|number| number.parse::<usize>().ok());
    last.map(|number| number + 1).ok_or_else(|| io::Error::other("/sys/devices/system/cpu/possible is not understood"))
}

/// Runs a program on one frame, `repeat` times: its verdict, the frame it left, and nanoseconds a turn.
pub fn test_run(program: BorrowedFd<'_>, frame: &[u8], repeat: u32) -> io::Result<(u32, Vec<u8>, u32)> {
    let mut output = vec![0; frame.len() + 256];
    let mut attributes = [0; 16];
    attributes[0] = program.as_raw_fd() as u64;
    attributes[1] = frame.len() as u64 | (output.len() as u64) << 32;
    attributes[2] = frame.as_ptr() as u64;
    attributes[3] = output.as_mut_ptr() as u64;
    attributes[4] = u64::from(repeat);
    bpf(TEST_RUN, &mut attributes, TEST_RUN_SIZE)?;
    output.truncate((attributes[1] >> 32) as usize);
    Ok(((attributes[0] >> 32) as u32, output, (attributes[4] >> 32) as u32))
}

/// Lets `count` packets that the program makes of `frame` go where it sends them.
pub fn run_live(program: BorrowedFd<'_>, frame: &[u8], count: u32) -> io::Result<()> {
    let mut attributes = [0; 16];
    attributes[0] = program.as_raw_fd() as u64;
    attributes[1] = frame.len() as u64;
    attributes[2] = frame.as_ptr() as u64;
    attributes[4] = u64::from(count);
    attributes[8] = LIVE_FRAMES;
    attributes[9] = BATCH;
    bpf(TEST_RUN, &mut attributes, TEST_RUN_SIZE)
}

/// An array of the kernel's, shared with the program that reads it.
pub struct Shared<T> {
    begin: NonNull<T>,
    count: usize,
}

// SAFETY: the memory belongs to no thread; whoever holds the value exclusively is the only writer in user space.
unsafe impl<T: Send> Send for Shared<T> {}

impl<T> Shared<T> {
    /// Maps the `count` values of a map made with BPF_F_MMAPABLE; a value's size is a multiple of eight octets.
    pub fn new(map: BorrowedFd<'_>, count: usize) -> io::Result<Self> {
        let size = count * size_of::<T>();
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a new mapping at an address the kernel chooses.
        let begin = unsafe { libc::mmap(std::ptr::null_mut(), size, protection, libc::MAP_SHARED, map.as_raw_fd(), 0) };
        if begin == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let begin = NonNull::new(begin.cast()).ok_or_else(|| io::Error::other("an array was mapped nowhere"))?;
        Ok(Self { begin, count })
    }

    /// The place of one value; none beyond the array.
    pub fn at(&self, place: usize) -> Option<NonNull<T>> {
        // SAFETY: within the mapping.
        (place < self.count).then(|| unsafe { self.begin.add(place) })
    }
}

impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        // SAFETY: the mapping made in `new`; nobody can hold a place beyond a borrow of `self`.
        unsafe { libc::munmap(self.begin.as_ptr().cast(), self.count * size_of::<T>()) };
    }
}
