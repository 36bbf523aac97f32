//! The program's own code in memory.

use std::io;

/// Gives back the pages of the running program's code that nothing is using; what is used is mapped again at its next use.
///
/// The kernel maps a file 64 KiB around each page that is touched, and a start touches much that never runs again (flags,
/// certificates, the first connection): most of a small process's resident memory is code that it does not run. The pages stay in
/// the page cache, so coming back costs a minor fault each. Returns the bytes of code that were looked at.
///
/// # Errors
/// `/proc/self/maps` cannot be read, or the kernel refuses.
pub fn forget_idle_code() -> io::Result<usize> {
    let program = std::fs::read_link("/proc/self/exe")?;
    let maps = std::fs::read_to_string("/proc/self/maps")?;
    let mut bytes = 0;
    for (start, end) in maps.lines().filter_map(|line| code(line, program.to_str()?)) {
        forget(start, end - start)?;
        bytes += end - start;
    }
    Ok(bytes)
}

/// The range of a line of `/proc/self/maps` that maps code of `program`: private, executable, not writable.
fn code(line: &str, program: &str) -> Option<(usize, usize)> {
    let mut fields = line.split_ascii_whitespace();
    let (range, mode) = (fields.next()?, fields.next()?);
    let path = fields.nth(3)?;
    if mode != "r-xp" || path != program {
        return None;
    }
    let (start, end) = range.split_once('-')?;
    let (start, end) = (usize::from_str_radix(start, 16).ok()?, usize::from_str_radix(end, 16).ok()?);
    (start < end).then_some((start, end))
}

#[expect(unsafe_code, reason = "madvise(2) has no safe wrapper")]
fn forget(start: usize, length: usize) -> io::Result<()> {
    // SAFETY: the range is a private, read-only mapping of the program's file, as the kernel itself said just now. Its pages cannot
    // have been written, so the file has the same bytes, and a file that runs cannot be written (ETXTBSY): what comes back at the
    // next use is what was there.
    let result = unsafe { libc::madvise(start as *mut libc::c_void, length, libc::MADV_DONTNEED) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_code_of_the_program() {
        for (line, expected) in [
            ("55d0-55e0 r-xp 00001000 fe:00 12 /bin/x", Some((0x55d0, 0x55e0))),
            ("55d0-55e0 r--p 00001000 fe:00 12 /bin/x", None),
            ("55d0-55e0 rw-p 00001000 fe:00 12 /bin/x", None),
            ("55d0-55e0 r-xp 00001000 fe:00 12 /lib/x.so", None),
            ("55d0-55e0 r-xp 00000000 00:00 0 [vdso]", None),
            ("55d0-55e0 r-xp 00000000 00:00 0", None),
            ("55e0-55d0 r-xp 00001000 fe:00 12 /bin/x", None),
            ("nonsense", None),
            ("", None),
        ] {
            assert_eq!(code(line, "/bin/x"), expected, "{line}");
        }
    }

    #[test]
    fn the_program_goes_on() {
        assert!(forget_idle_code().is_ok_and(|bytes| bytes > 0));
        assert!(format!("{:?}", code("1-2 r-xp 0 0 0 /x", "/x")).contains('1'));
    }
}
