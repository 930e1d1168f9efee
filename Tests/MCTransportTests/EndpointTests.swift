import MCTransport
import Testing

@Suite struct EndpointTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let text: String
        let scheme: Scheme
        var host = ""
        var port: UInt16?
        var canonical: String?

        var testDescription: String { text }
    }

    static let accepted = [
        Row(text: "tcp://127.0.0.1:5555", scheme: .tcp, host: "127.0.0.1", port: 5555),
        Row(text: "tcp://*:5555", scheme: .tcp, host: "*", port: 5555),
        Row(text: "tcp://*:*", scheme: .tcp, host: "*", port: 0),
        Row(text: "tcp://0.0.0.0:0", scheme: .tcp, host: "0.0.0.0", port: 0),
        Row(text: "tcp://[::1]:80", scheme: .tcp, host: "::1", port: 80),
        Row(text: "tcp://::1:80", scheme: .tcp, host: "::1", port: 80),
        Row(text: "tcp://2001:db8::1:5:80", scheme: .tcp, host: "2001:db8::1:5", port: 80),
        Row(text: "tcp://[::ffff:127.0.0.1]:80", scheme: .tcp, host: "::ffff:127.0.0.1", port: 80),
        Row(text: "tcp://[fe80::1%eth0]:80", scheme: .tcp, host: "fe80::1%eth0", port: 80),
        Row(text: "tcp://eth0:*", scheme: .tcp, host: "eth0", port: 0),
        Row(text: "tcp://eth0.100:7", scheme: .tcp, host: "eth0.100", port: 7),
        Row(text: "tcp://my_host-1.test:65535", scheme: .tcp, host: "my_host-1.test", port: 65535),
        Row(text: "tcp://10.0.0.1:0;10.0.0.2:9", scheme: .tcp, host: "10.0.0.2", port: 9),
        Row(text: "udp://239.0.0.1:5555", scheme: .udp, host: "239.0.0.1", port: 5555),
        Row(text: "udp://*:*", scheme: .udp, host: "*", port: 0),
        Row(text: "udp://eth0;239.0.0.1:5555", scheme: .udp, host: "239.0.0.1", port: 5555),
        Row(text: "rdma://10.0.0.1:9", scheme: .rdma, host: "10.0.0.1", port: 9),
        Row(
            text: "localhost:80", scheme: .tcp, host: "localhost", port: 80,
            canonical: "tcp://localhost:80"),
        Row(text: "[::1]:80", scheme: .tcp, host: "::1", port: 80, canonical: "tcp://[::1]:80"),
        Row(text: "*:0", scheme: .tcp, host: "*", port: 0, canonical: "tcp://*:0"),
        Row(text: "ipc:///run/x.sock", scheme: .ipc),
        Row(text: "ipc://relative path", scheme: .ipc),
        Row(text: "ipc://@abstract", scheme: .ipc),
        Row(text: "ipc://*", scheme: .ipc),
        Row(text: "inproc://any name://at all", scheme: .inproc),
    ]

    @Test(arguments: accepted)
    func `An endpoint is parsed`(_ row: Row) throws {
        let endpoint = try Endpoint(row.text)
        #expect(endpoint.scheme == row.scheme)
        #expect(endpoint.host == row.host)
        #expect(endpoint.port == row.port)
        #expect(endpoint.description == row.canonical ?? row.text)
        #expect(try Endpoint(endpoint.description) == endpoint)
    }

    @Test(arguments: [
        ("", "empty"),
        ("tcp://", "address is missing"),
        ("ipc://", "address is missing"),
        ("inproc://", "address is missing"),
        ("ipc://@", "abstract name"),
        ("tcp://localhost", "port is missing"),
        ("tcp://localhost:", "port is missing"),
        ("localhost", "port is missing"),
        ("tcp://:80", "host is missing"),
        ("tcp://:", "host is missing"),
        ("tcp://localhost:70000", "not a number from 0 to 65535"),
        ("tcp://localhost:65536", "not a number from 0 to 65535"),
        ("tcp://localhost:-1", "not a number from 0 to 65535"),
        ("tcp://localhost:+1", "not a number from 0 to 65535"),
        ("tcp://localhost:abc", "not a number from 0 to 65535"),
        ("tcp://localhost:1x", "not a number from 0 to 65535"),
        ("tcp://localhost:80/", "not a number from 0 to 65535"),
        ("tcp://localhost:99999999999999999999", "not a number from 0 to 65535"),
        ("tcp://no such host:80", "character"),
        ("tcp://**:80", "character"),
        ("tcp://h\u{E9}:80", "character"),
        ("tcp://::1", "[address]:port"),
        ("tcp://2001:db8::1", "[address]:port"),
        ("tcp://fe80::", "[address]:port"),
        ("tcp://1:2:3:80", "[address]:port"),
        ("tcp://::1]:80", "[address]:port"),
        ("tcp://[:::]:80", "not an IPv6 address"),
        ("tcp://[127.0.0.1]:80", "not an IPv6 address"),
        ("tcp://[::1%]:80", "not an IPv6 address"),
        ("tcp://[::1%a b]:80", "not an IPv6 address"),
        ("://localhost:1", "the transport is missing"),
        ("tcp://[::1:80", "[address]:port"),
        ("tcp://[]:80", "[address]:port"),
        ("tcp://[localhost]:80", "not an IPv6 address"),
        ("tcp://[::1]80", "[address]:port"),
        ("tcp://;localhost:80", "port is missing"),
        ("tcp://localhost:80;", "port is missing"),
        ("tcp://a:1;b:2;c:3", "more than one ;"),
        ("udp://eth0", "port is missing"),
        ("udp://;239.0.0.1:80", "the host is missing"),
        ("udp://eth0:1;239.0.0.1:80", "[address]:port"),
        ("tcp://a\0:80", "NUL"),
        ("ipc://a\0b", "NUL"),
        ("/run/x", "a path is ipc://"),
    ])
    func `A malformed endpoint is refused`(_ text: String, _ reason: String) {
        #expect {
            try Endpoint(text)
        } throws: { error in
            guard let error = error as? TransportError else { return false }
            return error.code == .invalidEndpoint && error.message.contains(reason)
                && error.endpoint == text && error.errno == 0
        }
    }

    @Test(arguments: [
        "pgm", "epgm", "norm", "tipc", "vmci", "vsock", "ws", "wss", "gssapi",
    ])
    func `A transport of other implementations is refused by name`(_ name: String) {
        #expect {
            try Endpoint("\(name)://127.0.0.1:5555")
        } throws: { error in
            guard let error = error as? TransportError else { return false }
            return error.code == .unsupportedTransport
                && error.message.contains("the transport \(name) is not supported")
        }
    }

    @Test(arguments: ["foo://bar:1", "TCP://localhost:1", " tcp://localhost:1"])
    func `An unknown transport is refused`(_ text: String) {
        #expect {
            try Endpoint(text)
        } throws: { error in
            (error as? TransportError)?.code == .unsupportedTransport
        }
    }

    @Test func `A bare address takes the scheme asked for`() throws {
        #expect(try Endpoint("a:1", bareScheme: .rdma).description == "rdma://a:1")
        #expect(try Endpoint("tcp://a:1", bareScheme: .rdma).scheme == .tcp)
    }

    @Test func `A source address is told from the destination`() throws {
        let endpoint = try Endpoint("tcp://lo:7000;[::1]:9")
        #expect(endpoint.source?.description == "lo:7000")
        #expect(endpoint.hostPort?.description == "[::1]:9")
        #expect(try Endpoint("tcp://[::1]:9").source == nil)
        #expect(endpoint.interface == nil)
        let group = try Endpoint("udp://lo;239.0.0.1:9")
        #expect(group.interface == "lo")
        #expect(group.source == nil)
        #expect(group.hostPort?.description == "239.0.0.1:9")
    }

    @Test func `A number has bytes, a name has none`() throws {
        #expect(try Endpoint("tcp://127.0.0.1:1").hostPort?.addressBytes == [127, 0, 0, 1])
        let six = try Endpoint("tcp://[fe80::2%lo]:1").hostPort?.addressBytes
        #expect(six == [0xfe, 0x80] + [UInt8](repeating: 0, count: 13) + [2])
        #expect(try Endpoint("tcp://localhost:1").hostPort?.addressBytes == nil)
        #expect(try Endpoint("tcp://1.2.3:1").hostPort?.addressBytes == nil)
        // However it was written.
        #expect(try Endpoint("tcp://::1:80").hostPort?.description == "[::1]:80")
    }

    @Test func `An endpoint of its parts is checked as well`() throws {
        #expect(try Endpoint(scheme: .tcp, address: "0.0.0.0:1").description == "tcp://0.0.0.0:1")
        #expect(throws: TransportError.self) { try Endpoint(scheme: .tcp, address: "/run/x") }
    }

    @Test func `The length is limited`() throws {
        let room = Endpoint.maximumBytes - "inproc://".utf8.count
        let longest = "inproc://" + String(repeating: "x", count: room)
        #expect(try Endpoint(longest).address.utf8.count == room)
        #expect(throws: TransportError.self) { try Endpoint(longest + "x") }
        #expect(throws: TransportError.self) {
            try Endpoint("tcp://" + String(repeating: "a", count: 254) + ":1")
        }
    }
}
