import CMCLinux
import Glibc
import MCTransport
import MCTransportTCP
import Synchronization
import Testing

/// Somewhere to listen: the same tests run over every kind.
struct Place: Sendable, CustomTestStringConvertible {
    let endpoint: String
    let transport: any StreamTransport

    var testDescription: String { endpoint }

    static let all: [Place] =
        [
            Place(endpoint: "tcp://127.0.0.1:*", transport: TCPTransport()),
            Place(endpoint: "ipc://*", transport: IPCTransport()),
            Place(endpoint: "ipc://@", transport: IPCTransport()),
        ] + (hasIPv6 ? [Place(endpoint: "tcp://[::1]:*", transport: TCPTransport())] : [])

    /// Abstract names must differ between tests that run at the same time.
    func listen(_ options: LinkOptions = LinkOptions()) throws -> any StreamListener {
        let text = endpoint == "ipc://@" ? "ipc://@\(uniqueName())" : endpoint
        return try transport.listen(on: Endpoint(text), options: options)
    }

    func connect(
        to listener: any StreamListener, _ options: LinkOptions = LinkOptions()
    ) async throws -> any StreamLink {
        let addresses = try await transport.resolved(listener.localEndpoint, options)
        return try transport.connect(to: #require(addresses.first), options: options)
    }

    /// A listener and both ends of a connection to it.
    func connection(
        _ options: LinkOptions = LinkOptions()
    ) async throws -> (listener: any StreamListener, client: any StreamLink, server: any StreamLink)
    {
        let listener = try listen(options)
        let client = try await connect(to: listener, options)
        try client.waitConnected()
        return (listener, client, try listener.acceptOne())
    }
}

/// Whether this host has IPv6 at all.
let hasIPv6: Bool = {
    let listener = try? TCPTransport().listen(on: Endpoint("tcp://[::1]:0"), options: LinkOptions())
    listener?.close()
    return listener != nil
}()

/// Gives up root's rights; false where the sandbox does not let the test do so.
func becomeNobody() -> Bool { geteuid() != 0 || seteuid(65534) == 0 }

/// Many containers let everybody have every port.
let portOneIsPrivileged: Bool = {
    let name = "/proc/sys/net/ipv4/ip_unprivileged_port_start"
    guard let file = unsafe fopen(name, "r") else { return true }
    defer { unsafe fclose(file) }
    var digits: [UInt8] = []
    while case let byte = unsafe fgetc(file), byte >= 0x30 { digits.append(UInt8(byte)) }
    return Int(String(decoding: digits, as: UTF8.self)).map { $0 > 1 } ?? true
}()

private let names = Atomic<Int>(0)

func uniqueName() -> String {
    "mc-test-\(getpid())-\(names.add(1, ordering: .relaxed).newValue)"
}

/// A directory for one test; to be removed by `remove()`.
struct TestDirectory {
    let path: String

    init() throws {
        path = "/tmp/\(uniqueName())"
        try unsafe #require(mkdir(path, 0o700) == 0)
    }

    func remove() {
        // Safe because the paths are strings borrowed for the calls.
        for name in ["s", "t", "file"] { unsafe unlink("\(path)/\(name)") }
        unsafe rmdir(path)
    }
}

func fileExists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

extension StreamTransport {
    func resolved(
        _ endpoint: Endpoint, _ options: LinkOptions = LinkOptions()
    ) async throws -> [LinkAddress] {
        try await withCheckedContinuation { continuation in
            resolve(endpoint, options: options) { continuation.resume(returning: $0) }
        }.get()
    }

    func resolved(_ text: String) async throws -> [LinkAddress] {
        try await resolved(Endpoint(text))
    }
}

extension StreamTransport {
    /// Waits until nobody listens at an address any more.
    ///
    /// Closing is not the end while another test starts a process: until that has called exec, it
    /// holds a copy of every descriptor.
    func waitUntilSilent(_ endpoint: Endpoint) async throws {
        let address = try #require(try await resolved(endpoint).first)
        for _ in 0..<2000 {
            do {
                try connect(to: address, options: LinkOptions()).waitConnected()
            } catch let error as TransportError where error.code == .connectionRefused {
                return
            }
            usleep(1000)
        }
        Issue.record("somebody still listens on \(endpoint)")
    }
}

private let patience: Int64 = 5_000_000_000

extension StreamListener {
    /// Waits for a connection.
    func acceptOne() throws -> any StreamLink {
        try #require(cmc_poll_one(descriptor, CMC_POLL_IN, patience) == 1)
        return try #require(try accept())
    }
}

extension StreamLink {
    func waitConnected() throws {
        try #require(cmc_poll_one(descriptor, CMC_POLL_OUT, patience) == 1)
        try finishConnect()
    }

    /// Writes as much as is taken at once.
    func write(_ parts: [UInt8]...) -> LinkResult {
        let whole = parts.flatMap { $0 }
        return unsafe whole.withUnsafeBytes { bytes in
            var offset = 0
            let vectors = unsafe parts.map { part in
                defer { offset += part.count }
                let start = unsafe bytes.baseAddress.map {
                    unsafe UnsafeMutableRawPointer(mutating: $0 + offset)
                }
                return unsafe iovec(iov_base: start, iov_len: part.count)
            }
            return unsafe vectors.withUnsafeBufferPointer { buffer in
                unsafe buffer.baseAddress.map { unsafe write($0, count: buffer.count) } ?? .bytes(0)
            }
        }
    }

    /// One read; the bytes where there were any.
    func readSome(_ capacity: Int = 65536) -> (LinkResult, [UInt8]) {
        var bytes = [UInt8](repeating: 0, count: capacity)
        let result = unsafe bytes.withUnsafeMutableBytes { unsafe read(into: $0) }
        guard case .bytes(let count) = result else { return (result, []) }
        return (result, Array(bytes[..<count]))
    }

    /// Waits for exactly so many bytes, or the end.
    func readBytes(_ count: Int) throws -> [UInt8] {
        var all: [UInt8] = []
        while all.count < count {
            try #require(cmc_poll_one(descriptor, CMC_POLL_IN, patience) == 1)
            let (result, bytes) = readSome(count - all.count)
            switch result {
            case .bytes: all += bytes
            case .wouldBlock: continue
            case .end, .failed: return all
            }
        }
        return all
    }

    /// Waits until a read says something else than "not now".
    func readOutcome() throws -> LinkResult {
        while true {
            try #require(cmc_poll_one(descriptor, CMC_POLL_IN, patience) == 1)
            let (result, _) = readSome()
            if result != .wouldBlock { return result }
        }
    }
}

/// Expects an error of a code, whose message names the endpoint.
func expect(
    _ code: TransportError.Code, naming text: String, errno: Int32? = nil,
    sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async {
    do {
        try await body()
        Issue.record("nothing was thrown", sourceLocation: sourceLocation)
    } catch let error as TransportError {
        #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
        #expect(error.message.contains(text), sourceLocation: sourceLocation)
        #expect(error.endpoint?.contains(text) == true, sourceLocation: sourceLocation)
        if let errno { #expect(error.errno == errno, sourceLocation: sourceLocation) }
    } catch {
        Issue.record(error, sourceLocation: sourceLocation)
    }
}
