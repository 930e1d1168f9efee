internal import BenchModel
private import Foundation

/// Where a session's results go: `results/MODE.json`, and the charts of it.
struct ResultFiles {
    /// The folder of the benchmarks.
    let folder: String

    func write(_ results: Results) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        var json = try encoder.encode(results)
        json.append(contentsOf: "\n".utf8)
        try write(json, to: "results", "\(results.mode).json")
        for chart in results.charts {
            try write(Data(chart.document.utf8), to: "charts", chart.name)
        }
    }

    private func write(_ data: Data, to subfolder: String, _ name: String) throws {
        let path = "\(folder)/\(subfolder)"
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
        try data.write(to: URL(fileURLWithPath: "\(path)/\(name)"), options: .atomic)
        say("wrote Benchmarks/\(subfolder)/\(name)")
    }
}
