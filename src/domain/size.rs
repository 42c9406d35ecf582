//! Numbers of bytes, for people.

/// A number of bytes in the unit that fits: `812 B`, `12 kB`, `3.4 MB`.
pub fn shown(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    let Some((size, unit)) = UNITS.iter().find(|(size, _)| bytes >= *size) else { return format!("{bytes} B") };
    let tenths = bytes / (size / 10);
    if tenths >= 100 || *unit == "kB" {
        return format!("{} {unit}", bytes / size);
    }
    format!("{}.{} {unit}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_has_the_unit_that_fits() {
        for (bytes, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1 kB"),
            (12_999, "12 kB"),
            (1_250_000, "1.2 MB"),
            (12_900_000, "12 MB"),
            (6_442_450_944, "6.4 GB"),
        ] {
            assert_eq!(shown(bytes), text);
        }
    }
}
