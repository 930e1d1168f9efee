import Glibc
import Testing

/// A line of `budgets.txt`: a path, and what it may cost.
struct Budget: Sendable, CustomTestStringConvertible {
    /// The path in CallMeter's words: sockets, transport, bytes.
    let path: [String]
    let limits: Counts

    var bytes: Int { path.last.flatMap { Int($0) } ?? 0 }

    var testDescription: String { path.joined(separator: " ") }

    /// All budgets, in the order of the file.
    static func load() throws -> [Budget] {
        let path = "/" + #filePath.split(separator: "/").dropLast().joined(separator: "/")
        let lines = try text(ofFile: path + "/budgets.txt").split(separator: "\n")
            .filter { !$0.hasPrefix("#") }
            .map { $0.split(separator: " ").map(String.init) }
        guard let title = lines.first else { throw BadTable(description: "it is empty") }
        return try lines.dropFirst().map { words in
            guard words.count == title.count else {
                throw BadTable(description: "\(words) has not as many words as the title")
            }
            return Budget(
                path: Array(words.prefix(3)),
                limits: try Counts(columns: title.dropFirst(3), numbers: words.dropFirst(3)))
        }
    }

    private static func text(ofFile path: String) throws -> String {
        // Safe because the file is closed once, and the text is copied out of a buffer of its size.
        guard let file = unsafe fopen(path, "r") else {
            throw BadTable(description: "no \(path): errno \(errno)")
        }
        defer { unsafe _ = fclose(file) }
        var bytes: [UInt8] = []
        while case let byte = unsafe fgetc(file), byte != EOF { bytes.append(UInt8(byte)) }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Numbers of calls per 1,000 messages, by the names of their columns.
struct Counts: Sendable, Equatable, CustomStringConvertible {
    let names: [String]
    private var numbers: [Int]

    init(columns: some Collection<String>, numbers: some Collection<String>) throws {
        names = Array(columns)
        self.numbers = try numbers.map { word in
            guard let number = Int(word) else { throw BadTable(description: "\(word)?") }
            return number
        }
        guard names.count == self.numbers.count else {
            throw BadTable(description: "\(numbers) for \(columns)")
        }
    }

    /// The number of a column, which must be there.
    subscript(name: String) -> Int {
        guard let index = names.firstIndex(of: name) else { preconditionFailure("no \(name)") }
        return numbers[index]
    }

    /// The smaller of each.
    mutating func formMinimum(_ other: Counts) {
        for index in names.indices { numbers[index] = min(numbers[index], other[names[index]]) }
    }

    var description: String {
        zip(names, numbers).map { "\($1) \($0)" }.joined(separator: ", ")
    }
}

/// What is wrong with a table of counts.
struct BadTable: Error, CustomStringConvertible {
    let description: String
}
