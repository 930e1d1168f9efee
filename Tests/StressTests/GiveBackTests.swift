import CMCLinux
import Glibc
import MCFacade
import MCTestSupport
import Testing

extension Stress {
    /// What a PUSH has sent to a peer that dies: whatever the kernel had not taken whole goes to
    /// another peer, whole, and nothing else does. What the kernel has taken is asked of it, byte
    /// by byte.
    @Suite(.serialized) struct GiveBack {
        struct Load: Sendable, CustomTestStringConvertible {
            let testDescription: String
            let count: Int
            let frames: [Int]
        }

        static let loads = [
            Load(testDescription: "16 B", count: 20_000, frames: [16]),
            Load(testDescription: "300 B", count: 2_000, frames: [300]),
            Load(testDescription: "10 KiB", count: 200, frames: [10 << 10]),
            Load(testDescription: "1 MiB", count: 12, frames: [1 << 20]),
            Load(testDescription: "small parts", count: 3_000, frames: [16, 8, 40]),
            Load(testDescription: "mixed parts", count: 100, frames: [16, 20_000, 8, 9_000, 200]),
        ]

        enum Side: CaseIterable { case bind, connect }

        /// How the first peer ends.
        enum Death: CaseIterable { case close, reset }

        @Test(.timeLimit(.minutes(2)), arguments: loads, Side.allCases)
        func `what a dead peer did not take goes to the next`(
            _ load: Load, _ side: Side
        ) async throws {
            for death in Death.allCases {
                try await blocking { try GiveBack.toTheNext(load, side, death) }
            }
        }

        private static func toTheNext(_ load: Load, _ side: Side, _ death: Death) throws {
            let push = try PushSocket(options: options)
            let listener: RawSocket?
            let raw: RawSocket
            var endpoint = ""
            switch side {
            case .bind:
                endpoint = try push.bind("tcp://127.0.0.1:*")
                listener = nil
                raw = try RawSocket.connect(try port(of: endpoint), receiveBuffer: 4096)
            case .connect:
                let bound = try RawSocket.listen(receiveBuffer: 4096)
                endpoint = "tcp://127.0.0.1:\(bound.port)"
                try push.connect(endpoint)
                raw = try bound.accept()
                listener = bound
            }
            try raw.handshake(as: "PULL")
            let overhead = try settledInKernel(raw)
            for number in 0..<load.count { try push.send(message(number, load)) }
            // Some has been read; the rest is with the kernels or with us.
            _ = try raw.exactly(1000)
            let whole = (try settledInKernel(raw) - overhead) / wireBytes(load)
            #expect(whole < load.count, "the kernel took everything: nothing is tested")
            listener?.close()
            if death == .reset { raw.reset() } else { raw.close() }

            let context = Context()
            let pull = try PullSocket(context: context, options: patient())
            try widen(push)
            switch side {
            case .bind: try pull.connect(try push.bind("tcp://127.0.0.1:*"))
            case .connect: try pull.bind(endpoint)
            }
            for number in whole..<load.count {
                let got = try pull.receive()
                try check(got, number, load)
            }
            usleep(20_000)
            let isMore = try pull.tryReceive() != nil
            #expect(!isMore, "more came than was sent")
            push.close()
            pull.close()
            context.close()
        }

        @Test(.timeLimit(.minutes(1)), arguments: loads)
        func `what a dead peer did not take goes to the others`(_ load: Load) async throws {
            try await blocking {
                let push = try PushSocket(options: GiveBack.options)
                let endpoint = try push.bind("tcp://127.0.0.1:*")
                let raw = try RawSocket.connect(try port(of: endpoint), receiveBuffer: 4096)
                try raw.handshake(as: "PULL")
                let overhead = try GiveBack.settledInKernel(raw)
                let context = Context()
                let pull = try PullSocket(
                    context: context, options: patient { $0.receiveHighWaterMark = 0 })
                try GiveBack.widen(push)
                try pull.connect(try push.bind("tcp://127.0.0.1:*"))
                // The other is there when something arrives from it.
                var sent = 0
                var got: Set<Int> = []
                while got.isEmpty {
                    try push.send(GiveBack.message(sent, load))
                    sent += 1
                    usleep(1000)
                    if let message = try pull.tryReceive() {
                        got.insert(try GiveBack.check(message, nil, load))
                    }
                }
                let total = sent + load.count
                while sent < total {
                    try push.send(GiveBack.message(sent, load))
                    sent += 1
                }
                // What is not the raw peer's arrives now.
                var isQuiet = false
                while !isQuiet {
                    isQuiet = true
                    usleep(200_000)
                    while let message = try pull.tryReceive() {
                        got.insert(try GiveBack.check(message, nil, load))
                        isQuiet = false
                    }
                }
                _ = try raw.exactly(1000)
                let taken = try GiveBack.settledInKernel(raw) - overhead
                let whole = taken / GiveBack.wireBytes(load)
                let rawMessages = (0..<total).filter { !got.contains($0) }
                let expected = Set(rawMessages.dropFirst(whole))
                #expect(!expected.isEmpty)
                raw.reset()
                var later: Set<Int> = []
                while later.count < expected.count {
                    let number = try GiveBack.check(try pull.receive(), nil, load)
                    let isNew = later.insert(number).inserted
                    #expect(isNew)
                }
                #expect(later == expected)
                push.close()
                pull.close()
                context.close()
            }
        }

        /// A message that nobody can have waits, also over several deaths.
        @Test(.timeLimit(.minutes(1)), arguments: Side.allCases)
        func `messages outlive several peers`(_ side: Side) async throws {
            try await blocking {
                let load = Load(testDescription: "", count: 300, frames: [16, 30_000])
                let push = try PushSocket(options: GiveBack.options)
                var port: UInt16 = 0
                if side == .bind {
                    port = try StressTests.port(of: try push.bind("tcp://127.0.0.1:*"))
                } else {
                    port = try RawSocket.listen().port
                    try push.connect("tcp://127.0.0.1:\(port)")
                }
                var next = 0
                var overhead = 0
                for round in 0..<5 {
                    let raw: RawSocket
                    if side == .bind {
                        raw = try RawSocket.connect(port, receiveBuffer: 4096)
                    } else {
                        let listener = try RawSocket.listen(receiveBuffer: 4096, port: port)
                        raw = try listener.accept()
                        listener.close()
                    }
                    try raw.handshake(as: "PULL")
                    if round == 0 {
                        overhead = try GiveBack.settledInKernel(raw)
                        for number in 0..<load.count {
                            try push.send(GiveBack.message(number, load))
                        }
                    }
                    for number in next..<next + 3 {
                        let frames = try raw.message()
                        #expect(GiveBack.number(frames[0]) == number)
                    }
                    let taken = try GiveBack.settledInKernel(raw) - overhead
                    next += taken / GiveBack.wireBytes(load)
                    raw.close()
                }
                let context = Context()
                let pull = try PullSocket(context: context, options: patient())
                try GiveBack.widen(push)
                if side == .bind {
                    try pull.connect(try push.bind("tcp://127.0.0.1:*"))
                } else {
                    try pull.bind("tcp://127.0.0.1:\(port)")
                }
                #expect(next < load.count)
                for number in next..<load.count {
                    try GiveBack.check(try pull.receive(), number, load)
                }
                push.close()
                pull.close()
                context.close()
            }
        }

        // MARK: Messages

        private static var options: SocketOptions {
            patient {
                $0.sendHighWaterMark = 0
                $0.sendBufferBytes = 8192
            }
        }

        /// Ends the small send buffer, for connections and endpoints to come.
        private static func widen(_ push: PushSocket) throws {
            try push.setOptions { $0.sendBufferBytes = -1 }
        }

        private static func message(_ number: Int, _ load: Load) -> Message {
            var message = Message()
            for (index, bytes) in load.frames.enumerated() {
                var frame = [UInt8](
                    repeating: UInt8(truncatingIfNeeded: number + index), count: bytes)
                for shift in 0..<8 {
                    frame[shift] = UInt8(truncatingIfNeeded: number >> (8 * shift))
                }
                message.append(Frame(frame))
            }
            return message
        }

        private static func number(_ frame: [UInt8]) -> Int {
            frame.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        }

        /// Checks a message in every byte; with a number, that it is this one.
        @discardableResult
        private static func check(
            _ message: borrowing Message, _ expected: Int?, _ load: Load
        ) throws -> Int {
            let parts = message.parts
            let number = number(parts[0])
            if let expected, number != expected {
                throw Failure("message \(number) instead of \(expected)")
            }
            guard parts == Self.message(number, load).parts else {
                throw Failure("message \(number) is damaged: frames of \(parts.map(\.count))")
            }
            return number
        }

        private static func wireBytes(_ load: Load) -> Int {
            load.frames.reduce(0) { $0 + $1 + ($1 < 256 ? 2 : 9) }
        }

        // MARK: What the kernel has

        /// Bytes that the kernel has taken from us for the raw peer since the connection's first,
        /// greeting and READY included, once nothing moves any more.
        private static func settledInKernel(_ raw: RawSocket) throws -> Int {
            let descriptor = try ourEnd(of: raw)
            var last = -1
            for _ in 0..<200 {
                let count = acknowledged(descriptor) + Int(cmc_unacknowledged(descriptor))
                if count == last { return count }
                last = count
                usleep(30_000)
            }
            throw Failure("the connection does not come to rest")
        }

        /// The socket of this process that is connected to the raw one.
        private static func ourEnd(of raw: RawSocket) throws -> Int32 {
            let port = raw.port
            for descriptor in 3..<Int32(4096) where peerPort(descriptor) == port {
                return descriptor
            }
            throw Failure("our end of the connection is not there")
        }

        /// `tcpi_bytes_acked` of tcp(7)'s TCP_INFO, which glibc's structure does not have.
        private static func acknowledged(_ descriptor: Int32) -> Int {
            var info = [UInt8](repeating: 0, count: 256)
            var size = socklen_t(info.count)
            getsockopt(descriptor, Int32(IPPROTO_TCP), TCP_INFO, &info, &size)
            return info.withUnsafeBytes {
                Int($0.loadUnaligned(fromByteOffset: 120, as: UInt64.self))
            }
        }

        private static func peerPort(_ descriptor: Int32) -> UInt16? {
            var address = sockaddr_in()
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let result = withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    getpeername(descriptor, $0, &size)
                }
            }
            guard result == 0, address.sin_family == sa_family_t(AF_INET) else { return nil }
            return UInt16(bigEndian: address.sin_port)
        }
    }
}
