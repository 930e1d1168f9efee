import MCFacade
import MCTransport
import Testing

extension FacadeTests {
    /// STREAM with programs that speak no ZMTP (zmq_socket(3), ZMQ_STREAM).
    @Suite struct Streams {
        @Test(arguments: Way.streams)
        func aConnectionsLife(way: Way) throws {
            try withContext { context in
                let stream = try StreamSocket(context: context, options: .test)
                let raw = try RawPeer.connect(to: try stream.bind(way.fresh))
                let first = try stream.parts()
                let id = first[0]
                #expect(id.count == 5 && id[0] == 0)
                #expect(first == [id, []])
                #expect(stream.lastRoutingID == id)
                // No greeting, nothing: bytes as they are.
                #expect(raw.isSilent(for: 50))
                try raw.send(bytes("GET /"))
                #expect(try stream.received(5) == [id: bytes("GET /")])
                try stream.send(parts: [id, bytes("200 ")])
                try stream.send(parts: [id, bytes("OK")])
                #expect(try raw.receive(6) == bytes("200 OK"))
                try raw.send(bytes("last words"))
                raw.link.shutdown()
                #expect(try stream.received(10) == [id: bytes("last words")])
                #expect(try stream.parts() == [id, []])
                #expect(
                    code { try stream.send(parts: [id, bytes("?")]) } == .hostUnreachable)
                #expect(try stream.tryReceive() == nil)
            }
        }

        @Test func routingIDsCountUp() throws {
            try withContext { context in
                let stream = try StreamSocket(context: context, options: .test)
                let endpoint = try stream.bind(Way.tcp.fresh)
                var ids: [UInt32] = []
                for _ in 0..<4 {
                    let raw = try RawPeer.connect(to: endpoint)
                    let id = try stream.parts()[0]
                    ids.append(id.dropFirst().reduce(0) { $0 << 8 | UInt32($1) })
                    try stream.send(parts: [id, [UInt8(ids.count)]])
                    #expect(try raw.receive(1) == [UInt8(ids.count)])
                    raw.link.close()
                    #expect(try stream.parts() == [id, []])
                }
                for (one, next) in zip(ids, ids.dropFirst()) { #expect(next == one &+ 1) }
            }
        }

        /// A dialled connection has its id at once, and keeps it when it is dialled again.
        @Test func dialled() throws {
            try withContext { context in
                let listener = try RawListener()
                let stream = try StreamSocket(context: context, options: .test)
                let id = try stream.openConnection(to: listener.endpoint)
                #expect(id == stream.lastRoutingID && id.count == 5)
                try stream.send(parts: [id, bytes("early")])
                for text in ["early", "again"] {
                    let raw = try listener.accept()
                    #expect(try stream.parts() == [id, []])
                    #expect(try raw.receive(5) == bytes(text))
                    try raw.send(bytes("re"))
                    #expect(try stream.received(2) == [id: bytes("re")])
                    raw.link.close()
                    #expect(try stream.parts() == [id, []])
                    // For the next connection.
                    try stream.send(parts: [id, bytes("again")])
                }
            }
        }

        @Test func whatCannotBeSent() throws {
            try withContext { context in
                let stream = try StreamSocket(context: context, options: .test)
                #expect(try stream.events() == .canSend)
                #expect(code { try stream.send("alone") } == .invalidMessage)
                let nobody = code { try stream.send(parts: [bytes("nobody"), [1]]) }
                #expect(nobody == .hostUnreachable)
                #expect(code { try stream.closeConnection(bytes("nobody")) } == .hostUnreachable)
                let raw = try RawPeer.connect(to: try stream.bind(Way.tcp.fresh))
                let id = try stream.parts()[0]
                #expect(code { try stream.send(parts: [id, [1], [2]]) } == .invalidMessage)
                try stream.send(parts: [id, [3]])
                #expect(try raw.receive(1) == [3])
            }
        }

        @Test func nobodyIsToldOfPeers() throws {
            try withContext { context in
                let stream = try StreamSocket(context: context, options: .test)
                #expect(stream.tellsOfPeers)
                stream.tellsOfPeers = false
                let raw = try RawPeer.connect(to: try stream.bind(Way.tcp.fresh))
                try raw.send([7])
                #expect(try stream.parts()[1] == [7])
                raw.link.close()
                #expect(try stream.countUntilQuiet(100) == 0)
            }
        }

        /// What was sent comes first; nobody is told; what came and is still coming is thrown away.
        @Test(arguments: Way.streams, [0, -1])
        func closingAConnection(way: Way, linger: Int) throws {
            try withContext { context in
                let stream = try StreamSocket(
                    context: context, options: .test { $0.lingerMilliseconds = linger })
                let endpoint = try stream.bind(way.fresh)
                let raw = try RawPeer.connect(to: endpoint)
                let id = try stream.parts()[0]
                try raw.send(bytes("unread"))
                pause(50)
                let large = [UInt8](repeating: 5, count: 1 << 20)
                for _ in 0..<4 { try stream.send(parts: [id, large]) }
                try stream.closeConnection(id)
                #expect(code { try stream.closeConnection(id) } == .hostUnreachable)
                try raw.send([UInt8](repeating: 1, count: 100_000))
                let all = try raw.receive(4 << 20)
                #expect(all.allSatisfy { $0 == 5 })
                #expect(raw.isClosed(within: patience))
                #expect(try stream.countUntilQuiet(50) == 0)
                let other = try RawPeer.connect(to: endpoint)
                let next = try stream.parts()
                #expect(next[0] != id && next[1] == [])
                try stream.send(parts: [next[0], [9]])
                #expect(try other.receive(1) == [9])
            }
        }

        @Test func aClosedConnectionIsNotDialledAgain() throws {
            try withContext { context in
                let listener = try RawListener()
                let stream = try StreamSocket(context: context, options: .test)
                // Before it is there, and while it is.
                for early in [true, false] {
                    let id = try stream.openConnection(to: listener.endpoint)
                    if !early { #expect(try stream.parts() == [id, []]) }
                    try stream.send(parts: [id, bytes("bye")])
                    try stream.closeConnection(id)
                    let raw = try listener.accept()
                    #expect(try raw.receive(3) == bytes("bye"))
                    #expect(raw.isClosed(within: patience))
                    #expect(try listener.acceptIfAny(within: 100) == nil)
                    #expect(try stream.tryReceive() == nil)
                }
                try stream.disconnect(listener.endpoint)
            }
        }

        @Test(arguments: Way.allCases)
        func chosenRoutingIDs(way: Way) throws {
            try withContext { context in
                let server = try StreamSocket(context: context, options: .test)
                server.tellsOfPeers = false
                let endpoint = try server.bind(way.fresh)
                let client = try StreamSocket(context: context, options: .test)
                client.tellsOfPeers = false
                try client.connect(endpoint, peerRoutingID: bytes("server"))
                #expect(client.lastRoutingID == [])
                try client.send(parts: [bytes("server"), bytes("hello")])
                let request = try server.parts()
                #expect(request[0].count == 5 && request[1] == bytes("hello"))
                try server.send(parts: [request[0], bytes("hi")])
                #expect(try client.parts() == [bytes("server"), bytes("hi")])
                for bad in [[], [0, 1], [UInt8](repeating: 1, count: 256), bytes("server")] {
                    #expect(
                        code { try client.connect(endpoint, peerRoutingID: bad) }
                            == .invalidOption)
                }
                // It was for one connection.
                #expect(try client.openConnection(to: endpoint).first == 0)
            }
        }

        /// In the process there are no bytes to be spoken: messages go as they are.
        @Test func inTheProcess() throws {
            try withContext { context in
                let one = try StreamSocket(context: context, options: .test)
                let two = try StreamSocket(context: context, options: .test)
                let id = try two.openConnection(to: try one.bind(Way.inproc.fresh))
                let large = [UInt8](repeating: 3, count: 100_000)
                try two.send(parts: [id, large])
                let got = try one.parts()
                #expect(got == [one.lastRoutingID, large])
                try one.send(parts: [got[0], bytes("back")])
                #expect(try two.parts() == [id, bytes("back")])
                try two.closeConnection(id)
                #expect(code { try two.send(parts: [id, [1]]) } == .hostUnreachable)
                #expect(
                    eventually { code { try one.send(parts: [got[0], [1]]) } == .hostUnreachable })
                #expect(try one.tryReceive() == nil)
                let dealer = try DealerSocket(context: context, options: .test)
                let other = code { try dealer.connect(one.lastEndpoint) }
                #expect(other == .protocolError)
            }
        }
    }
}

extension StreamSocket {
    /// So many bytes of data, by routing id; told apart from notices, which are an issue.
    func received(_ count: Int) throws -> [[UInt8]: [UInt8]] {
        var all: [[UInt8]: [UInt8]] = [:]
        var total = 0
        while total < count {
            let parts = try parts()
            try #require(parts.count == 2 && !parts[1].isEmpty && parts[1].count <= 8192)
            all[parts[0], default: []] += parts[1]
            total += parts[1].count
        }
        return all
    }
}
