import Foundation
import Testing

/// A package outside depends on one layer, by version, as a user of the library would.
@Suite(.serialized) struct OneLayerTests {
    @Test(.timeLimit(.minutes(5)))
    func `a codec-only user builds the codec and what stands below it, and clones nothing else`()
        throws
    {
        let folder = temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let library = folder.appending(path: "mooncake-communicator")
        try publish(to: library)
        let user = folder.appending(path: "user")
        try writeUser(in: user, of: library)

        let output = try run(["swift", "run", "--quiet"], in: user)
        #expect(output.contains("ZMTP 3.1"), "\(output)")

        let checkouts = try contents(of: user.appending(path: ".build/checkouts"))
        #expect(checkouts == ["mooncake-communicator"])
        // SwiftPM makes a folder for every target of a package; a module only of what it compiles.
        let modules = try contents(of: user.appending(path: ".build/debug/Modules"))
            .filter { $0.hasSuffix(".swiftmodule") }.map { String($0.prefix { $0 != "." }) }
        #expect(Set(modules) == ["User", "MCCodec", "MCMemory", "MCLock"])
    }

    /// A repository with the package as it is in the working tree, tagged as a release.
    private func publish(to library: URL) throws {
        try FileManager.default.createDirectory(at: library, withIntermediateDirectories: true)
        for name in ["Package.swift", "Packages", "Tests"] {
            try FileManager.default.copyItem(
                at: repositoryRoot.appending(path: name), to: library.appending(path: name))
        }
        try run(["git", "init", "--quiet"], in: library)
        try run(["git", "add", "--all"], in: library)
        let author = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
        try run(["git"] + author + ["commit", "--quiet", "-m", "Release"], in: library)
        try run(["git", "tag", "1.0.0"], in: library)
    }

    private func writeUser(in user: URL, of library: URL) throws {
        let sources = user.appending(path: "Sources/User")
        try FileManager.default.createDirectory(at: sources, withIntermediateDirectories: true)
        let manifest = """
            // swift-tools-version: 6.2
            import PackageDescription
            let package = Package(
                name: "user",
                dependencies: [.package(url: "file://\(library.path)", from: "1.0.0")],
                targets: [
                    .executableTarget(
                        name: "User",
                        dependencies: [
                            .product(name: "MCCodec", package: "mooncake-communicator")
                        ])
                ])
            """
        try manifest.write(
            to: user.appending(path: "Package.swift"), atomically: true, encoding: .utf8)
        let program = """
            import MCCodec
            print("ZMTP \\(ZMTPVersion.v3_1)")
            """
        try program.write(
            to: sources.appending(path: "main.swift"), atomically: true, encoding: .utf8)
    }
}
