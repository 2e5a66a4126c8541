//! Whole numbers, lengths and octets of X.691 clause 11, against octets worked out by hand from it.
use crate::bits::{Reader, Writer};
use crate::fault::Stop;
use crate::schema::Range;

const FRAGMENT: usize = 16 * 1024;

/// What `write` makes after one bit, which leaves it between two octets where nothing aligns.
fn written(aligned: bool, write: impl Fn(&mut Writer)) -> Vec<u8> {
    let mut writer = Writer::new(aligned);
    writer.bit(true);
    write(&mut writer);
    writer.finish()
}

/// What `read` finds in octets after one bit.
fn found<T>(aligned: bool, octets: &[u8], read: impl Fn(&mut Reader) -> Result<T, Stop>) -> Result<T, Stop> {
    let mut reader = Reader::new(octets, aligned);
    reader.bit()?;
    read(&mut reader)
}

#[test]
fn when_a_number_has_bounds_then_its_field_is_as_wide_as_its_range() {
    // X.691 11.5.7: a field of bits, then an octet, then two, then as many as are said; 11.5.6 without alignment
    let cases: [(i64, i128, i64, &[u8], &[u8]); 8] = [
        (5, 5, 5, &[0x80], &[0x80]),
        (-1, 2, 1, &[0xC0], &[0xC0]),
        (0, 254, 254, &[0xFF, 0x00], &[0xFF, 0x00]),
        (0, 255, 255, &[0x80, 0xFF], &[0xFF, 0x80]),
        (1, 257, 257, &[0x80, 0x01, 0x00], &[0xC0, 0x00]),
        (0, 65535, 258, &[0x80, 0x01, 0x02], &[0x80, 0x81, 0x00]),
        (0, 65536, 1, &[0x80, 0x01], &[0x80, 0x00, 0x40]),
        (0, 4_294_967_295, 65536, &[0xC0, 0x01, 0x00, 0x00], &[0x80, 0x00, 0x80, 0x00, 0x00]),
    ];
    for (lower, upper, value, aligned, unaligned) in cases {
        for (variant, octets) in [(true, aligned), (false, unaligned)] {
            let range = Range::new(lower, upper, variant);
            assert_eq!(written(variant, |writer| writer.constrained(value, &range)), octets, "{lower}..{upper}");
            assert_eq!(found(variant, octets, |reader| reader.constrained(&range)), Ok(value), "{lower}..{upper}");
        }
    }
}

#[test]
fn when_a_number_is_beyond_its_bounds_then_it_is_refused() {
    for variant in [true, false] {
        let range = Range::new(3, 6, variant);
        assert_eq!(found(variant, &[0b1110_0000], |reader| reader.constrained(&range)), Ok(6));
        let range = Range::new(3, 5, variant);
        assert!(found(variant, &[0b1110_0000], |reader| reader.constrained(&range)).is_err());
    }
    let counted = Range::new(0, 65536, true);
    assert!(found(true, &[0xC0, 1, 0, 1], |reader| reader.constrained(&counted)).is_err());
    assert!(found(true, &[0xC0, 1, 0], |reader| reader.constrained(&counted)).is_err());
}

#[test]
fn when_a_number_has_all_64_bits_then_its_extremes_come_back() {
    for variant in [true, false] {
        for (lower, upper, values) in [
            (0, i128::from(u64::MAX), [0, 1, i64::MAX, -1]), // beyond i64 a number is its own bits
            (i64::MIN, i128::from(i64::MAX), [i64::MIN, -1, 0, i64::MAX]),
        ] {
            let range = Range::new(lower, upper, variant);
            for value in values {
                let octets = written(variant, |writer| writer.constrained(value, &range));
                assert_eq!(found(variant, &octets, |reader| reader.constrained(&range)), Ok(value), "{value}");
            }
        }
    }
}

#[test]
fn when_a_number_has_no_bounds_then_it_takes_the_fewest_octets() {
    // X.691 11.8, 11.4: two's complement after a length
    let cases: [(i64, &[u8]); 10] = [
        (0, &[1, 0]),
        (127, &[1, 0x7F]),
        (128, &[2, 0, 0x80]),
        (-1, &[1, 0xFF]),
        (-128, &[1, 0x80]),
        (-129, &[2, 0xFF, 0x7F]),
        (32767, &[2, 0x7F, 0xFF]),
        (32768, &[3, 0, 0x80, 0]),
        (i64::MAX, &[8, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]),
        (i64::MIN, &[8, 0x80, 0, 0, 0, 0, 0, 0, 0]),
    ];
    for (value, octets) in cases {
        let mut writer = Writer::new(true);
        writer.unconstrained(value);
        assert_eq!(writer.finish(), octets, "{value}");
        assert_eq!(Reader::new(octets, true).unconstrained(), Ok(value));
        let unaligned = written(false, |writer| writer.unconstrained(value));
        assert_eq!(found(false, &unaligned, |reader| reader.unconstrained()), Ok(value));
    }
}

#[test]
fn when_a_number_says_no_or_nine_octets_then_it_is_refused() {
    let nine = [9, 1, 2, 3, 4, 5, 6, 7, 8, 9];
    for octets in [&[0u8][..], &nine, &[0xC1], &[2, 1]] {
        assert!(Reader::new(octets, true).unconstrained().is_err(), "{octets:?}");
        assert!(Reader::new(octets, true).semi_constrained(0).is_err(), "{octets:?}");
    }
    let beyond = [8, 0x80, 0, 0, 0, 0, 0, 0, 0];
    assert!(Reader::new(&beyond, true).semi_constrained(0).is_err());
    let most = [8, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF];
    assert_eq!(Reader::new(&most, true).semi_constrained(0), Ok(i64::MAX));
    assert!(Reader::new(&most, true).semi_constrained(1).is_err());
}

#[test]
fn when_a_number_is_normally_small_then_it_takes_seven_bits() {
    // X.691 11.6: 0 to 63 in six bits, others as a number with a lower bound; 11.9.3.4: a length is one less
    let numbers: [(usize, &[u8], &[u8]); 3] =
        [(0, &[0x80], &[0x80]), (63, &[0b1011_1111], &[0b1011_1111]), (64, &[0xC0, 1, 64], &[0xC0, 0x50, 0x00])];
    for (value, aligned, unaligned) in numbers {
        for (variant, octets) in [(true, aligned), (false, unaligned)] {
            assert_eq!(written(variant, |writer| writer.small(value)), octets, "{value}");
            assert_eq!(found(variant, octets, |reader| reader.small()), Ok(value));
        }
    }
    for (count, octets) in [(1, &[0x80][..]), (64, &[0b1011_1111]), (65, &[0xC0, 65]), (200, &[0xC0, 0x80, 200])] {
        assert_eq!(written(true, |writer| writer.small_length(count)), octets, "{count}");
        assert_eq!(found(true, octets, |reader| reader.small_length()), Ok(count));
    }
    assert!(found(true, &[0xC0, 0xC1], |reader| reader.small_length()).is_err());
}

#[test]
fn when_a_length_has_no_bound_then_it_takes_one_octet_two_or_a_fragment() {
    // X.691 11.9.3.6 to 11.9.3.8
    for (count, octets) in [(0, &[0][..]), (127, &[0x7F]), (128, &[0x80, 0x80]), (16383, &[0xBF, 0xFF])] {
        let mut writer = Writer::new(true);
        writer.length(count);
        assert_eq!(if count == 0 { vec![0] } else { writer.finish() }, octets);
        assert_eq!(Reader::new(octets, true).length(), Ok((count, false)));
    }
    for units in 1..=4 {
        assert_eq!(Reader::new(&[0xC0 | units], true).length(), Ok((units as usize * FRAGMENT, true)));
    }
    for octet in [0xC0, 0xC5, 0xFF] {
        assert!(Reader::new(&[octet], true).length().is_err(), "{octet:#x}");
    }
}

#[test]
fn when_octets_fill_fragments_then_a_last_length_ends_them() {
    for count in [FRAGMENT - 1, FRAGMENT, FRAGMENT + 1, 4 * FRAGMENT, 5 * FRAGMENT + 7] {
        let content: Vec<u8> = (0..count).map(|at| (at % 251) as u8).collect();
        for variant in [true, false] {
            let octets = written(variant, |writer| writer.counted_octets(&content));
            let read = found(variant, &octets, |reader| Ok(reader.counted_octets()?.into_owned()));
            assert_eq!(read.as_deref(), Ok(&content[..]), "{count} aligned: {variant}");
            let short = &octets[..octets.len() - 1];
            let read = found(variant, short, |reader| Ok(reader.counted_octets()?.len()));
            assert!(read.is_err(), "{count} aligned: {variant}");
        }
    }
    let exact = written(true, |writer| writer.counted_octets(&vec![7; 4 * FRAGMENT]));
    assert_eq!((exact[1], exact[exact.len() - 1], exact.len()), (0xC4, 0, 4 * FRAGMENT + 3));
}

#[test]
fn when_an_open_type_is_closed_then_its_length_stands_before_it() {
    for count in [0, 1, 127, 128, FRAGMENT - 1, FRAGMENT, 2 * FRAGMENT + 5] {
        let content = vec![0xA5; count];
        let octets = written(true, |writer| {
            let start = writer.open();
            writer.octets(&content);
            writer.close(start);
            writer.bits(0x3C, 8);
        });
        let read = found(true, &octets, |reader| Ok((reader.counted_octets()?.into_owned(), reader.bits(8)?)));
        let held = if count == 0 { vec![0] } else { content }; // X.691 11.2.1: at least an octet
        assert_eq!(read, Ok((held, 0x3C)), "{count}");
    }
}

#[test]
fn when_bits_stand_anywhere_then_each_width_reads_what_was_written() {
    let value = 0xFEDC_BA98_7654_3210;
    for before in 0..8 {
        for width in 0..=64 {
            let wanted = if width == 64 { value } else { value & ((1 << width) - 1) };
            let mut writer = Writer::new(false);
            writer.bits(0x55, before);
            writer.bits(value, width);
            assert_eq!(writer.count(), (before + width) as usize);
            writer.bits(0x7F, 7);
            let octets = writer.finish();
            let mut reader = Reader::new(&octets, false);
            assert_eq!(reader.skip(before as usize), Ok(0));
            assert_eq!(reader.bits(width), Ok(wanted), "{width} bits after {before}");
            assert_eq!(reader.bits(7), Ok(0x7F), "{width} bits after {before}");
            assert!(reader.left() < 8);
            assert!(reader.bits(8).is_err());
        }
    }
}

#[test]
fn when_octets_begin_between_two_then_they_are_shifted() {
    let content = [0x12, 0x34, 0x56, 0xF0];
    for before in 0..8 {
        for count in 0..=28 {
            let mut writer = Writer::new(false);
            writer.bits(0, before);
            writer.bit_octets(&content, count);
            let octets = writer.finish();
            let mut reader = Reader::new(&octets, false);
            assert_eq!(reader.skip(before as usize), Ok(0));
            let read = reader.bit_octets(count).map(|octets| octets.into_owned());
            let mut wanted = content[..count.div_ceil(8)].to_vec();
            if count % 8 != 0
                && let Some(last) = wanted.last_mut()
            {
                *last &= 0xFF << (8 - count % 8);
            }
            assert_eq!(read, Ok(wanted), "{count} bits after {before}");
        }
    }
    assert!(Reader::new(&content, false).bit_octets(33).is_err());
    assert!(Reader::new(&content, false).octets(5).is_err());
    assert!(Reader::new(&content, false).skip(33).is_err());
}

#[test]
fn when_a_part_is_counted_then_its_reader_ends_with_it() {
    let octets = [3, 1, 2, 3, 9];
    let mut whole = Reader::new(&octets, true);
    let mut part = whole.counted_part().expect("octets").expect("one piece");
    assert_eq!(
        (part.left(), part.bits(24), part.bit()),
        (24, Ok(0x010203), Err(Stop::Syntax("the octets end too early")))
    );
    assert_eq!(whole.bits(8), Ok(9));
    let mut fragmented = Reader::new(&[0xC1, 0], true);
    assert!(matches!(fragmented.counted_part(), Ok(None)));
    assert_eq!(fragmented.left(), 16, "it stays where it was");
    assert!(Reader::new(&[3, 1, 2], true).counted_part().is_err());
}
