/// Times and durations in nanoseconds, which saturate: options may be as large as an Int, and a time
/// that far away is never.
enum Nanoseconds {
    /// A negative number counts as 0.
    static func of(milliseconds: Int) -> UInt64 {
        let (product, overflow) = UInt64(max(milliseconds, 0))
            .multipliedReportingOverflow(by: 1_000_000)
        return overflow ? .max : product
    }

    static func sum(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow ? .max : sum
    }
}
