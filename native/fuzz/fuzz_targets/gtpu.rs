#![no_main]
libfuzzer_sys::fuzz_target!(|octets: &[u8]| freehold_fuzz::timed(freehold_fuzz::gtpu::check, octets));
