import Glibc
import MCFacade
import MCTestSupport
import Synchronization
import Testing

/// Over what the two ends talk, and who listens.
struct Setting: Sendable, CustomTestStringConvertible {
    enum Transport: String, CaseIterable, Sendable {
        case tcp, ipc
    }

    let transport: Transport
    let weBind: Bool

    var testDescription: String { "\(transport), \(weBind ? "we bind" : "we connect")" }

    static let all = Transport.allCases.flatMap { transport in
        [true, false].map { Setting(transport: transport, weBind: $0) }
    }

    /// Joins a socket of ours with one of the peer's.
    ///
    /// - Returns: the endpoint between them.
    @discardableResult
    func join(
        _ socket: Socket, _ peer: PythonPeer, _ name: String, in folder: TestFolder
    ) throws -> String {
        let place = folder.endpoint(transport)
        if weBind {
            let endpoint = try socket.bind(place)
            try peer.ask("connect", name, endpoint)
            return endpoint
        }
        let endpoint = try peer.ask("bind", name, place)[0]
        try socket.connect(endpoint)
        return endpoint
    }
}

/// A fresh directory, removed with everything in it.
final class TestFolder: Sendable {
    private static let names = Atomic<Int>(0)

    let path: String

    init() throws {
        let number = TestFolder.names.add(1, ordering: .relaxed).newValue
        path = "/tmp/mc-interop-\(getpid())-\(number)"
        try #require(mkdir(path, 0o700) == 0)
    }

    deinit {
        if let folder = opendir(path) {
            while let entry = readdir(folder) {
                let name = withUnsafeBytes(of: entry.pointee.d_name) {
                    String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
                }
                unlink("\(path)/\(name)")
            }
            closedir(folder)
        }
        rmdir(path)
    }

    /// Where to bind for a transport: nowhere that is fixed.
    func endpoint(_ transport: Setting.Transport) -> String {
        switch transport {
        case .tcp: "tcp://127.0.0.1:*"
        case .ipc: "ipc://\(path)/socket"
        }
    }

    /// An endpoint for programs that cannot say where they are bound: free a moment ago.
    func freeEndpoint(_ transport: Setting.Transport) throws -> String {
        let socket = try PullSocket()
        defer { socket.close() }
        return try socket.bind(endpoint(transport))
    }
}

extension SocketOptions {
    /// For tests: nothing waits for ever, and nothing lingers.
    static func bounded(_ change: (inout SocketOptions) -> Void = { _ in }) -> SocketOptions {
        var options = SocketOptions()
        options.sendTimeoutMilliseconds = 10_000
        options.receiveTimeoutMilliseconds = 10_000
        options.lingerMilliseconds = 0
        options.reconnectIntervalMilliseconds = 20
        change(&options)
        return options
    }
}

/// Waits until something is so.
func eventually(
    _ what: String, seconds: Double = 10, sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () throws -> Bool
) throws {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while try !condition() {
        guard ContinuousClock.now < deadline else {
            throw Failure("not within \(seconds) s: \(what)")
        }
        usleep(3000)
    }
}
