import FoundationEssentials
import MCCodec
import MCommSupport

/// What one child process of the demo does: one or several peers, each on a thread of its own.
struct DemoJob: Codable, Sendable {
    /// One socket and its part in a scenario.
    struct Peer: Codable, Sendable {
        /// What the peer is called in the lines to and from its process.
        var name: String
        var kind: SocketKind
        /// Sends the tensors; else receives them.
        var sends: Bool
        var bind: String?
        var connect: String?
    }

    var peers: [Peer]
    var files: [String]
    /// Each element along the first dimension is a tensor of its own.
    var split: Bool
    /// How often all tensors are sent as fast as possible, before they are sent once more at a
    /// steady pace.
    var rounds: Int
    /// Nanoseconds from one tensor to the next at the steady pace.
    var paceNanoseconds: UInt64
    /// For a test of the demo itself: the sender changes one byte of one tensor.
    var corrupt: Bool
}

/// A line from a child to the parent.
struct DemoEvent: Codable, Sendable {
    enum Kind: String, Codable, Sendable {
        /// The socket is bound; `endpoint` says where.
        case bound
        /// A receiver got the first hello: it is connected, and its subscription has arrived.
        case ready
        /// A receiver has had `count` tensors so far, and no more are there.
        case progress
        /// A sender has sent what it was told to, in all `count` tensors.
        case sent
        /// A receiver's or sender's last word: what it saw.
        case report
        /// The peer gave up; `message` says why.
        case failed
    }

    var peer: String
    var kind: Kind
    var endpoint: String?
    var count: Int?
    var message: String?
    /// The first tensor's departure or the last one's arrival at full speed, by the clock that all
    /// processes share.
    var nanoseconds: UInt64?
    /// What arrived, by index.
    var seen: [DemoSighting]?
    /// Tensors that came in no readable form.
    var unreadable: [String]?
    /// Latencies in nanoseconds at the steady pace.
    var latencies: [UInt64]?
}

/// How often a tensor arrived in one and the same form.
struct DemoSighting: Codable, Sendable, Hashable {
    var index: Int
    var tensor: DemoFingerprint
    var count: Int
}

/// What a tensor is and holds: two are equal if element type, shape, orders and every byte are.
struct DemoFingerprint: Codable, Sendable, Hashable, CustomStringConvertible {
    private var dtype: UInt8
    private var shape: [Int]
    private var orders: UInt8
    private var digest: UInt64

    init(_ descriptor: TensorDescriptor, payload: RawSpan) {
        dtype = descriptor.dtype.rawValue
        shape = descriptor.shape
        orders = descriptor.layout.rawValue << 1 | descriptor.byteOrder.rawValue
        var digest = Digest()
        digest.combine(payload)
        self.digest = digest.value
    }

    var description: String {
        let name = DType(rawValue: dtype)?.name ?? "type \(dtype)"
        return "\(name)\(shape) with digest \(String(digest, radix: 16))"
    }
}

/// Codable values as single lines.
enum DemoLine {
    static func encode(_ value: some Encodable) throws -> String {
        String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
    }

    static func decode<Value: Decodable>(_ line: String, as type: Value.Type) throws -> Value {
        try JSONDecoder().decode(type, from: Data(line.utf8))
    }
}
