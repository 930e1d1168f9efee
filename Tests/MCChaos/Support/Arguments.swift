import MCTestSupport

/// What a run was started with: `name=value`.
struct Arguments {
    private var values: [String: String] = [:]

    init(_ words: some Sequence<String>) {
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
            if parts.count == 2 { values[parts[0]] = parts[1] }
        }
    }

    func word(_ name: String) throws -> String {
        guard let word = values[name] else { throw Failure("missing argument: \(name)=") }
        return word
    }

    var seconds: Double { Double(values["seconds"] ?? "") ?? 60 }

    /// In hexadecimal, as it is printed; a new one where none is given.
    var seed: UInt64 {
        values["seed"].flatMap { UInt64($0, radix: 16) } ?? UInt64.random(in: 0...UInt64.max)
    }

    var sabotage: String? { values["sabotage"] }
}
