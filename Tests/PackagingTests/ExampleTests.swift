import Foundation
import Testing

/// The examples in the documentation compile, as a user who pastes them would find.
@Suite(.serialized) struct ExampleTests {
    @Test(.timeLimit(.minutes(10)))
    func `every Swift example of the README compiles`() throws {
        let readme = try String(
            contentsOf: repositoryRoot.appending(path: "README.md"), encoding: .utf8)
        let examples = Self.examples(in: readme)
        #expect(examples.count >= 5)

        let folder = temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let sources = folder.appending(path: "Sources/Examples")
        try FileManager.default.createDirectory(at: sources, withIntermediateDirectories: true)
        let manifest = """
            // swift-tools-version: 6.2
            import PackageDescription
            let package = Package(
                name: "examples",
                dependencies: [
                    .package(name: "mooncake-communicator", path: "\(repositoryRoot.path)")
                ],
                targets: [
                    .target(
                        name: "Examples",
                        dependencies: [
                            .product(name: "MCFacade", package: "mooncake-communicator")
                        ])
                ])
            """
        try manifest.write(
            to: folder.appending(path: "Package.swift"), atomically: true, encoding: .utf8)
        for (number, example) in examples.enumerated() {
            let program = """
                import MCFacade
                func example\(number)()\(example.contains("await") ? " async" : "") throws {
                \(example)
                }
                """
            try program.write(
                to: sources.appending(path: "Example\(number).swift"), atomically: true,
                encoding: .utf8)
        }
        try run(["swift", "build"], in: folder)
    }

    /// The fenced Swift blocks that import the facade, without the import.
    static func examples(in text: String) -> [String] {
        text.components(separatedBy: "```swift\n").dropFirst()
            .compactMap { $0.components(separatedBy: "```").first }
            .filter { $0.contains("import MCFacade\n") }
            .map { $0.replacingOccurrences(of: "import MCFacade\n", with: "") }
    }
}
