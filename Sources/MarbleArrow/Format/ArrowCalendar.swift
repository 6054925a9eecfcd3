/// Days and times of day from counts, in the proleptic Gregorian calendar.
enum ArrowCalendar {
    /// The date of a day since 1970-01-01.
    static func date(day: Int64) -> String {
        // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days: eras of
        // 400 years have 146,097 days; years begin in March.
        let (era, dayOfEra) = (day &+ 719_468).floorDivided(by: 146_097)
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let dayOfMonth = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let sign = year < 0 ? "-" : ""
        return "\(sign)\(padded(year.magnitude, 4))-\(padded(month.magnitude, 2))"
            + "-\(padded(dayOfMonth.magnitude, 2))"
    }

    /// A time of day; the count itself, if it is no time of a day.
    static func time(_ value: Int64, _ unit: ArrowTimeUnit) -> String {
        let (seconds, fraction) = value.floorDivided(by: unit.perSecond)
        guard seconds >= 0 && seconds < 86_400 else { return "\(value) \(unit.abbreviation)" }
        let clock =
            "\(padded((seconds / 3600).magnitude, 2)):"
            + "\(padded((seconds / 60 % 60).magnitude, 2)):\(padded((seconds % 60).magnitude, 2))"
        guard unit != .second else { return clock }
        return clock + "." + padded(fraction.magnitude, unit.fractionDigits)
    }

    /// A moment, without a zone.
    static func timestamp(_ value: Int64, _ unit: ArrowTimeUnit) -> String {
        let (day, timeOfDay) = value.floorDivided(by: unit.perSecond * 86_400)
        return date(day: day) + "T" + time(timeOfDay, unit)
    }

    private static func padded(_ number: UInt64, _ digits: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}

extension ArrowTimeUnit {
    var perSecond: Int64 {
        switch self {
        case .second: 1
        case .millisecond: 1000
        case .microsecond: 1_000_000
        case .nanosecond: 1_000_000_000
        }
    }

    var fractionDigits: Int {
        switch self {
        case .second: 0
        case .millisecond: 3
        case .microsecond: 6
        case .nanosecond: 9
        }
    }
}

extension Int64 {
    /// The quotient rounded down, and the remainder, which is never negative. `divisor` is positive.
    func floorDivided(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
