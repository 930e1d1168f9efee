internal import BenchModel
private import Foundation

/// Where a comparison's results go: `results/MODE.json`, and the charts of it.
struct ResultFiles {
    /// The folder of the benchmarks.
    let folder: String

    func write(_ results: Results) throws {
        try write(try json(results), to: "results", "\(results.mode).json")
        for chart in results.charts {
            try write(Data(chart.document.utf8), to: "charts", chart.name)
        }
    }

    /// A line for each case, so that two files can be compared.
    private func json(_ results: Results) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var head = results
        head.cases = []
        let cases = try results.cases.map {
            String(decoding: try encoder.encode($0), as: UTF8.self)
        }
        let text = String(decoding: try encoder.encode(head), as: UTF8.self).replacing(
            "\"cases\":[]", with: "\"cases\":[\n\(cases.joined(separator: ",\n"))\n]",
            maxReplacements: 1)
        return Data((text + "\n").utf8)
    }

    private func write(_ data: Data, to subfolder: String, _ name: String) throws {
        let path = "\(folder)/\(subfolder)"
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
        try data.write(to: URL(fileURLWithPath: "\(path)/\(name)"), options: .atomic)
        say("wrote \(subfolder)/\(name)")
    }
}
