/// A progress bar on standard error, drawn at most ten times a second, and only on a terminal.
public struct ProgressBar {
    private let total: Int
    private let isShown: Bool
    private let started = Clock.nanoseconds()
    private var lastDrawn: UInt64 = 0
    private var drewAny = false

    /// A bar that is full at `totalBytes`; shorter transfers than a second draw nothing.
    public init(totalBytes: Int) {
        total = max(1, totalBytes)
        isShown = StandardStreams.errorIsTerminal
    }

    /// Tells how many bytes are done.
    public mutating func update(_ doneBytes: Int) {
        guard isShown else { return }
        let now = Clock.nanoseconds()
        guard now - started > 1_000_000_000, now - lastDrawn > 100_000_000 else { return }
        lastDrawn = now
        drewAny = true
        StandardStreams.noteRaw(
            "\r" + Self.line(done: doneBytes, total: total, nanoseconds: now - started) + "\u{1B}[K"
        )
    }

    /// Removes the bar.
    public func finish() {
        if drewAny { StandardStreams.noteRaw("\r\u{1B}[K") }
    }

    /// "[#####     ]  50 %  1.2 GB of 2.4 GB  800.0 MB/s".
    static func line(done: Int, total: Int, nanoseconds: UInt64) -> String {
        let fraction = min(1, Double(done) / Double(total))
        let filled = Int(fraction * 30)
        let bar = String(repeating: "#", count: filled) + String(repeating: " ", count: 30 - filled)
        let percent = String(Int(fraction * 100))
        let rate = Double(done) / (Double(max(1, nanoseconds)) / 1_000_000_000)
        return "[\(bar)] \(String(repeating: " ", count: 3 - percent.count))\(percent) %  "
            + "\(ByteCount.text(done)) of \(ByteCount.text(total))  \(ByteCount.text(Int(rate)))/s"
    }
}

/// Sizes for people: decimal units, as transfer rates are given.
public enum ByteCount {
    /// "17 B", "1.5 kB", "2.4 GB".
    public static func text(_ count: Int) -> String {
        let units = ["B", "kB", "MB", "GB", "TB", "PB"]
        var value = Double(count)
        var unit = 0
        while value >= 1000, unit < units.count - 1 {
            value /= 1000
            unit += 1
        }
        return unit == 0 ? "\(count) B" : "\(value.fixed(1)) \(units[unit])"
    }
}
