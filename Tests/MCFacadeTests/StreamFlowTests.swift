import MCFacade
import MCLock
import MCTestSupport
import MCTransport
import Testing

extension FacadeTests {
    /// How much STREAM carries, and how much it keeps.
    @Suite struct StreamFlow {
        private static func data(_ count: Int, seed: UInt64) -> [UInt8] {
            var random = SeededGenerator(seed: seed)
            return (0..<count / 8).flatMap { _ in withUnsafeBytes(of: random.next(), Array.init) }
        }

        /// Both ways at once, in pieces of all sizes, and every byte in its place.
        @Test(arguments: Way.streams)
        func muchBothWays(way: Way) throws {
            let size = scaled(32 << 20) & ~7
            try withContext { context in
                let server = try StreamSocket(context: context, options: .test)
                let client = try StreamSocket(context: context, options: .test)
                let endpoint = try server.bind(way.fresh)
                let id = try client.openConnection(to: endpoint)
                let peer = try server.parts()[0]
                #expect(try client.parts() == [id, []])
                @Sendable func send(
                    _ data: [UInt8], from socket: StreamSocket, to id: [UInt8], seed: UInt64
                ) throws {
                    var random = SeededGenerator(seed: seed)
                    var rest = data[...]
                    while !rest.isEmpty {
                        let longest = [100, 10_000, 300_000][Int(random.next() % 3)]
                        let piece = rest.prefix(Int.random(in: 1...longest, using: &random))
                        rest = rest.dropFirst(piece.count)
                        try socket.send(parts: [id, Array(piece)])
                    }
                }
                let (up, down) = (Self.data(size, seed: 1), Self.data(size, seed: 2))
                let workers = [
                    Worker { try send(up, from: client, to: id, seed: 3) },
                    Worker { try send(down, from: server, to: peer, seed: 4) },
                ]
                let arrivals = [
                    Worker { try server.received(size)[peer] == up },
                    Worker { try client.received(size)[id] == down },
                ]
                for worker in workers { try worker.join() }
                for arrival in arrivals { #expect(try arrival.join()) }
            }
        }

        /// A peer that does not read gets no more than may wait for it, and delays nobody else.
        @Test(arguments: Way.streams)
        func aPeerThatDoesNotRead(way: Way) async throws {
            try await withContext { context in
                let stream = try StreamSocket(
                    context: context,
                    options: .test {
                        $0.sendHighWaterMark = 4
                        $0.sendTimeoutMilliseconds = 100
                        $0.sendBufferBytes = 64 << 10
                    })
                let endpoint = try stream.bind(way.fresh)
                var small = LinkOptions()
                small.receiveBufferBytes = 64 << 10
                let deaf = try RawPeer.connect(to: endpoint, options: small)
                let id = try stream.parts()[0]
                let good = try RawPeer.connect(to: endpoint)
                let other = try stream.parts()[0]
                let piece = [UInt8](repeating: 8, count: 100_000)
                // The kernel may find room for a little more at any time.
                var count = 0
                func fill(_ send: () async -> SocketError.Code?) async throws -> SocketError.Code {
                    while true {
                        if let refusal = await send() { return refusal }
                        count += 1
                        try #require(count < 100)
                    }
                }
                let atOnce = try await fill {
                    code { try stream.send(parts: [id, piece], .dontWait) }
                }
                #expect(atOnce == .wouldBlock && count >= 4)
                let inTime = try await fill { code { try stream.send(parts: [id, piece]) } }
                #expect(inTime == .timedOut)
                let inATask = try await fill {
                    await asyncCode { try await stream.send(parts: [id, piece]) }
                }
                #expect(inATask == .timedOut)
                try await stream.send(parts: [other, bytes("still")])
                #expect(try good.receive(5) == bytes("still"))
                // As soon as it reads there is room.
                let waits = Worker {
                    try stream.setOptions { $0.sendTimeoutMilliseconds = patience }
                    try stream.send(parts: [id, bytes("end")])
                }
                let all = try deaf.receive(count * piece.count)
                #expect(all.allSatisfy { $0 == 8 })
                try waits.join()
                #expect(try deaf.receive(3) == bytes("end"))
                // Who waits for room learns that the peer has gone.
                let late = Worker { code { while true { try stream.send(parts: [id, piece]) } } }
                pause(100)
                deaf.link.close()
                #expect(try late.join() == .hostUnreachable)
                #expect(try stream.parts() == [id, []])
            }
        }

        /// What nobody receives is not read, beyond the high-water mark.
        @Test(arguments: Way.streams)
        func aUserWhoDoesNotReceive(way: Way) throws {
            try withContext { context in
                let stream = try StreamSocket(
                    context: context,
                    options: .test {
                        $0.receiveHighWaterMark = 10
                        $0.receiveBufferBytes = 64 << 10
                    })
                let endpoint = try stream.bind(way.fresh)
                var small = LinkOptions()
                small.sendBufferBytes = 64 << 10
                let raw = try RawPeer.connect(to: endpoint, options: small)
                let data = Self.data(8 << 20, seed: 5)
                var sent = 0
                while isReady(raw.link.descriptor, 4, within: 200) {
                    sent += try raw.sendSome(data[sent..<min(sent + 65_536, data.count)])
                    try #require(sent < 4 << 20)
                }
                let rest = sent
                let worker = Worker {
                    try raw.send(Array(data[rest...]))
                    raw.link.shutdownWrite()
                }
                let id = try stream.parts()[0]
                #expect(try stream.received(data.count)[id] == data)
                try worker.join()
                #expect(try stream.parts() == [id, []])
            }
        }

        /// Notices of a server that closes every connection do not pile up.
        @Test func aPeerThatComesAndGoes() throws {
            try withContext { context in
                let listener = try RawListener()
                let stream = try StreamSocket(
                    context: context, options: .test { $0.receiveHighWaterMark = 3 })
                let id = try stream.openConnection(to: listener.endpoint)
                for _ in 0..<12 { try listener.accept().link.close() }
                pause(50)
                var count = 0
                while let message = try stream.tryReceive() {
                    #expect(message.parts == [id, []])
                    count += 1
                }
                #expect(count >= 3 && count <= 4)
                // And then it goes on.
                let raw = try listener.accept()
                try stream.send(parts: [id, [1]])
                #expect(try raw.receive(1) == [1])
            }
        }

        /// Many that come and go, and break off: of each one comes its beginning, its bytes, its end,
        /// unless it is we who end it.
        @Test(arguments: Way.streams)
        func manyThatComeAndGo(way: Way) throws {
            let (peers, rounds) = (4, scaled(100))
            try withContext { context in
                let stream = try StreamSocket(
                    context: context, options: .test { $0.receiveHighWaterMark = 4 })
                let endpoint = try stream.bind(way.fresh)
                let workers = (0..<peers).map { number in
                    Worker {
                        var random = SeededGenerator(seed: UInt64(number))
                        for _ in 0..<rounds {
                            let raw = try RawPeer.connect(to: endpoint)
                            let count = Int(random.next() % 40_000) + 1
                            // Reads what comes back, is closed by the socket, or goes at once.
                            let manner = UInt8(random.next() % 3)
                            try raw.send([UInt8](repeating: manner, count: count))
                            if manner == 0 { _ = try raw.receive(count) }
                            if manner == 1 { #expect(raw.isClosed(within: patience)) }
                            if random.next() % 2 == 0 { raw.link.shutdown() }
                        }
                    }
                }
                var open: Set<[UInt8]> = []
                var (ended, closed) = (0, 0)
                while ended + closed < peers * rounds {
                    let parts = try stream.parts()
                    let (id, data) = (parts[0], parts[1])
                    if data.isEmpty {
                        if open.remove(id) == nil { open.insert(id) } else { ended += 1 }
                        continue
                    }
                    try #require(open.contains(id))
                    let refused = code { try stream.send(parts: parts) }
                    // Who has gone may still be heard of.
                    try #require(refused == nil || refused == .hostUnreachable)
                    if data[0] == 1, code({ try stream.closeConnection(id) }) == nil {
                        open.remove(id)
                        closed += 1
                    }
                }
                for worker in workers { try worker.join() }
                #expect(open.isEmpty && closed > 0)
                #expect(try stream.countUntilQuiet(50) == 0)
            }
        }

        /// "Sent and closed" delivers, also when the peer takes its time.
        @Test(arguments: Way.streams)
        func closingTheSocket(way: Way) throws {
            try withContext { context in
                let stream = try StreamSocket(
                    context: context, options: .test { $0.lingerMilliseconds = -1 })
                let raw = try RawPeer.connect(to: try stream.bind(way.fresh))
                let id = try stream.parts()[0]
                let data = Self.data(8 << 20, seed: 6)
                for start in stride(from: 0, to: data.count, by: 1 << 20) {
                    try stream.send(parts: [id, Array(data[start..<start + (1 << 20)])])
                }
                stream.close()
                pause(100)
                #expect(try raw.receive(data.count) == data)
                #expect(raw.isClosed(within: patience))
            }
        }

        /// A connection that breaks takes what it had not sent with it; the next one begins afresh.
        @Test func nothingIsSentTwice() throws {
            try withContext { context in
                let listener = try RawListener()
                let stream = try StreamSocket(
                    context: context, options: .test { $0.sendBufferBytes = 64 << 10 })
                let id = try stream.openConnection(to: listener.endpoint)
                let raw = try listener.accept()
                #expect(try stream.parts() == [id, []])
                for _ in 0..<20 {
                    try stream.send(parts: [id, [UInt8](repeating: 1, count: 500_000)])
                }
                _ = try raw.receive(1000)
                raw.link.close()
                #expect(try stream.parts() == [id, []])
                try stream.send(parts: [id, [UInt8](repeating: 2, count: 100)])
                let next = try listener.accept()
                #expect(try next.receive(100) == [UInt8](repeating: 2, count: 100))
                #expect(next.isSilent(for: 50))
            }
        }

        @Test func everyWayToReceive() async throws {
            try await withContext { context in
                let called = try StreamSocket(context: context, options: .test)
                let seen = Locked<[[[UInt8]]]>([])
                try called.onMessage { message in seen.withLock { $0.append(message.parts) } }
                let raw = try RawPeer.connect(to: try called.bind(Way.tcp.fresh))
                #expect(eventually { seen.withLock { $0.count } == 1 })
                try raw.send([1])
                #expect(eventually { seen.withLock { $0.count } == 2 })
                raw.link.close()
                #expect(eventually { seen.withLock { $0.count } == 3 })
                #expect(seen.withLock { $0.map { $0[1] } } == [[], [1], []])

                let asked = try StreamSocket(context: context, options: .test)
                let endpoint = try asked.bind(Way.tcp.fresh)
                async let coming = asked.receive().parts
                let other = try RawPeer.connect(to: endpoint)
                let id = try await coming[0]
                try other.send([2])
                #expect(try await asked.receive().parts == [id, [2]])
                async let going = asked.receive().parts
                other.link.close()
                #expect(try await going == [id, []])

                let polled = try StreamSocket(context: context, options: .test)
                let descriptor = try polled.pollDescriptor()
                _ = try polled.events()
                let third = try RawPeer.connect(to: try polled.bind(Way.tcp.fresh))
                #expect(isReady(descriptor, 1, within: patience))
                #expect(eventually { (try? polled.events().contains(.canReceive)) == true })
                let name = try polled.parts()[0]
                third.link.close()
                #expect(eventually { (try? polled.events().contains(.canReceive)) == true })
                #expect(try polled.parts() == [name, []])
            }
        }

        /// There is no handshake that could take too long, or be told of, and nothing to beat.
        @Test func onlyBytes() throws {
            try withContext { context in
                let stream = try StreamSocket(
                    context: context,
                    options: .test {
                        $0.heartbeatIntervalMilliseconds = 20
                        $0.handshakeIntervalMilliseconds = 50
                        $0.maximumMessageBytes = 4
                    })
                let monitor = stream.monitor()
                let raw = try RawPeer.connect(to: try stream.bind(Way.tcp.fresh))
                let id = try stream.parts()[0]
                #expect(raw.isSilent(for: 200))
                try raw.send([UInt8](repeating: 0xff, count: 100))
                #expect(try stream.received(100)[id]?.count == 100)
                raw.link.close()
                #expect(try stream.parts() == [id, []])
                stream.close()
                var kinds: [SocketEvent.Kind] = []
                while kinds.last != .monitorStopped {
                    kinds.append(try #require(monitor.next(timeoutMilliseconds: patience)).kind)
                }
                #expect(
                    kinds == [.listening, .accepted, .disconnected, .closed, .monitorStopped])
            }
        }
    }
}
