import Glibc
import MCTransport
import MCTransportTCP
import Testing

@Suite struct TCPConnectTests {
    let tcp = TCPTransport()

    func listen() throws -> any StreamListener {
        try tcp.listen(on: Endpoint("tcp://127.0.0.1:*"), options: LinkOptions())
    }

    /// An address of this host where nobody listens, and where no other test does.
    func silentAddress() async throws -> String {
        let listener = try tcp.listen(on: Endpoint("tcp://127.9.8.7:*"), options: LinkOptions())
        listener.close()
        try await tcp.waitUntilSilent(listener.localEndpoint)
        return listener.localEndpoint.address
    }

    @Test func `Nobody listening is a refusal`() async throws {
        let text = "tcp://\(try await silentAddress())"
        let address = try #require(try await tcp.resolved(text).first)
        await expect(.connectionRefused, naming: text, errno: ECONNREFUSED) {
            try tcp.connect(to: address, options: LinkOptions()).waitConnected()
        }
    }

    @Test func `A number resolves on the calling thread`() throws {
        nonisolated(unsafe) var found: [LinkAddress] = []
        try tcp.resolve(Endpoint("tcp://127.0.0.1:80"), options: LinkOptions()) {
            unsafe found = (try? $0.get()) ?? []
        }
        unsafe #expect(found.map(\.text) == ["tcp://127.0.0.1:80"])
    }

    @Test func `A name resolves, IPv4 first unless IPv6 is wanted`() async throws {
        let found = try await tcp.resolved("tcp://localhost:80")
        #expect(found.first?.text == "tcp://127.0.0.1:80")
        let texts = try await tcp.resolved(Endpoint("localhost:80"), LinkOptions(ipv6: true))
            .map(\.text)
        #expect(texts.contains("tcp://127.0.0.1:80") || texts.contains("tcp://[::1]:80"))
    }

    @Test func `A connection by name is made`() async throws {
        let listener = try listen()
        defer { listener.close() }
        let port = try #require(listener.localEndpoint.port)
        let address = try #require(try await tcp.resolved("localhost:\(port)").first)
        let client = try tcp.connect(to: address, options: LinkOptions())
        try client.waitConnected()
        #expect(client.peer == "tcp://127.0.0.1:\(port)")
        _ = try listener.acceptOne()
    }

    @Test func `A name without an address is an error that names it`() async {
        await expect(.unresolvedName, naming: "name.invalid", errno: ENODEV) {
            _ = try await tcp.resolved("tcp://name.invalid:80")
        }
    }

    @Test(arguments: [
        "tcp://*:80", "tcp://127.0.0.1:0", "tcp://127.0.0.1:*", "tcp://localhost:*",
        "tcp://[:::]:80",
    ])
    func `What can only be listened on is refused`(_ text: String) async {
        await expect(.invalidEndpoint, naming: text) { _ = try await tcp.resolved(text) }
    }

    @Test(arguments: ["127.0.0.2:0", "lo:*", "*:0"])
    func `A connection comes from its source address`(_ source: String) async throws {
        let listener = try listen()
        defer { listener.close() }
        let port = try #require(listener.localEndpoint.port)
        let address = try #require(
            try await tcp.resolved("tcp://\(source);127.0.0.1:\(port)").first)
        let client = try tcp.connect(to: address, options: LinkOptions())
        try client.waitConnected()
        let host = source == "127.0.0.2:0" ? "127.0.0.2" : "127.0.0.1"
        #expect(try listener.acceptOne().peer.hasPrefix("tcp://\(host):"))
    }

    @Test func `A source that this host does not have is refused`() async throws {
        for source in ["no-such-interface0:0", "[::1]:0"] {
            let text = "tcp://\(source);127.0.0.1:80"
            await expect(.addressNotAvailable, naming: text) { _ = try await tcp.resolved(text) }
        }
        let address = try #require(
            try await tcp.resolved("tcp://192.0.2.1:0;127.0.0.1:80").first)
        await expect(.addressNotAvailable, naming: "tcp://127.0.0.1:80") {
            _ = try tcp.connect(to: address, options: LinkOptions())
        }
    }

    @Test func `A connection to itself is a refusal`() async throws {
        let own = try await silentAddress()
        let address = try #require(try await tcp.resolved("tcp://\(own);\(own)").first)
        let link = try tcp.connect(to: address, options: LinkOptions())
        await expect(.connectionRefused, naming: "tcp://\(own)", errno: ECONNREFUSED) {
            try link.waitConnected()
        }
    }

    @Test func `A link that is still connecting is not taken for connected`() async throws {
        // A listener whose backlog is full answers no more.
        let listener = try tcp.listen(
            on: Endpoint("tcp://127.0.0.1:*"), options: LinkOptions(backlog: 0))
        defer { listener.close() }
        let address = try #require(try await tcp.resolved(listener.localEndpoint).first)
        let links = try (0..<4).map { _ in try tcp.connect(to: address, options: LinkOptions()) }
        #expect {
            try links.last?.finishConnect()
        } throws: { error in
            (error as? TransportError)?.errno == ENOTCONN
        }
    }

    @Test func `An address of another transport is refused`() async throws {
        let path = try #require(try await IPCTransport().resolved("ipc:///run/x").first)
        let number = try #require(try await tcp.resolved("tcp://127.0.0.1:80").first)
        await expect(.invalidEndpoint, naming: "ipc:///run/x") {
            _ = try tcp.connect(to: path, options: LinkOptions())
        }
        await expect(.invalidEndpoint, naming: "tcp://127.0.0.1:80") {
            _ = try IPCTransport().connect(to: number, options: LinkOptions())
        }
        await expect(.invalidEndpoint, naming: "nothing") {
            _ = try tcp.connect(
                to: LinkAddress(socketAddress: [], text: "nothing"), options: LinkOptions())
        }
    }
}
