import Glibc

/// A Python process with pyzmq that does what it is told: `Peers/peer.py` lists the operations.
final class PythonPeer {
    let process: ChildProcess

    init() throws {
        let script = Checkout.path("Tests/InteropTests/Peers/peer.py")
        process = try ChildProcess([try Checkout.python(), "-B", script])
        _ = try answer()
    }

    /// Has something done, and waits until it is.
    @discardableResult
    func ask(_ words: String...) throws -> [String] { try ask(words) }

    @discardableResult
    func ask(_ words: [String]) throws -> [String] {
        try process.write(line: words.joined(separator: " "))
        return try answer()
    }

    /// Has something done meanwhile; `answer()` waits for it.
    func begin(_ words: String...) throws {
        try process.write(line: words.joined(separator: " "))
    }

    func answer() throws -> [String] {
        let words = try process.readLine().split(separator: " ").map(String.init)
        guard words.first == "ok" else { throw PeerError("peer: \(words.joined(separator: " "))") }
        return Array(words.dropFirst())
    }

    func kill() { process.kill() }
}

/// Where things are.
enum Checkout {
    static let root: String = {
        var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        parts.removeLast(4)
        return parts.joined(separator: "/")
    }()

    static func path(_ relative: String) -> String { "\(root)/\(relative)" }

    /// The interpreter that has pyzmq.
    static func python() throws -> String {
        try tool("MC_PYTHON", otherwise: ".venv/bin/python")
    }

    /// A program that the environment names, or that stands at its usual place.
    static func tool(_ variable: String, otherwise relative: String) throws -> String {
        let path = getenv(variable).map { String(cString: $0) } ?? path(relative)
        guard access(path, X_OK) == 0 else {
            throw PeerError("\(path) is missing: run ./Tools/test, which makes it (\(variable))")
        }
        return path
    }

    /// The program of ours that plays a peer: it stands beside the tests.
    static func testPeer() throws -> String {
        guard let executable = realpath("/proc/self/exe", nil) else {
            throw PeerError("the tests do not know where they are: errno \(errno)")
        }
        defer { free(executable) }
        var parts = String(cString: executable)
            .split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        while !parts.isEmpty {
            parts[parts.count - 1] = "MCTestPeer"
            let path = parts.joined(separator: "/")
            if access(path, X_OK) == 0 { return path }
            parts.removeLast()
        }
        throw PeerError("MCTestPeer does not stand beside the tests")
    }
}
