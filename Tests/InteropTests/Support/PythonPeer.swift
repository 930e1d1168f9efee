import MCTestSupport

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
        guard words.first == "ok" else { throw Failure("peer: \(words.joined(separator: " "))") }
        return Array(words.dropFirst())
    }

    func kill() { process.kill() }
}
