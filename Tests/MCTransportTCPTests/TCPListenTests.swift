import Glibc
import MCTransport
import MCTransportTCP
import Testing

@Suite struct TCPListenTests {
    let tcp = TCPTransport()

    func listen(
        _ text: String, _ options: LinkOptions = LinkOptions()
    ) throws -> any StreamListener {
        try tcp.listen(on: Endpoint(text), options: options)
    }

    @Test(arguments: [
        ("tcp://127.0.0.1:*", "127.0.0.1"), ("tcp://127.0.0.1:0", "127.0.0.1"),
        ("tcp://*:*", "0.0.0.0"), ("tcp://0.0.0.0:0", "0.0.0.0"), ("*:0", "0.0.0.0"),
        ("tcp://lo:*", "127.0.0.1"), ("tcp://localhost:*", "127.0.0.1"),
    ])
    func `The real endpoint has numbers`(_ text: String, _ host: String) throws {
        let listener = try listen(text)
        defer { listener.close() }
        let real = listener.localEndpoint
        #expect(real.host == host)
        let port = try #require(real.port)
        #expect(port > 0)
        #expect(real.description == "tcp://\(host):\(port)")
    }

    @Test(.enabled(if: hasIPv6)) func `The real endpoint of IPv6 has brackets`() throws {
        let listener = try listen("tcp://[::1]:*")
        defer { listener.close() }
        let port = try #require(listener.localEndpoint.port)
        #expect(port > 0)
        #expect(listener.localEndpoint.description == "tcp://[::1]:\(port)")
    }

    @Test(.enabled(if: hasIPv6), arguments: ["tcp://*:*", "tcp://[::]:*"])
    func `An IPv6 wildcard takes IPv4 as well`(_ text: String) async throws {
        let listener = try listen(text, LinkOptions(ipv6: true))
        defer { listener.close() }
        let port = try #require(listener.localEndpoint.port)
        #expect(listener.localEndpoint.description == "tcp://[::]:\(port)")
        for host in ["127.0.0.1", "[::1]"] {
            let address = try #require(try await tcp.resolved("tcp://\(host):\(port)").first)
            let client = try tcp.connect(to: address, options: LinkOptions())
            try client.waitConnected()
            _ = try listener.acceptOne()
        }
    }

    @Test func `A wildcard is reachable from this host by its own endpoint`() async throws {
        let listener = try listen("tcp://*:*")
        defer { listener.close() }
        let address = try #require(try await tcp.resolved(listener.localEndpoint).first)
        let client = try tcp.connect(to: address, options: LinkOptions())
        try client.waitConnected()
        let server = try listener.acceptOne()
        #expect(client.peer == listener.localEndpoint.description)
        #expect(server.peer.hasPrefix("tcp://127.0.0.1:"))
    }

    @Test func `A port in use is refused by name`() async throws {
        let listener = try listen("tcp://127.0.0.1:*")
        defer { listener.close() }
        let text = listener.localEndpoint.description
        await expect(.addressInUse, naming: text, errno: EADDRINUSE) { _ = try listen(text) }
        let any = try "tcp://*:\(#require(listener.localEndpoint.port))"
        await expect(.addressInUse, naming: any, errno: EADDRINUSE) { _ = try listen(any) }
    }

    @Test func `A port can be had again at once, old connections or not`() async throws {
        // An address of its own, where no other test takes the port meanwhile.
        let place = Place(endpoint: "tcp://127.9.8.6:*", transport: tcp)
        let (listener, client, server) = try await place.connection()
        // The side that closes first is the one left in TIME_WAIT.
        server.close()
        #expect(try client.readOutcome() == .end)
        client.close()
        listener.close()
        try await tcp.waitUntilSilent(listener.localEndpoint)
        let again = try listen(listener.localEndpoint.description)
        #expect(again.localEndpoint == listener.localEndpoint)
        again.close()
    }

    @Test func `An address of another host is refused`() async {
        let text = "tcp://192.0.2.1:*"
        await expect(.addressNotAvailable, naming: text, errno: EADDRNOTAVAIL) {
            _ = try listen(text)
        }
    }

    @Test(arguments: ["tcp://no-such-interface0:*", "tcp://name.invalid:5555"])
    func `A host that is no interface and no name is refused`(_ text: String) async {
        await expect(.unresolvedName, naming: text, errno: ENODEV) { _ = try listen(text) }
    }

    @Test(.enabled(if: portOneIsPrivileged)) func `A privileged port needs a privilege`() async {
        await #expect(processExitsWith: .success) {
            guard becomeNobody() else { return }
            do {
                let endpoint = try Endpoint("tcp://127.0.0.1:1")
                _ = try TCPTransport().listen(on: endpoint, options: LinkOptions())
                preconditionFailure("listened without permission")
            } catch let error as TransportError {
                precondition(error.code == .permissionDenied && error.errno == EACCES)
            }
        }
    }

    @Test func `Brackets hold IPv6 numbers only`() async {
        for host in ["[:::]", "[::1%no-such-zone]", "[1:2]", "[127.0.0.1:]"] {
            await expect(.invalidEndpoint, naming: host) { _ = try listen("tcp://\(host):1") }
        }
    }

    @Test func `A source address is not for listening`() async {
        await expect(.invalidEndpoint, naming: "tcp://lo:1;lo:2") {
            _ = try listen("tcp://lo:1;lo:2")
        }
    }

    @Test func `Endpoints of other schemes are refused`() async {
        await expect(.unsupportedTransport, naming: "ipc://x") { _ = try listen("ipc://x") }
        await expect(.unsupportedTransport, naming: "ipc://x") {
            _ = try await tcp.resolved("ipc://x")
        }
        await expect(.unsupportedTransport, naming: "tcp://lo:1") {
            _ = try IPCTransport().listen(on: Endpoint("tcp://lo:1"), options: LinkOptions())
        }
        await expect(.unsupportedTransport, naming: "tcp://lo:1") {
            _ = try await IPCTransport().resolved("tcp://lo:1")
        }
    }

    @Test func `A connection that was reset while it waited is skipped`() async throws {
        let listener = try listen("tcp://127.0.0.1:*")
        defer { listener.close() }
        let address = try #require(try await tcp.resolved(listener.localEndpoint).first)
        let client = try tcp.connect(to: address, options: LinkOptions())
        try client.waitConnected()
        var abort = linger(l_onoff: 1, l_linger: 0)
        let size = socklen_t(MemoryLayout<linger>.size)
        unsafe #expect(setsockopt(client.descriptor, SOL_SOCKET, SO_LINGER, &abort, size) == 0)
        client.close()
        #expect(try listener.accept() == nil)
        let second = try tcp.connect(to: address, options: LinkOptions())
        try second.waitConnected()
        _ = try listener.acceptOne()
    }
}
