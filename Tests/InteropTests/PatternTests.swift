import MCFacade
import Testing

/// Every pattern, both roles, against libzmq.
@Suite(.mayBlock, .timeLimit(.minutes(5)))
struct PatternTests {
    /// Around every border that matters to somebody: inline payloads, long frames, copies and
    /// gather writes, reads into their own buffer.
    static let sizes = [
        0, 1, 55, 56, 57, 254, 255, 256, 257, 8191, 8192, 8193, 65535, 65536, 65537, 1 << 20 | 1,
    ]

    static let multiparts: [[String]] = [
        ["=", "="],
        ["=", "=body"],
        ["=head", "="],
        ["=head", "=", "=", "=tail"],
        ["3:1", "70000:9", "=", "255:3", "256:4", "8192:200"],
        ["70000:1", "70000:2", "70000:3"],
        (0..<100).map { "\($0 * 3):\($0)" },
    ]

    @Test(arguments: Pairing.all, Setting.all)
    func messages(pairing: Pairing, setting: Setting) throws {
        let folder = try TestFolder()
        let peer = try PythonPeer()
        let socket = try pairing.open(setting, peer, in: folder)
        defer { socket.close() }
        for size in PatternTests.sizes {
            try pairing.exchange(["\(size):\(size % 251)"], socket, peer)
        }
        for frames in PatternTests.multiparts {
            try pairing.exchange(frames, socket, peer)
        }
    }
}
