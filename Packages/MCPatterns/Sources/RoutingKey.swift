/// A routing id as a dictionary key. Up to 16 bytes, which is nearly every one, it is a value: to look
/// up whom a message goes to allocates nothing.
enum RoutingKey: Hashable {
    case short(UInt64, UInt64, count: UInt8)
    case long([UInt8])

    init(_ id: [UInt8]) {
        self = unsafe id.withUnsafeBytes { unsafe RoutingKey($0) }
    }

    init(_ id: UnsafeRawBufferPointer) {
        guard id.count <= 16 else {
            self = unsafe .long([UInt8](id))
            return
        }
        var words: (UInt64, UInt64) = (0, 0)
        unsafe withUnsafeMutableBytes(of: &words) { unsafe $0.copyMemory(from: id) }
        self = .short(words.0, words.1, count: UInt8(id.count))
    }
}
