import ArgumentParser
import BenchModel
import Testing

@testable import bench

@Suite struct ArgumentTests {
    private func parse(_ arguments: String...) throws -> Bench {
        let folders = ["--output", "here", "--library", "there"]
        return try #require(try Bench.parseAsRoot(arguments + folders) as? Bench)
    }

    @Test func withoutArgumentsItIsQuick() throws {
        #expect(try parse().mode.name == "quick")
        #expect(try parse("--full").mode.name == "full")
        #expect(try parse("--smoke").mode.name == "smoke")
    }

    @Test func aPatternChoosesCases() throws {
        let names = try parse("--full", "--only", "^roundtrip ipc .*size=64$").cases().map(\.name)
        #expect(
            names == ["roundtrip ipc pattern=req size=64", "roundtrip ipc pattern=pair size=64"])
    }

    @Test(arguments: [
        ["--full", "--smoke"], ["--runs", "0"], ["--only", "("],
        ["--only", "nothing has this name"],
    ])
    func wrongArgumentsAreRefused(arguments: [String]) {
        #expect(throws: (any Error).self) {
            try Bench.parseAsRoot(arguments + ["--output", "here", "--library", "there"])
        }
    }
}
