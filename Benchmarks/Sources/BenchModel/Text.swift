/// Numbers as people read them.
public enum Text {
    /// "1.23M", "45.6k", "7.00"; "-" of nothing.
    public static func amount(_ value: Double?) -> String {
        guard let value else { return "-" }
        switch value {
        case 1e9...: return digits(value / 1e9) + "G"
        case 1e6...: return digits(value / 1e6) + "M"
        case 1e3...: return digits(value / 1e3) + "k"
        default: return digits(value)
        }
    }

    /// Three digits, or all before the point.
    public static func digits(_ value: Double) -> String {
        switch abs(value) {
        case 100...: fixed(value, 0)
        case 10...: fixed(value, 1)
        default: fixed(value, 2)
        }
    }

    public static func fixed(_ value: Double, _ places: Int) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
        var scale = 1.0
        for _ in 0..<places { scale *= 10 }
        let scaled = Int((abs(value) * scale).rounded())
        let sign = value < 0 && scaled > 0 ? "-" : ""
        guard places > 0 else { return sign + "\(scaled)" }
        let fraction = String(scaled % Int(scale))
        let zeros = String(repeating: "0", count: places - fraction.count)
        return sign + "\(scaled / Int(scale)).\(zeros)\(fraction)"
    }

    /// "64", "4Ki", "16Mi".
    public static func bytes(_ count: Int) -> String {
        if count >= 1 << 20, count.isMultiple(of: 1 << 20) { return "\(count >> 20)Mi" }
        if count >= 1 << 10, count.isMultiple(of: 1 << 10) { return "\(count >> 10)Ki" }
        return "\(count)"
    }

    public static func padded(_ text: String, to width: Int, left: Bool = false) -> String {
        let space = String(repeating: " ", count: max(0, width - text.count))
        return left ? space + text : text + space
    }
}

extension Text {
    /// A mark of an axis, without needless zeros.
    static func mark(_ value: Double) -> String {
        var text = amount(value)
        guard text.contains(".") else { return text }
        let unit = text.last.map { $0.isLetter } == true ? String(text.removeLast()) : ""
        while text.last == "0" { text.removeLast() }
        if text.last == "." { text.removeLast() }
        return text + unit
    }

    /// Two digits or all before the point, for a narrow place.
    static func short(_ value: Double) -> String {
        let unit = amount(value).last.map { $0.isLetter ? String($0) : "" } ?? ""
        let scale: Double =
            switch unit {
            case "G": 1e9
            case "M": 1e6
            case "k": 1e3
            default: 1
            }
        let scaled = value / scale
        return fixed(scaled, scaled < 9.95 ? 1 : 0) + unit
    }
}
