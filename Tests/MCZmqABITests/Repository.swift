import Foundation

/// The sources that tests ask: what zmq.h says, and which tests there are.
enum Repository {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    /// The numbers of zmq.h by their names; other names of theirs are left out.
    static let constants: [String: Int32] = {
        var found: [String: Int32] = [:]
        let header = try? text("Packages/CMCZmq/Sources/include/zmq.h")
        for line in (header ?? "").split(separator: "\n") {
            let words = line.split(separator: " ", omittingEmptySubsequences: true)
            guard words.count == 3, words[0] == "#define", words[1].hasPrefix("ZMQ_") else {
                continue
            }
            let isHex = words[2].hasPrefix("0x")
            let digits = isHex ? words[2].dropFirst(2) : words[2]
            guard let number = Int64(digits, radix: isHex ? 16 : 10) else { continue }
            found[String(words[1])] = Int32(truncatingIfNeeded: number)
        }
        return found
    }()

    /// Whether there is a test of this name: FOLDER/FILE/FUNCTION under Tests, or a program of libzmq's
    /// that passes.
    static func hasTest(_ name: String) throws -> Bool {
        let parts = name.split(separator: "/")
        guard parts.count == 3 else {
            return try ["ours", "draft"].contains { list in
                try text("Tests/Conformance/expected-\(list).txt").split(separator: "\n").contains {
                    $0.split(separator: " ").prefix(2) == [Substring(name), "passed"]
                }
            }
        }
        let source = try text("Tests/\(parts[0])/\(parts[1]).swift")
        return source.contains("func \(parts[2])(") || source.contains("func `\(parts[2])`(")
    }
}
