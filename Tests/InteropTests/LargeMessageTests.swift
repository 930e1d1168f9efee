import MCFacade
import Testing

/// 64 MiB in one frame, between small ones that must keep their places.
@Suite(.mayBlock, .timeLimit(.minutes(5)), .serialized)
struct LargeMessageTests {
    static let size = 64 << 20
    static let pairings = Pairing.all.filter { pairing in
        [("PUSH", "PULL"), ("PULL", "PUSH"), ("PUB", "SUB"), ("SUB", "PUB"), ("REQ", "REP")]
            .contains { $0 == (pairing.ours.rawValue, pairing.theirs) }
    }

    @Test(arguments: pairings, Setting.all.filter(\.weBind))
    func sixtyFourMebibytes(pairing: Pairing, setting: Setting) throws {
        let folder = try TestFolder()
        let peer = try PythonPeer()
        let socket = try pairing.open(setting, peer, in: folder)
        defer { socket.close() }
        try pairing.exchange(["=before"], socket, peer)
        try pairing.exchange(["\(LargeMessageTests.size):3"], socket, peer)
        try pairing.exchange(["=head", "\(LargeMessageTests.size):5", "="], socket, peer)
        try pairing.exchange(["=after"], socket, peer)
    }
}
