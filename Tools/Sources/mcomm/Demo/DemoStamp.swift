import MCFacade

/// The first frame of every message of the demo: what the message is, and when it left. It is the
/// topic as well: subscribers subscribe to its first bytes.
struct DemoStamp {
    /// A hello only shows that the way is open.
    enum Kind: UInt8 {
        case hello, streamed, paced
    }

    var kind: Kind
    /// The tensor's place in the data set.
    var index: Int
    /// `Clock.nanoseconds()` just before the message was sent.
    var nanoseconds: UInt64

    /// What all stamps begin with.
    static let topic = "mcomm-demo"

    func frame() -> Frame {
        var bytes = Array(Self.topic.utf8)
        bytes.append(kind.rawValue)
        for word in [UInt64(index), nanoseconds] {
            bytes += (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
        }
        return Frame(bytes)
    }

    init(kind: Kind, index: Int, nanoseconds: UInt64) {
        self.kind = kind
        self.index = index
        self.nanoseconds = nanoseconds
    }

    /// Nil for a frame that is no stamp.
    init?(_ frame: borrowing Frame) {
        let bytes = frame.array
        let start = Self.topic.utf8.count
        guard bytes.count == start + 17, bytes.starts(with: Self.topic.utf8),
            let kind = Kind(rawValue: bytes[start])
        else { return nil }
        func word(_ offset: Int) -> UInt64 {
            bytes[(start + offset)..<(start + offset + 8)].reversed().reduce(0) {
                $0 << 8 | UInt64($1)
            }
        }
        guard let index = Int(exactly: word(1)) else { return nil }
        self.init(kind: kind, index: index, nanoseconds: word(9))
    }
}
