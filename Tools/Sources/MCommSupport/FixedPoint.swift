private import Glibc

extension Double {
    /// The number with `digits` decimals, as C's "%.*f" writes it.
    public func fixed(_ digits: Int) -> String {
        var buffer = [CChar](repeating: 0, count: 340 + digits)
        // Safe because the buffer is longer than the largest number's text, and its size is passed.
        let count = unsafe withVaList([Int32(digits), self]) {
            unsafe vsnprintf(&buffer, buffer.count, "%.*f", $0)
        }
        return String(
            decoding: buffer.prefix(max(0, Int(count))).map { UInt8(bitPattern: $0) },
            as: UTF8.self)
    }
}
