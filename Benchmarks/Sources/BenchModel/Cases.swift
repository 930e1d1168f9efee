// What is measured, as data. `full` is everything; the others are parts of it.

private let throughputSizes = [
    8, 16, 64, 128, 256, 1024, 4096, 16_384, 65_536, 1_048_576, 16_777_216,
]
private let roundtripSizes = [1, 64, 1024, 65_536]
/// Messages of this size and more are compared with a stream, too: what the kernel can do at all.
private let streamBytes = 256
/// From here on with the best of several sizes of writes to it.
private let manyStreamBytes = 1_048_576
/// Messages of this size are sent through the C interface, too: what the boundary costs.
private let boundarySize = 64
/// Of writes to a stream.
private let writeSizes = [65_536, 122_880, 262_144]
private let streams = writeSizes.map { Contender.raw(writeBytes: $0) }
private let oneStream = [Contender.raw(writeBytes: 122_880)]
private let otherStyles: [Contender] = ["callback", "async", "await"].map { .ours(style: $0) }

extension Case {
    /// PUSH/PULL from one thread over one connection.
    static func throughput(_ transport: Transport, _ size: Int) -> Case {
        let boundary: [Contender] = size == boundarySize ? [.oursInC] : []
        return Case(
            .throughput, transport, "size=\(size)",
            [.ours] + boundary + [.libzmq] + raw(transport, size))
    }

    private static func raw(_ transport: Transport, _ size: Int) -> [Contender] {
        if transport == .inproc || size < streamBytes { return [] }
        return size < manyStreamBytes ? oneStream : streams
    }

    /// Over eight connections of one socket; a raw stream has one.
    static func connections(_ transport: Transport, _ size: Int) -> Case {
        Case(
            .throughput, transport, "size=\(size) connections=8",
            [.ours, .libzmq] + raw(transport, size))
    }

    /// In each way to receive that only ours has; libzmq's polling is the measure.
    static func styles(_ transport: Transport, _ size: Int) -> Case {
        Case(
            .throughput, transport, "size=\(size)", otherStyles + [.libzmq], variant: "styles")
    }

    static func roundtrip(_ transport: Transport, _ pattern: String, _ size: Int) -> Case {
        // With peers in its own process a thread looks on for a little even by default.
        let others: [Contender] =
            (transport == .inproc ? [.sleeping] : []) + (pattern == "req" ? [.raw] : [])
        return Case(
            .roundtrip, transport, "pattern=\(pattern) size=\(size)",
            [.ours, .spinning, .libzmq] + others)
    }

    static func publish(_ transport: Transport, _ peers: Int, _ prefixes: Int) -> Case {
        Case(.publish, transport, "peers=\(peers) prefixes=\(prefixes)")
    }

    public static let full: [Case] = Transport.allCases.flatMap { transport -> [Case] in
        var cases = throughputSizes.map { Case.throughput(transport, $0) }
        for size in [16, 64, 256, 65_536] {
            cases.append(.connections(transport, size))
        }
        for size in [64, 65_536] {
            cases.append(Case(.throughput, transport, "size=\(size) threads=4"))
            cases.append(.styles(transport, size))
        }
        for pattern in ["req", "pair"] {
            cases += roundtripSizes.map { .roundtrip(transport, pattern, $0) }
        }
        for peers in [1, 8, 64] {
            for prefixes in [1, 10_000] { cases.append(.publish(transport, peers, prefixes)) }
        }
        cases += [1, 8, 64].map { Case(.route, transport, "peers=\($0)") }
        cases.append(Case(.connect, transport))
        cases.append(Case(.idle, transport, "connections=10000"))
        cases.append(Case(.burst, transport))
        return cases
    }

    public static let quick: [Case] =
        [16, 64, 256, 1024, 16_384, 65_536, 1_048_576].map { .throughput(.tcp, $0) }
        + [64, 65_536].map { .throughput(.ipc, $0) }
        + [.throughput(.inproc, 64)]
        + [
            .connections(.tcp, 256),
            Case(.throughput, .tcp, "size=64 threads=4"),
            .styles(.tcp, 64),
            .roundtrip(.tcp, "req", 64), .roundtrip(.ipc, "req", 64),
            .roundtrip(.inproc, "req", 64), .roundtrip(.tcp, "pair", 64),
            .publish(.tcp, 64, 1), .publish(.tcp, 8, 1), .publish(.tcp, 8, 10_000),
            Case(.route, .tcp, "peers=8"),
            Case(.connect, .tcp), Case(.idle, .tcp, "connections=10000"), Case(.burst, .tcp),
        ]

    /// Every kind of work over every transport, small: shows that nothing hangs or fails.
    public static let smoke: [Case] = Transport.allCases.flatMap { transport -> [Case] in
        [
            .throughput(transport, 16), .throughput(transport, boundarySize),
            .throughput(transport, 65_536),
            .throughput(transport, 1_048_576),
            Case(.throughput, transport, "size=256 connections=8"),
            Case(.throughput, transport, "size=64 threads=4"),
            .styles(transport, 64), .styles(transport, 65_536),
            .roundtrip(transport, "req", 1), .roundtrip(transport, "pair", 65_536),
            .publish(transport, 1, 1), .publish(transport, 8, 1000),
            Case(.route, transport, "peers=1"), Case(.route, transport, "peers=8"),
            Case(.connect, transport), Case(.idle, transport, "connections=100"),
            Case(.burst, transport),
        ]
    }
}
