import Foundation
import Testing

/// The root of this package.
let repositoryRoot = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

/// A folder that nobody else uses; the caller makes and removes it.
func temporaryFolder() -> URL {
    FileManager.default.temporaryDirectory
        .appending(path: "mc-packaging-\(UUID().uuidString)")
}

func contents(of folder: URL) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path)
}

/// Runs a command to its end.
///
/// - Returns: what it printed.
@discardableResult
func run(_ command: [String], in folder: URL) throws -> String {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = command
    process.currentDirectoryURL = folder
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    try #require(
        process.terminationStatus == 0, "\(command.joined(separator: " ")): \(output)")
    return output
}
