/// What a hostile peer sends, and what must become of its connection.
package struct Attack: Sendable {
    /// Where the attack begins.
    package enum Phase: Sendable {
        /// Before anything is said.
        case greeting
        /// Both have sent their greetings.
        case mechanism
        /// The connection is established.
        case traffic
    }

    package enum End: Sendable {
        /// The served process closes the connection.
        case closed
        /// It may stay; the attacker closes it.
        case stays
    }

    package let name: String
    package let phase: Phase
    package let end: End
    /// What is sent, in pieces; made when needed, because some are large.
    package let bytes: @Sendable (_ type: String) -> [UInt8]
    /// The attacker ends the stream behind its bytes.
    package var shutsDown = false

    init(
        _ name: String, _ phase: Phase, _ end: End = .closed, shutsDown: Bool = false,
        _ bytes: @escaping @Sendable (_ type: String) -> [UInt8]
    ) {
        self.name = name
        self.phase = phase
        self.end = end
        self.shutsDown = shutsDown
        self.bytes = bytes
    }
}

extension Attack {
    /// `type` is the socket type that the attacker plays.
    package static let all: [Attack] = greetings + mechanisms + traffic

    // MARK: Greetings

    private static let greetings: [Attack] =
        (0..<8).map { seed in
            Attack("garbage \(seed)", .greeting) { _ in
                var random = SeededGenerator(seed: UInt64(seed))
                // Not 0xff, which begins a greeting and may be waited on.
                return [UInt8(seed)]
                    + (0..<200).map { _ in UInt8.random(in: 0...255, using: &random) }
            }
        }
        + [
            Attack("HTTP request", .greeting) { _ in
                Array("GET / HTTP/1.1\r\nHost: example.org\r\nAccept: */*\r\n\r\n".utf8)
            },
            Attack("TLS hello", .greeting) { _ in
                [0x16, 3, 1, 0x02, 0, 1, 0, 0x01, 0xfc, 3, 3] + [UInt8](repeating: 0x5a, count: 500)
            },
            Attack("ZMTP 1.0", .greeting) { _ in [1, 0] + Wire.frame(Array("hello".utf8)) },
            Attack("ZMTP 1.0 with an identity", .greeting) { _ in [6, 0, 1, 2, 3, 4, 5, 1, 0] },
            Attack("ZMTP 2.0", .greeting) { _ in
                [0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 1, 8, 0, 0] + [0, 5, 1, 2, 3, 4, 5]
            },
            Attack("signature cut", .greeting, shutsDown: true) { _ in [0xff, 0, 0] },
            Attack("greeting cut", .greeting, shutsDown: true) { _ in
                Array(Wire.greeting().prefix(40))
            },
            Attack("nothing at all", .greeting, shutsDown: true) { _ in [] },
            Attack("major version 2", .greeting) { _ in Wire.greeting(major: 2) + Wire.ready("PUSH")
            },
            Attack("mechanism PLAIN", .greeting) { _ in
                Wire.greeting(mechanism: "PLAIN") + Wire.command("HELLO", [1, 97, 1, 98])
            },
            Attack("mechanism CURVE", .greeting) { _ in
                Wire.greeting(mechanism: "CURVE")
                    + Wire.command("HELLO", [UInt8](repeating: 1, count: 194))
            },
            Attack("no mechanism", .greeting) { _ in Wire.greeting(mechanism: "") },
            Attack("mechanism NULLX", .greeting) { _ in Wire.greeting(mechanism: "NULLX") },
            Attack("mechanism without an end", .greeting) { _ in
                Wire.greeting(mechanism: "NULLNULLNULLNULLNULL")
            },
        ]

    // MARK: Mechanisms

    private static func refusal(
        _ name: String, _ bytes: @escaping @Sendable (String) -> [UInt8]
    ) -> Attack { Attack(name, .mechanism, .closed, shutsDown: false, bytes) }

    private static let mechanisms: [Attack] = [
        refusal("a message before READY") { _ in Wire.frame([1, 2, 3]) },
        refusal("a command of 2^63 bytes") { _ in Wire.header(1 << 63, flags: 6) },
        refusal("a command of 2^62 bytes") { _ in Wire.header(1 << 62, flags: 6) },
        refusal("a command of 65,537 bytes") { _ in
            Wire.header(65_537, flags: 6) + [UInt8](repeating: 65, count: 65_537)
        },
        refusal("an unknown command") { _ in Wire.command("HELLO", [1, 2, 3]) },
        refusal("ERROR") { _ in Wire.command("ERROR", [3, 78, 111, 33]) },
        refusal("a malformed ERROR") { _ in Wire.command("ERROR", [200, 78]) },
        refusal("a command without a name") { _ in Wire.frame([], flags: 4) },
        refusal("a command name of 0 bytes") { _ in Wire.frame([0, 1, 2], flags: 4) },
        refusal("a command name beyond its frame") { _ in Wire.frame([200, 82, 69], flags: 4) },
        refusal("a command name of other characters") { _ in
            Wire.frame([5, 0, 1, 2, 255, 254], flags: 4)
        },
        refusal("a command with MORE") { type in Wire.frame([5] + Array("READY".utf8), flags: 5) },
        refusal("reserved flags") { _ in [0xf8, 0] },
        refusal("READY without Socket-Type") { _ in
            Wire.command("READY", Wire.property("Identity", [1]))
        },
        refusal("READY of an unknown type") { _ in Wire.ready("PUSHPULL") },
        refusal("READY of the wrong type") { type in Wire.ready(type == "PAIR" ? "PUSH" : "PAIR") },
        refusal("READY with an empty property name") { type in
            Wire.command("READY", [0] + Wire.bigEndian(1, bytes: 4) + [7])
        },
        refusal("READY with a value beyond its frame") { _ in
            Wire.command("READY", [11] + Array("Socket-Type".utf8) + [0x7f, 255, 255, 255, 80])
        },
        refusal("READY with a value of 2^32-1 bytes") { _ in
            Wire.command("READY", [11] + Array("Socket-Type".utf8) + [255, 255, 255, 255, 80])
        },
        refusal("READY with a name beyond its frame") { _ in Wire.command("READY", [250, 65]) },
        refusal("READY with an identity of 256 bytes") { type in
            Wire.ready(type, identity: [UInt8](repeating: 65, count: 256))
        },
        Attack("READY cut", .mechanism, shutsDown: true) { type in
            Array(Wire.ready(type).dropLast(4))
        },
    ]

    // MARK: Traffic

    private static let traffic: [Attack] = [
        Attack("a frame of 2^63 bytes", .traffic) { _ in
            Wire.header(1 << 63) + [UInt8](repeating: 1, count: 100_000)
        },
        Attack("a frame of 2^64-1 bytes", .traffic) { _ in Wire.header(.max) },
        Attack("a frame of 2^62 bytes", .traffic, .stays) { _ in
            Wire.header(1 << 62) + [UInt8](repeating: 1, count: 100_000)
        },
        Attack("a frame of 2^40 bytes", .traffic, .stays) { _ in
            Wire.header(1 << 40) + [UInt8](repeating: 1, count: 100_000)
        },
        Attack("a frame of 2^40 bytes cut", .traffic, shutsDown: true) { _ in
            Wire.header(1 << 40) + [UInt8](repeating: 1, count: 100_000)
        },
        Attack("a frame cut", .traffic, shutsDown: true) { _ in [0, 200, 1, 2, 3] },
        Attack("a multipart message cut", .traffic, shutsDown: true) { _ in
            Wire.frame([1], more: true) + Wire.frame([2], more: true)
        },
        Attack("a header cut", .traffic, shutsDown: true) { _ in [2, 0, 0, 0] },
        Attack("a million empty frames", .traffic) { _ in
            [UInt8](unsafeUninitializedCapacity: 2_000_000) { bytes, count in
                bytes.initialize(repeating: 0)
                for index in stride(from: 0, to: bytes.count, by: 2) { bytes[index] = 1 }
                count = bytes.count
            }
        },
        Attack("reserved flags in traffic", .traffic) { _ in [0x10, 1, 1] },
        Attack("all flags", .traffic) { _ in [0xff, 1, 1] },
        Attack("a command with MORE in traffic", .traffic) { _ in
            Wire.frame([4] + Array("PING".utf8) + [0, 0], flags: 5)
        },
        Attack("READY twice", .traffic) { type in Wire.ready(type) },
        Attack("ERROR in traffic", .traffic) { _ in Wire.command("ERROR", [2, 78, 111]) },
        Attack("a command of 2^62 bytes in traffic", .traffic) { _ in Wire.header(1 << 62, flags: 6)
        },
        Attack("a command without a name in traffic", .traffic) { _ in Wire.frame([], flags: 4) },
        Attack("a command name beyond its frame in traffic", .traffic) { _ in
            Wire.frame([99, 65], flags: 4)
        },
        Attack("a PING cut", .traffic) { _ in Wire.command("PING", [1]) },
        Attack("unknown commands", .traffic, .stays) { _ in
            (0..<2_000).flatMap { _ in Wire.command("SURPRISE", [1, 2, 3]) }
        },
        Attack("PONGs that nobody asked for", .traffic, .stays) { _ in
            (0..<2_000).flatMap { _ in Wire.command("PONG", [1, 2, 3]) }
        },
        Attack("a PING of 200 bytes of context", .traffic, .stays) { _ in
            Wire.command("PING", [0, 0] + [UInt8](repeating: 1, count: 200))
        },
        Attack("subscriptions cancelled that were not made", .traffic, .stays) { _ in
            (0..<500).flatMap { Wire.command("CANCEL", Wire.bigEndian(UInt64($0), bytes: 4)) }
        },
    ]
}
