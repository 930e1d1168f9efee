import Glibc
import MCTransport
import MCTransportUDP
import Testing

@Suite struct UDPTests {
    private func open(
        _ endpoint: String, _ use: DatagramUse, _ options: LinkOptions = LinkOptions()
    ) throws -> any DatagramLink {
        try UDPTransport().open(try Endpoint(endpoint), for: use, options: options)
    }

    private func send(
        _ text: String, from link: any DatagramLink, to address: String? = nil
    )
        -> LinkResult
    {
        var bytes = [UInt8](text.utf8)
        return bytes.withUnsafeMutableBytes { bytes in
            var vector = iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
            return link.send(&vector, count: 1, to: address)
        }
    }

    private func receive(
        on link: any DatagramLink, capacity: Int = 100, within milliseconds: Int32 = 5000
    ) -> (result: DatagramResult, text: String) {
        var entry = pollfd(fd: link.descriptor, events: Int16(POLLIN), revents: 0)
        _ = poll(&entry, 1, milliseconds)
        var buffer = [UInt8](repeating: 0, count: capacity)
        let result = buffer.withUnsafeMutableBytes { link.receive(into: $0, namesSender: true) }
        guard case .datagram(let count, _) = result else { return (result, "") }
        return (result, String(decoding: buffer[..<count], as: UTF8.self))
    }

    private var hasIPv6: Bool {
        (try? open("udp://[::1]:*", .receiving)) != nil
    }

    @Test(arguments: ["127.0.0.1", "[::1]"])
    func `a datagram arrives whole and names its sender`(host: String) throws {
        if host != "127.0.0.1", !hasIPv6 { return }
        let bound = try open("udp://\(host):*", .receiving)
        let port = try #require(bound.endpoint.port)
        #expect(port > 0)
        let both = try open("udp://\(host):*", .both)
        let address = bound.endpoint.address
        #expect(address == "\(host):\(port)")
        #expect(send("hello", from: both, to: address) == .bytes(5))
        let got = receive(on: bound)
        #expect(got.text == "hello")
        #expect(got.result == .datagram(5, sender: both.endpoint.address))
        #expect(receive(on: bound, within: 0).result == .wouldBlock)
        // And without a receiver to the endpoint's.
        let sender = try open("udp://\(address)", .sending)
        #expect(send("", from: sender) == .bytes(0))
        guard case .datagram(0, _) = receive(on: bound).result else {
            Issue.record("an empty datagram is one, too")
            return
        }
    }

    @Test func `what is too long is gone`() throws {
        let bound = try open("udp://127.0.0.1:*", .receiving)
        let sender = try open("udp://\(bound.endpoint.address)", .sending)
        #expect(send("too long", from: sender) == .bytes(8))
        #expect(send("fits", from: sender) == .bytes(4))
        #expect(receive(on: bound, capacity: 4).result == .tooLong)
        #expect(receive(on: bound, capacity: 4).text == "fits")
        let most = String(repeating: "x", count: 70_000)
        #expect(send(most, from: sender) == .failed(EMSGSIZE))
    }

    @Test(arguments: [
        "", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:99999", "localhost:80", "*:80", ":80", "[::1:80",
        "lo;127.0.0.1:80", "\u{0}",
    ])
    func `what is no number and port is nobody`(address: String) throws {
        let link = try open("udp://127.0.0.1:*", .both)
        #expect(send("x", from: link, to: address) == .failed(EINVAL))
    }

    @Test func `what cannot be opened`() throws {
        let bound = try open("udp://127.0.0.1:*", .receiving)
        let cases: [(String, DatagramUse, TransportError.Code)] = [
            (bound.endpoint.description, .receiving, .addressInUse),
            ("udp://192.0.2.1:*", .receiving, .addressNotAvailable),
            ("udp://*:80", .sending, .invalidEndpoint),
            ("udp://127.0.0.1:*", .sending, .invalidEndpoint),
            ("udp://no-such-host.invalid:80", .sending, .unresolvedName),
            ("udp://nothing0;239.0.0.1:*", .receiving, .addressNotAvailable),
            ("tcp://127.0.0.1:*", .receiving, .unsupportedTransport),
        ]
        for (endpoint, use, code) in cases {
            #expect {
                _ = try open(endpoint, use)
            } throws: { ($0 as? TransportError)?.code == code }
        }
    }

    @Test func `the host may be a name, an interface or every one`() throws {
        let bound = try open("udp://*:*", .receiving)
        let port = try #require(bound.endpoint.port)
        let sender = try open("udp://localhost:\(port)", .sending)
        #expect(send("x", from: sender) == .bytes(1))
        #expect(receive(on: bound).text == "x")
        #expect(try open("udp://lo:*", .receiving).endpoint.host == "127.0.0.1")
        guard hasIPv6 else { return }
        var options = LinkOptions()
        options.ipv6 = true
        let all = try open("udp://*:*", .receiving, options)
        let any = try #require(all.endpoint.port)
        for host in ["127.0.0.1", "[::1]"] {
            #expect(send(host, from: try open("udp://\(host):\(any)", .sending)) != .wouldBlock)
            #expect(receive(on: all).text == host)
        }
    }

    @Test func `all members of a group receive, unless nothing loops`() throws {
        let port = try #require(try open("udp://127.0.0.1:*", .receiving).endpoint.port)
        let group = "udp://239.255.77.1:\(port)"
        // Where there is no multicast there is nothing to test.
        guard let one = try? open(group, .receiving), let other = try? open(group, .receiving)
        else { return }
        let sender = try open(group, .sending)
        guard send("x", from: sender) == .bytes(1), receive(on: one, within: 500).text == "x"
        else { return }
        #expect(receive(on: other).text == "x")
        var options = LinkOptions()
        options.multicastLoops = false
        let silent = try open(group, .sending, options)
        #expect(send("y", from: silent) == .bytes(1))
        #expect(receive(on: one, within: 100).result == .wouldBlock)
        // Through an interface of choice, too. A loopback one loops in any case.
        let through = try open("udp://lo;239.255.77.1:\(port)", .sending)
        #expect(send("z", from: through) == .bytes(1))
    }

    @Test func `options reach the kernel`() throws {
        var options = LinkOptions()
        options.multicastHops = 7
        options.receiveBufferBytes = 1 << 16
        let link = try open("udp://239.255.77.1:5555", .sending, options)
        var value: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(link.descriptor, Int32(IPPROTO_IP), IP_MULTICAST_TTL, &value, &size)
        #expect(value == 7)
        getsockopt(link.descriptor, SOL_SOCKET, SO_RCVBUF, &value, &size)
        #expect(value == 1 << 17, "the kernel doubles it")
        link.close()
        #expect(link.descriptor == -1)
        link.close()
        #expect(send("x", from: link) == .failed(EBADF))
        #expect(receive(on: link, within: 0).result == .failed(EBADF))
    }
}
