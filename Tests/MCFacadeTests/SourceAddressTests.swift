import MCFacade
import MCTransport
import Testing

extension FacadeTests {
    /// Connections that say where they come from.
    @Suite struct SourceAddresses {
        @Test(arguments: [
            ("127.0.0.1:0", "127.0.0.1"), ("127.0.0.9:*", "127.0.0.9"), ("lo:0", "127.0.0.1"),
            ("*:0", "127.0.0.1"), ("[::1]:0", "[::1]"), ("lo:0", "[::1]"),
        ])
        func whereFrom(source: String, expected: String) throws {
            try withContext { context in
                let host = expected.hasPrefix("[") ? "[::1]" : "127.0.0.1"
                let listener = try RawListener("tcp://\(host):*")
                let push = try PushSocket(context: context, options: .test)
                let target = listener.endpoint.dropFirst("tcp://".count)
                try push.connect("tcp://\(source);\(target)")
                let peer = try listener.accept()
                #expect(peer.link.peer.hasPrefix("tcp://\(expected):"))
            }
        }

        /// One port serves connections to several servers, of several sockets.
        @Test func onePort() throws {
            try withContext { context in
                let ports = [try freePort(), try freePort()]
                let servers = try (0..<2).map { _ in
                    try RepSocket(context: context, options: .test)
                }
                let targets = try servers.map { try $0.bind("tcp://127.0.0.1:*").dropFirst(6) }
                let clients = try (0..<2).map { index in
                    let req = try ReqSocket(context: context, options: .test)
                    try req.connect("tcp://127.0.0.1:\(ports[index]);\(targets[0])")
                    try req.connect("tcp://127.0.0.1:\(ports[1 - index]);\(targets[1])")
                    return req
                }
                for client in clients {
                    for round in 0..<4 {
                        try client.send("question")
                        let server = servers[round % 2]
                        #expect(try server.text() == "question")
                        try server.send("answer")
                        #expect(try client.text() == "answer")
                    }
                }
                for (index, client) in clients.enumerated() {
                    try client.disconnect("tcp://127.0.0.1:\(ports[index]);\(targets[0])")
                    try client.disconnect("tcp://127.0.0.1:\(ports[1 - index]);\(targets[1])")
                }
            }
        }

        private func freePort() throws -> Substring {
            try #require(try RawListener.freeEndpoint().split(separator: ":").last)
        }

        /// A source that is not there is tried again, with a reason; names are not asked for.
        @Test(arguments: ["no-such-interface:0", "localhost:0", "192.0.2.1:0", "[::1]:0"])
        func notOfThisHost(source: String) throws {
            try withContext { context in
                let listener = try RawListener()
                let push = try PushSocket(context: context, options: .test)
                let monitor = push.monitor()
                try push.connect("tcp://\(source);\(listener.endpoint.dropFirst(6))")
                for _ in 0..<2 {
                    let event = try #require(monitor.next(timeoutMilliseconds: patience))
                    #expect(event.kind == .connectRetried)
                    #expect(event.reason?.code == .addressNotAvailable)
                }
                #expect(try listener.acceptIfAny(within: 20) == nil)
            }
        }
    }
}
