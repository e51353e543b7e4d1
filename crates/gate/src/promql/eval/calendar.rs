//! Dates of seconds since the epoch, in UTC.

/// What `hour`, `day_of_week` and their like answer; `None` for any other function, and for numbers that are no date: what Go
/// makes of those depends on the machine.
pub(super) fn part(function: &str, seconds: f64) -> Option<f64> {
    if seconds.is_nan() || seconds.abs() > 1e15 {
        return None;
    }
    let seconds = seconds as i64;
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    Some(match function {
        "minute" => second % 3600 / 60,
        "hour" => second / 3600,
        // 1970-01-01 was a Thursday; Sunday is 0.
        "day_of_week" => (days + 4).rem_euclid(7),
        "day_of_month" => day,
        "day_of_year" => days - days_before(year, 1) + 1,
        "days_in_month" if month == 12 => 31,
        "days_in_month" => days_before(year, month + 1) - days_before(year, month),
        "month" => month,
        "year" => year,
        _ => return None,
    } as f64)
}

/// Year, month and day of a day since the epoch (Howard Hinnant's civil_from_days).
pub fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// The day since the epoch on which a month begins (Howard Hinnant's days_from_civil).
fn days_before(year: i64, month: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year - 719_468
}
